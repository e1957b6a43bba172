"""The ASGI application: one address per source, and health. Every refusal is a problem document (RFC 9457)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from cryptography.fernet import Fernet
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.clock import Clock
from core.errors import DreiklangError
from core.settings import Settings
from inbox.arrivals import Arrival, Arrivals
from inbox.keys import SOURCE_PATTERN, valid_secrets
from inbox.signatures import ID_PATTERN, is_signed

SECRETS_SECONDS = 1.0
"""How long secrets are kept in memory: a revoked one works for that long at most."""

BODY_SECONDS_MAX = 30.0
"""A body that takes longer than this to arrive is given up."""

ENDINGS = {
    "application/json": ".json", "application/x-ndjson": ".jsonl", "application/jsonl": ".jsonl", "text/csv": ".csv",
    "application/xml": ".xml", "text/xml": ".xml", "application/edifact": ".edi", "application/edi-x12": ".x12",
    "application/vnd.apache.parquet": ".parquet", "text/plain": ".txt", "application/gzip": ".gz",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}  # fmt: skip
"""Content type -> ending of the file; any other is `.bin`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal. The same words for every cause that must not be told apart."""

    status: int
    code: str
    title: str
    detail: str


UNSIGNED = Problem(
    401, "ING-421", "Not accepted", "The source or the signature is not known, or the time is off by more than five minutes."
)
TOO_LARGE = Problem(413, "ING-423", "Too large", "The body is larger than this inbox takes.")
MALFORMED = Problem(
    400, "ING-424", "Malformed request", "webhook-id, webhook-timestamp, webhook-signature and a body are needed."
)
TOO_SLOW = Problem(408, "ING-424", "Too slow", "The body did not arrive in time.")
NOT_TAKEN = {
    "ING-422": Problem(
        422, "ING-422", "Id used for another body", "This webhook-id came with another body before. Use a new id."
    ),
    "ING-425": Problem(503, "ING-425", "Not stored", "Nothing was taken. Send the message again with the same id."),
}


class _Secrets:
    """Secrets of a source, kept for a second: a store is asked once, not two hundred times."""

    def __init__(self, store: Engine, seal: Fernet) -> None:
        self._store, self._seal = store, seal
        self._kept: dict[str, tuple[float, list[bytes]]] = {}

    async def of(self, source_id: str, now: datetime) -> list[bytes]:
        kept = self._kept.get(source_id)
        if kept is not None and time.monotonic() - kept[0] < SECRETS_SECONDS:
            return kept[1]
        found = await run_in_threadpool(valid_secrets, self._store, source_id, self._seal, now)
        if len(self._kept) > 10_000:
            self._kept.clear()
        self._kept[source_id] = (time.monotonic(), found)
        return found


def make_inbox(settings: Settings, store: Engine, seal: Fernet, clock: Clock) -> Starlette:
    """The application. It owns the inbox folders while it runs. Raises ConflictError ING-426 at start when another process does."""
    arrivals = Arrivals(settings.inbox_dir, store, clock)
    secrets = _Secrets(store, seal)
    bytes_max = settings.inbox_body_mib * 1024 * 1024

    async def receive(request: Request) -> Response:
        headers = request.headers
        webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        signatures = headers.get("webhook-signature", "")
        if not (ID_PATTERN.fullmatch(webhook_id) and timestamp and signatures):
            return _refused(MALFORMED)
        try:
            body = await asyncio.wait_for(_body(request, bytes_max), BODY_SECONDS_MAX)
        except TimeoutError:
            return _refused(TOO_SLOW)
        if body is None:
            return _refused(TOO_LARGE)
        source_id, now = request.path_params["source"], clock.now()
        known = await secrets.of(source_id, now) if SOURCE_PATTERN.fullmatch(source_id) else []
        if not is_signed(body, webhook_id, timestamp, signatures, known, now):
            return _refused(UNSIGNED)
        if not body:
            return _refused(MALFORMED)
        ending = ENDINGS.get(headers.get("content-type", "").partition(";")[0].strip().lower(), ".bin")
        return await _take(arrivals, Arrival(source_id, webhook_id, body, ending))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(arrivals.start)
        try:
            yield
        finally:
            await run_in_threadpool(arrivals.stop)

    routes = [
        Route("/inbox/{source}", receive, methods=["POST"], name="inbox"),
        Route("/healthz", _health, methods=["GET"], name="inbox_health"),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _not_found, 405: _not_found})


async def _take(arrivals: Arrivals, arrival: Arrival) -> Response:
    try:
        sha256 = await asyncio.wrap_future(arrivals.take(arrival))
    except DreiklangError as error:
        return _refused(NOT_TAKEN.get(error.code, NOT_TAKEN["ING-425"]))
    content = {"status": "accepted", "webhook_id": arrival.webhook_id, "sha256": sha256}
    return JSONResponse(content, status_code=202, headers={"cache-control": "no-store"})


async def _body(request: Request, bytes_max: int) -> bytes | None:
    """The whole body, None when it is too large; no more than the limit is ever held."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > bytes_max:
        return None
    parts, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > bytes_max:
                return None
            parts.append(chunk)
    except ClientDisconnect:
        return b""
    return b"".join(parts)


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _not_found(request: Request, error: Exception) -> Response:
    return _refused(Problem(404, "ING-424", "Not found", "POST a message to /inbox/<source>."))


def _refused(problem: Problem) -> Response:
    content = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    headers = {"cache-control": "no-store"} | ({"retry-after": "5"} if problem.status == 503 else {})
    return JSONResponse(content, status_code=problem.status, media_type="application/problem+json", headers=headers)
