"""HTTP routes beside the pages: log-in, log-out, language, export, health."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core.errors import AccessDeniedError, DreiklangError, RetriableError
from dashboards.access.identity import COOKIE
from dashboards.access.log_in_page import log_in_page
from dashboards.export import csv_bytes, xlsx_bytes
from dashboards.queries import QUERIES, fetch
from dashboards.queries.names import party_names
from dashboards.queries.settlements import STORE_EXPORTS, StoreExport
from dashboards.queries.store import STORE_QUERIES
from dashboards.runtime import current
from dashboards.texts import Language, as_language, preferred
from portal import User, authenticate, close_session, look_up_session, open_session, scope_of, set_language

if TYPE_CHECKING:
    import pandas as pd

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATIC = Path(__file__).resolve().parents[1] / "static"
FORM_BYTES_MAX = 8_192


def routes() -> list[Route]:
    """Every route of ours; tests hold each against the access matrix."""
    return [
        Route("/login", _show_log_in, methods=["GET"], name="login"),
        Route("/login", _log_in, methods=["POST"], name="login_post"),
        Route("/logout", _log_out, methods=["POST"], name="logout"),
        Route("/language", _language, methods=["POST"], name="language"),
        Route("/export/{name}.csv", _export, methods=["GET"], name="export"),
        Route("/export/{name}.xlsx", _export, methods=["GET"], name="export_workbook"),
        Route("/healthz", _health, methods=["GET"], name="health"),
        Route("/favicon.svg", _favicon, methods=["GET"], name="favicon"),
    ]


def session_user(request: Request) -> User | None:
    """Whose session the request carries."""
    runtime = current()
    return look_up_session(runtime.store, request.cookies.get(COOKIE), runtime.limits, runtime.clock)


def _language_of(request: Request) -> Language:
    return as_language(request.query_params.get("language")) or preferred(request.headers.get("accept-language", ""))


async def _show_log_in(request: Request) -> Response:
    if await run_in_threadpool(session_user, request):
        return RedirectResponse("/", status_code=303)
    return HTMLResponse(log_in_page(_language_of(request)))


async def _log_in(request: Request) -> Response:
    if int(request.headers.get("content-length") or FORM_BYTES_MAX + 1) > FORM_BYTES_MAX:
        return PlainTextResponse("The form is too large.", status_code=413)
    form = await request.form()
    email, password = str(form.get("email", "")), str(form.get("password", ""))
    language = as_language(str(form.get("language", ""))) or _language_of(request)
    runtime, address = current(), request.client.host if request.client else "unknown"
    try:
        user = await run_in_threadpool(authenticate, runtime.store, email, password, address, runtime.clock)
    except AccessDeniedError:
        return HTMLResponse(log_in_page(language, alert_key="login.refused", email=email), status_code=401)
    except RetriableError:
        return HTMLResponse(log_in_page(language, alert_key="login.wait", email=email), status_code=429)
    token = await run_in_threadpool(open_session, runtime.store, user, runtime.limits, runtime.clock, runtime.tokens)
    response = RedirectResponse("/", status_code=303)
    seconds = int(runtime.limits.absolute.total_seconds())
    response.set_cookie(COOKIE, token, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")
    return response


async def _log_out(request: Request) -> Response:
    runtime = current()
    await run_in_threadpool(close_session, runtime.store, request.cookies.get(COOKIE, ""), runtime.clock)
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response


async def _language(request: Request) -> Response:
    user = await run_in_threadpool(session_user, request)
    if user is None:
        return RedirectResponse("/login", status_code=303)
    form = await request.form()
    language = as_language(str(form.get("language", "")))
    if language:
        await run_in_threadpool(set_language, current().store, user.user_id, language)
    return RedirectResponse("/", status_code=303)


async def _export(request: Request) -> Response:
    """A table of a page as CSV or as a workbook, for exactly what the session's person may read. Unknown and foreign names answer alike."""
    user = await run_in_threadpool(session_user, request)
    if user is None:
        return RedirectResponse("/login", status_code=303)
    if request.path_params["name"] in STORE_EXPORTS:
        return await _store_export(STORE_EXPORTS[request.path_params["name"]], user, request)
    name = request.path_params["name"]
    query, stored = QUERIES.get(name), STORE_QUERIES.get(name)
    known = query or stored
    if known is None or user.role not in known.roles or (query is not None and not query.is_exported):
        return PlainTextResponse("There is no such export.", status_code=404)
    filters = {name: request.query_params.get(name) or None for name in known.parameters}
    try:
        if stored is not None:
            frame = await run_in_threadpool(stored.frame, user, filters)
        else:
            frame = await run_in_threadpool(fetch, QUERIES[name], user, filters)
    except DreiklangError:
        return PlainTextResponse("Nothing can be exported just now. Try again later.", status_code=503)
    return await _file(request, known.name, frame, as_language(user.language) or "en")


async def _store_export(export: StoreExport, user: User, request: Request) -> Response:
    if user.role not in export.roles:
        return PlainTextResponse("There is no such export.", status_code=404)
    filters = {name: request.query_params.get(name) or None for name in export.parameters}
    language = as_language(user.language) or "en"
    try:
        frame = await run_in_threadpool(
            export.frame, current().store, scope_of(user), filters, language, await run_in_threadpool(party_names, user)
        )
    except DreiklangError:
        return PlainTextResponse("Nothing can be exported just now. Try again later.", status_code=503)
    return await _file(request, export.name, frame, language)


async def _file(request: Request, name: str, frame: pd.DataFrame, language: Language) -> Response:
    """The rows in the format that the address ends with."""
    if request.url.path.endswith(".xlsx"):
        ending, kind, content = ".xlsx", WORKBOOK, await run_in_threadpool(xlsx_bytes, frame)
    else:
        ending, kind, content = ".csv", "text/csv; charset=utf-8", await run_in_threadpool(csv_bytes, frame, language)
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="dreiklang-{name}{ending}"'})


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _favicon(request: Request) -> Response:
    return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml")


def export_url(name: str, filters: dict[str, str | None], ending: str = ".csv") -> str:
    """The address of a table's export with these filters; `.csv` or `.xlsx`."""
    given = {key: value for key, value in filters.items() if value}
    return f"/export/{name}{ending}" + (f"?{urlencode(given)}" if given else "")
