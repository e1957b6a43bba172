"""Sites that are databases: SQLite and PostgreSQL, each through both drivers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, create_engine, text

from ingestion.profiles import Profile
from tests.contract.sites import SECRET, Line, Site, profile_with
from tests.support.databases import Server
from tests.support.loading import COLUMNS

CREATE = """create table lines (order_no text, line integer, customer varchar(40), ordered date, sku varchar(40),
    qty numeric(12,3), net numeric(12,2), changed_at timestamp)"""
QUERY = """select order_no as "order", line, customer, ordered as "date", sku, qty, net, changed_at from lines"""
SLOW = {
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n) select i as changed_at from n where i < 0",
    "postgresql": 'select pg_sleep(30)::text as "order", now() as changed_at',
}


@dataclass
class DatabaseSite:
    """A table of order lines; every publication is a minute younger than the one before."""

    url: str
    options: dict[str, Any]
    engine: Engine
    source: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)
    minutes: int = 0
    query: str = QUERY

    def __post_init__(self) -> None:
        self.environment["PARTNER_URL"] = self.url
        self.run(CREATE)

    def run(self, sql: str, **values: Any) -> None:
        """Change the partner's data."""
        with self.engine.begin() as connection:
            connection.execute(text(sql), values)

    def profile(self) -> Profile:
        return profile_with(
            {"kind": "sql", "url_variable": "PARTNER_URL", **self.options}, files="", format="sql", query=self.query,
            columns=COLUMNS, changes={"column": "changed_at", "deletions_minutes": 0},
        )  # fmt: skip

    def misconfigured(self) -> Profile:
        self.environment["PARTNER_URL"] = f"no-such-database://user:{SECRET}@127.0.0.1/x"
        return self.profile()

    def publish(self, name: str, lines: list[Line]) -> None:
        self.minutes += 1
        insert = f"""insert into lines values (:number, 1, 'C1', '2026-05-01', 'S1', :quantity, 10.00,
                     '2026-06-01 10:{self.minutes:02d}:00')"""
        with self.engine.begin() as connection:
            connection.execute(text(insert), [{"number": number, "quantity": quantity} for number, quantity in lines])

    def stop(self) -> None:
        """Close what was opened."""
        self.engine.dispose()

    @contextmanager
    def failing_after(self, items: int) -> Iterator[None]:
        raise NotImplementedError
        yield

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        known = self.environment["PARTNER_URL"]
        gone = f"postgresql+psycopg://user:{SECRET}@127.0.0.1:1/x" if "postgres" in known else "sqlite:////no/such/folder/x.db"
        self.environment["PARTNER_URL"] = gone
        yield
        self.environment["PARTNER_URL"] = known

    @contextmanager
    def stalling(self) -> Iterator[None]:
        known = self.query
        self.query = SLOW[self.engine.dialect.name]
        self.options["timeout_seconds"] = 1
        yield
        self.query = known


def sqlite_site(driver: str) -> Any:
    """A SQLite file, read through a driver."""

    def make(root: Path, needed: dict[str, Any]) -> Site:
        url = f"sqlite:///{root / 'erp.db'}"
        return DatabaseSite(url, {"driver": driver}, create_engine(url))

    return make


def postgres_site(driver: str) -> Any:
    """A database of the session's PostgreSQL, read through a driver."""

    def make(root: Path, needed: dict[str, Any]) -> Site:
        server: Server = needed["postgres"]
        admin = create_engine(server.database("postgres"), isolation_level="AUTOCOMMIT")
        name = f"c{uuid4().hex}"
        with admin.connect() as connection:
            connection.execute(text(f"create database {name}"))
        admin.dispose()
        url = server.database(name)
        return DatabaseSite(url, {"driver": driver}, create_engine(url))

    return make
