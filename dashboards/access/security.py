"""What stands before every request: known hosts, same origin, a session for pages, and headers for the browser."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.access.routes import session_user

OPEN_PATHS = ("/login", "/healthz", "/favicon.svg", "/static/", "/_stcore/health")
"""What answers without a session. Streamlit's own static files hold no data."""

HIDDEN_PATHS = ("/_stcore/metrics", "/_stcore/script-health-check")


def content_security_policy() -> str:
    """The policy, with the hash of the one inline script of Streamlit's own page."""
    page = (files("streamlit") / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; "
        "frame-ancestors 'none'; form-action 'self'; base-uri 'self'; object-src 'none'"
    )


class Gate:
    """Pure ASGI middleware, so that websockets pass through it too."""

    def __init__(self, app: ASGIApp, public_hosts: tuple[str, ...]) -> None:
        self._app = app
        self._hosts = frozenset(public_hosts)
        self._headers = {
            "content-security-policy": content_security_policy(),
            "strict-transport-security": "max-age=31536000",
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "x-frame-options": "DENY",
            "cross-origin-opener-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_own = self._is_own_host(headers) and self._is_same_origin(scope, headers)
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send, is_own)
            return
        if not is_own or scope["path"].startswith(HIDDEN_PATHS):
            await PlainTextResponse("Not found.", status_code=404)(scope, receive, self._with_headers(send))
            return
        if not scope["path"].startswith(OPEN_PATHS) and not await self._has_session(Request(scope)):
            await RedirectResponse("/login", status_code=303)(scope, receive, self._with_headers(send))
            return
        await self._app(scope, receive, self._with_headers(send))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, is_own: bool) -> None:
        cookies = Request({**scope, "type": "http", "method": "GET"})
        if is_own and await self._has_session(cookies):
            await self._app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4401, "reason": "no session"})

    @staticmethod
    async def _has_session(request: Request) -> bool:
        user = await run_in_threadpool(session_user, request)
        return user is not None

    def _is_own_host(self, headers: Headers) -> bool:
        return urlsplit(f"//{headers.get('host', '')}").hostname in self._hosts

    def _is_same_origin(self, scope: Scope, headers: Headers) -> bool:
        """Whoever changes something, or opens a websocket, comes from our own pages."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            return True
        origin = headers.get("origin")
        return origin is not None and urlsplit(origin).netloc == headers.get("host")

    def _with_headers(self, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if not headers.get("cache-control", "").startswith("public, immutable"):
                    headers["cache-control"] = "no-store"
            await send(message)

        return send_with_headers
