"""A warehouse in memory for loader tests, and a profile in three lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from core.clock import Clock, FixedClock
from core.settings import Settings
from ingestion.jobs import LoadReport, load_delivery, prepare
from ingestion.profiles import Profile

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)

COLUMNS: dict[str, Any] = {
    "leg": {"const": "sell_through"}, "document_no": "order", "line_no": "line", "seller": {"const": "D1"}, "buyer": "customer",
    "ordered_on": "date", "product": "sku", "quantity": "qty", "net_amount": "net", "line_kind": {"const": "order"},
    "line_status": {"const": "confirmed"},
}  # fmt: skip
HEADER = "order,line,customer,date,sku,qty,net\n"


def profile_of(columns: dict[str, Any] | None = None, **feed: Any) -> Profile:
    """A profile with one order_lines feed over `*.csv`."""
    settings = {"feed": "order_lines", "files": "*.csv", "columns": columns or COLUMNS, **feed}
    return Profile.model_validate({"source_id": "partner", "title": "Partner", "time_zone": "Europe/Berlin", "feeds": [settings]})


class Loading:
    """One in-memory warehouse and a folder that a partner writes to."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection = connection
        self.folder = folder / "delivery"
        self.folder.mkdir(parents=True)
        self.settings = Settings(home=folder / "home")
        self.clock: Clock = FixedClock(NOW)
        prepare(connection)

    def load(self, profile: Profile | None = None) -> LoadReport:
        """Load everything in the folder."""
        return load_delivery(self.connection, profile or profile_of(), self.folder, self.settings, self.clock, "run")

    def pull(self, profile: Profile, source: Path | None = None) -> LoadReport:
        """Load what the profile's transport brings."""
        return load_delivery(self.connection, profile, source, self.settings, self.clock, "run")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.connection.execute(sql).fetchall()

    def lines(self) -> int:
        """Order lines stored."""
        return int(self.rows("select count(*) from raw.order_lines")[0][0])


@contextmanager
def loading(folder: Path) -> Iterator[Loading]:
    """A fresh warehouse in memory."""
    with duckdb.connect(":memory:") as connection:
        yield Loading(connection, folder)
