"""Sites that are HTTP APIs: pages of JSON walked by time, and a file at an address."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ingestion.profiles import Profile
from tests.contract.sites import SECRET, Line, Site, csv_of, profile_with
from tests.support.http_server import Answered, Asked, LoopbackServer

BEGIN = datetime(2026, 6, 1, 10, tzinfo=UTC)
LOGIN = "Basic " + base64.b64encode(f"agent:{SECRET}".encode()).decode()


@dataclass
class ApiSite:
    """`GET /lines?since=…&page=…&per_page=…`, or `GET /lines.csv` with an ETag; basic authentication."""

    is_csv: bool
    source: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    size: int = 1
    publications: int = 0
    fails_from: int | None = None
    stalls: bool = False
    csv: bytes = field(default_factory=lambda: csv_of([]).encode(), repr=False)

    def __post_init__(self) -> None:
        self.server = LoopbackServer(self.handle)
        self.environment |= {"API_URL": self.server.url, "API_USER": "agent", "API_PASSWORD": SECRET}

    def handle(self, asked: Asked) -> Answered:
        """Answer as such APIs do."""
        if self.stalls:
            self.server.wait(30)
        if asked.headers.get("authorization") != LOGIN:
            return Answered(401)
        return self._csv(asked) if self.is_csv else self._page(asked)

    def _csv(self, asked: Asked) -> Answered:
        body = self.csv
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        if asked.headers.get("if-none-match") == etag:
            return Answered(304)
        return Answered(200, body, {"etag": etag, "content-type": "text/csv"})

    def _page(self, asked: Asked) -> Answered:
        size, page = int(asked.query["per_page"]), int(asked.query["page"])
        since = datetime.fromisoformat(asked.query["since"])
        found = [line for line in self.lines if datetime.fromisoformat(line["changed"]) >= since]
        chosen = found[(page - 1) * size : page * size]
        if self.fails_from is not None and any(self.lines.index(line) >= self.fails_from for line in chosen):
            return Answered(500, b"it broke")
        return Answered(200, json.dumps({"lines": chosen}).encode())

    def profile(self) -> Profile:
        transport: dict[str, Any] = {
            "kind": "http", "url_variable": "API_URL", "requests_per_minute": 100_000, "timeout_seconds": 0.5, "attempts": 2,
            "wait_seconds_max": 0.05, "auth": {"kind": "basic", "user_variable": "API_USER", "password_variable": "API_PASSWORD"},
        }  # fmt: skip
        if self.is_csv:
            return profile_with(transport | {"resources": [{"name": "lines", "path": "/lines.csv", "ending": ".csv"}]})
        resource = {
            "name": "lines", "path": "/lines", "items": "lines", "params": {"since": "{since}"},
            "paging": {"style": "page", "size": self.size}, "since": {"column": "changed", "overlap_seconds": 0},
        }  # fmt: skip
        return profile_with(transport | {"resources": [resource]}, files="lines-*.json", format="json", items="lines")

    def misconfigured(self) -> Profile:
        self.environment["API_PASSWORD"] = f"not {SECRET}"
        return self.profile()

    def publish(self, name: str, lines: list[Line]) -> None:
        if len(lines) > 100:
            self.size = 10_000
        for number, quantity in lines:
            self.publications += 1
            self.lines.append({
                "order": number, "line": "1", "customer": "C1", "date": "2026-05-01", "sku": "S1", "qty": quantity, "net": "10.00",
                "changed": (BEGIN + timedelta(seconds=self.publications)).isoformat(),
            })  # fmt: skip

        self.csv = csv_of([(line["order"], line["qty"]) for line in self.lines]).encode()

    @contextmanager
    def failing_after(self, items: int) -> Iterator[None]:
        self.fails_from = items
        yield
        self.fails_from = None

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        self.environment["API_URL"] = "http://127.0.0.1:1"
        yield
        self.environment["API_URL"] = self.server.url

    @contextmanager
    def stalling(self) -> Iterator[None]:
        self.stalls = True
        yield
        self.stalls = False

    def stop(self) -> None:
        """Stop the server."""
        self.server.stop()


def paged_api(root: Path, needed: dict[str, Any]) -> Site:
    """Pages of JSON."""
    return ApiSite(is_csv=False)


def file_api(root: Path, needed: dict[str, Any]) -> Site:
    """A CSV file at an address."""
    return ApiSite(is_csv=True)
