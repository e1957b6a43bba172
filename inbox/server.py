"""The process `dreiklang inbox`."""

from __future__ import annotations

import uvicorn

from core.clock import SystemClock
from core.settings import Settings
from core.store import migrate, open_store
from inbox.app import make_inbox
from inbox.keys import seal_of

CONNECTIONS_MAX = 1_000


def serve_inbox(settings: Settings) -> None:
    """Serve until interrupted. Raises ConfigurationError ING-420 without a key."""
    seal = seal_of(settings.inbox_key)
    store = open_store(settings.resolved_store_url())
    migrate(store)
    try:
        uvicorn.run(
            make_inbox(settings, store, seal, SystemClock()), host=settings.inbox_host, port=settings.inbox_port, log_level="warning",
            access_log=False, server_header=False, proxy_headers=False, limit_concurrency=CONNECTIONS_MAX, lifespan="on",
        )  # fmt: skip
    finally:
        store.dispose()
