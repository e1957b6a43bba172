"""Every route, for everybody, over HTTP."""

from __future__ import annotations

import csv
import io
import socket
import time
from typing import NamedTuple

import pytest
from python_calamine import CalamineWorkbook

from core.clock import SystemClock
from core.scope import Role
from core.store import open_store
from dashboards.access.routes import WORKBOOK, routes
from dashboards.queries import QUERIES
from dashboards.queries.store import STORE_QUERIES
from portal import disable_user
from tests.security.conftest import PEOPLE
from tests.support.lookalikes import TRADES, canaries_of, foreign_to, secrets_from
from tests.support.web import COOKIE, PASSWORD, Web

pytestmark = pytest.mark.security


class Expected(NamedTuple):
    """Status of a route for somebody without and with a session."""

    method: str
    path: str
    anonymous: int
    session: int


ROUTES: dict[str, Expected] = {
    "login": Expected("GET", "/login", 200, 303),
    "login_post": Expected("POST", "/login", 401, 401),
    "logout": Expected("POST", "/logout", 303, 303),
    "language": Expected("POST", "/language", 303, 303),
    "export": Expected("GET", "/export/no_such.csv", 303, 404),
    "export_workbook": Expected("GET", "/export/no_such.xlsx", 303, 404),
    "health": Expected("GET", "/healthz", 200, 200),
    "favicon": Expected("GET", "/favicon.svg", 200, 200),
}
STREAMLIT_PATHS = {
    "/": (303, 200), "/channel": (303, 200), "/_stcore/host-config": (303, 200), "/_stcore/metrics": (404, 404),
    "/_stcore/script-health-check": (404, 404), "/media/x.png": (303, 404), "/component/x/y": (303, 404),
    "/_stcore/upload_file/x/y": (303, None), "/~/+/media/x": (303, None),
}  # fmt: skip


def test_every_route_of_ours_stands_in_the_matrix() -> None:
    assert {route.name for route in routes()} == ROUTES.keys()


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_a_route_answers_as_the_matrix_says(web: Web, name: str) -> None:
    expected = ROUTES[name]
    form = {"email": "d1@quell.example", "password": "wrong wrong wrong", "language": "en"} if expected.method == "POST" else None
    assert web.request(expected.method, expected.path, form=form).status == expected.anonymous
    token = web.log_in("d1@quell.example")
    assert web.request(expected.method, expected.path, token=token, form=form).status == expected.session


@pytest.mark.parametrize("path", sorted(STREAMLIT_PATHS))
def test_nothing_of_the_pages_answers_without_a_session(web: Web, path: str) -> None:
    anonymous, session = STREAMLIT_PATHS[path]
    assert web.request("GET", path).status == anonymous
    if session is not None:
        assert web.request("GET", path, token=web.log_in("d1@quell.example")).status == session


@pytest.mark.parametrize(("role", "ref"), [(role, ref) for role, refs in PEOPLE.items() for ref in refs])
def test_exports_give_own_rows_to_own_roles_only(web: Web, role: Role, ref: str) -> None:
    token, forbidden, seen = web.log_in(f"{ref.lower()}@quell.example"), secrets_from(ref), ""
    for query in (*QUERIES.values(), *STORE_QUERIES.values()):
        answer = web.request("GET", f"/export/{query.name}.csv?leg=sell_through", token=token)
        allowed = role in query.roles and getattr(query, "is_exported", True)
        assert answer.status == (200 if allowed else 404), query.name
        if allowed:
            assert answer.headers["content-type"] == "text/csv; charset=utf-8"
            seen += answer.text
        else:
            assert answer.text == "There is no such export."
    assert not [word for word in forbidden if word in seen]
    own = [trade for trade in TRADES if trade not in foreign_to(ref)]
    if role is not Role.MANUFACTURER:
        assert all(trade.text in seen for trade in own)


def test_workbooks_hold_the_same_rows_as_csv(web: Web) -> None:
    token, forbidden = web.log_in("d1@quell.example"), secrets_from("D1")
    for name in ("d_orders", "d_refused_rows", "d_document_findings"):
        plain = web.request("GET", f"/export/{name}.csv", token=token)
        answer = web.request("GET", f"/export/{name}.xlsx", token=token)
        assert (answer.status, answer.headers["content-type"]) == (200, WORKBOOK)
        assert answer.headers["content-disposition"] == f'attachment; filename="dreiklang-{name}.xlsx"'
        header, *rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.body)).get_sheet_by_index(0).to_python()
        assert header == plain.text.splitlines()[0].lstrip("\ufeff").replace(";", ",").split(",")
        assert len(rows) == len(list(csv.reader(io.StringIO(plain.text)))) - 1 > 0
        assert not [word for word in forbidden if word in str(rows)]
    assert web.request("GET", "/export/m_matches.xlsx", token=token).status == 404
    assert web.request("GET", "/export/d_orders.xlsx").status == 303


def test_an_export_of_a_foreign_order_is_as_empty_as_of_none(web: Web) -> None:
    token = web.log_in("r1@quell.example")
    foreign = web.request("GET", "/export/r_order_lines.csv?document_no=canary-two-zq", token=token)
    missing = web.request("GET", "/export/r_order_lines.csv?document_no=nothing", token=token)
    own = web.request("GET", "/export/r_order_lines.csv?document_no=A-1", token=token)
    assert foreign.body == missing.body != own.body


def test_the_cookie_is_host_only_secure_and_not_for_scripts(web: Web) -> None:
    answer = web.request("POST", "/login", form={"email": "d1@quell.example", "password": PASSWORD, "language": "en"})
    (line,) = answer.cookies
    attributes = {part.strip().lower() for part in line.split(";")[1:]}
    assert line.startswith(f"{COOKIE}=")
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
    assert not any(part.startswith("domain") for part in attributes)
    assert answer.token is not None
    assert len(answer.token) >= 22


def test_a_new_session_has_a_new_token(web: Web) -> None:
    assert web.log_in("d1@quell.example") != web.log_in("d1@quell.example")


@pytest.mark.parametrize("path", ["/login", "/", "/export/d_orders.csv", "/nothing", "/healthz"])
def test_headers_keep_the_browser_honest(web: Web, path: str) -> None:
    headers = web.request("GET", path, token=web.log_in("d1@quell.example") if path != "/login" else None).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline' " not in policy.split("style-src")[0]
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert headers["x-content-type-options"] == "nosniff"
    assert "max-age" in headers["strict-transport-security"]
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"}, {"Origin": None}, {"Origin": "null"}, {"Host": "evil.example"},
    {"Host": "localhost.evil.example"}, {"Origin": "http://localhost:1"},
])  # fmt: skip
def test_other_origins_and_hosts_change_nothing(web: Web, headers: dict[str, str | None]) -> None:
    token = web.log_in("d1@quell.example")
    assert web.request("POST", "/logout", token=token, form={}, headers=headers).status == 404
    assert web.request("GET", "/", token=token).status == 200


def test_after_log_out_the_raw_token_is_useless(web: Web) -> None:
    token = web.log_in("d1@quell.example")
    assert web.request("GET", "/", token=token).status == 200
    assert web.request("POST", "/logout", token=token, form={}).status == 303
    for path in ("/", "/export/d_orders.csv"):
        answer = web.request("GET", path, token=token)
        assert (answer.status, answer.headers["location"]) == (303, "/login")
    assert websocket_status(web, token) == 403


def test_a_disabled_person_is_out_with_the_next_request(web: Web, both: object) -> None:
    web.add_person("leaver@quell.example", Role.DISTRIBUTOR, both.party_id("D1"))  # type: ignore[attr-defined]
    token = web.log_in("leaver@quell.example")
    store = open_store(web.settings.resolved_store_url())
    disable_user(store, "leaver@quell.example", SystemClock())
    store.dispose()
    assert web.request("GET", "/", token=token).status == 303
    form = {"email": "leaver@quell.example", "password": PASSWORD, "language": "en"}
    assert web.request("POST", "/login", form=form).status == 401


def test_unknown_and_known_people_are_refused_alike(web: Web) -> None:
    def refuse(email: str) -> tuple[int, str, float]:
        started = time.perf_counter()
        answer = web.request("POST", "/login", form={"email": email, "password": "not the password at all", "language": "en"})
        return answer.status, answer.text.replace(email, "…"), time.perf_counter() - started

    known, unknown = [refuse("qg2@quell.example") for _ in range(3)], [refuse(f"no{n}@quell.example") for n in range(3)]
    assert {(status, text) for status, text, _ in known} == {(status, text) for status, text, _ in unknown}
    # both verify a hash, which takes tens of milliseconds; a short cut would be a hundred times faster
    assert min(seconds for *_, seconds in unknown) > 0.2 * min(seconds for *_, seconds in known)


def test_guessing_is_slowed_down(web: Web, both: object) -> None:
    web.add_person("guessed@quell.example", Role.RETAILER, both.party_id("R2"))  # type: ignore[attr-defined]
    form = {"email": "guessed@quell.example", "password": "a wrong password here", "language": "en"}
    statuses = [web.request("POST", "/login", form=form).status for _ in range(9)]
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_an_address_is_put_back_escaped(web: Web) -> None:
    email = '"><script>alert(1)</script>@x.example'
    answer = web.request("POST", "/login", form={"email": email, "password": "wrong wrong wrong", "language": "en"})
    assert "<script>" not in answer.text


@pytest.mark.parametrize("length", [9_000, None])
def test_a_form_that_is_too_large_is_refused(web: Web, length: int | None) -> None:
    answer = web.request("POST", "/login", form={"email": "x" * (length or 8_500), "password": "y"})
    assert answer.status == 413


def websocket_status(web: Web, token: str | None, origin: str | None = None) -> int:
    """The HTTP status with which a websocket is answered; 101 opens it."""
    cookie = f"Cookie: {COOKIE}={token}\r\n" if token else ""
    request = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: localhost:{web.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{cookie}"
        f"Origin: {origin or web.address}\r\nSec-WebSocket-Protocol: streamlit\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as connection:
        connection.sendall(request.encode())
        return int(connection.recv(4096).split()[1])


def test_a_websocket_needs_a_session_and_our_origin(web: Web) -> None:
    token = web.log_in("d1@quell.example")
    assert websocket_status(web, token) == 101
    assert websocket_status(web, None) == 403
    assert websocket_status(web, "x" * 43) == 403
    assert websocket_status(web, token, "https://evil.example") == 403


def test_no_secret_and_no_canary_in_the_log(web: Web) -> None:
    token = web.log_in("d1@quell.example")
    web.request("GET", "/export/d_orders.csv", token=token)
    written = web.log.read_text() + "".join(path.read_text() for path in (web.settings.root / "logs").rglob("*.jsonl"))
    for secret in (token, PASSWORD, *canaries_of(TRADES)):
        assert secret not in written
