"""Every route of the inbox process, for somebody who cannot sign."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.routing import Route

from core.clock import FixedClock
from core.settings import Settings
from core.store import migrate, open_store
from inbox import make_inbox
from inbox.keys import seal_of
from tests.security.access_matrix import INBOX_ROUTES
from tests.support.inbox import SEAL, TestClient

pytestmark = pytest.mark.security


def test_routes_of_the_inbox_stand_in_the_matrix_and_answer_as_it_says(tmp_path: Path, clock: FixedClock) -> None:
    settings = Settings(home=tmp_path, inbox_key=SecretStr(SEAL))
    store = open_store(settings.resolved_store_url())
    migrate(store)
    application = make_inbox(settings, store, seal_of(settings.inbox_key), clock)
    assert {route.name for route in application.routes if isinstance(route, Route)} == INBOX_ROUTES.keys()
    with TestClient(application) as client:
        for method, path, status in INBOX_ROUTES.values():
            assert client.request(method, path).status_code == status
        for method, path in (
            ("GET", "/inbox/partner"),
            ("POST", "/"),
            ("GET", "/docs"),
            ("PUT", "/inbox/partner"),
            ("POST", "/inbox/a/b"),
        ):
            assert client.request(method, path).status_code == 404, path
    store.dispose()
