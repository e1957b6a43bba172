"""A small HTTP server on loopback, in a thread: a handler function gives status, headers and body."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer; `dribble` sends the body byte by byte with that many seconds between."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = ()  # type: ignore[assignment]
    dribble: float = 0.0


class LoopbackServer:
    """Serves a handler until it is stopped."""

    def __init__(self, handle: Callable[[Asked], Answered]) -> None:
        self.asked: list[Asked] = []
        self._stopping = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                parts = urlsplit(self.path)
                size = int(self.headers.get("content-length") or 0)
                asked = Asked(
                    self.command, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(size),
                )  # fmt: skip
                outer.asked.append(asked)
                answered = handle(asked)
                self.send_response(answered.status)
                for name, value in dict(answered.headers).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answered.body)))
                self.end_headers()
                try:
                    if answered.dribble:
                        for index in range(len(answered.body)):
                            if outer._stopping.wait(answered.dribble):
                                return
                            self.wfile.write(answered.body[index : index + 1])
                            self.wfile.flush()
                    else:
                        self.wfile.write(answered.body)
                except OSError:
                    self.close_connection = True

            do_GET = _answer
            do_POST = _answer

            def log_message(self, *_: Any) -> None:
                """Silent."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                """Clients that leave early are part of the tests."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Keep a request waiting, but not the end of the test."""
        self._stopping.wait(seconds)

    def stop(self) -> None:
        """Stop serving."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
