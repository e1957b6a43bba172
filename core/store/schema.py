"""What the store's tables have in common, and how they come to be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, DateTime, Engine, MetaData, TypeDecorator, text
from sqlalchemy.engine import Dialect

from core.store.engine import writing

metadata = MetaData()
"""The tables of portal/ and loyalty/ are defined on this one."""

MIGRATIONS = Path(__file__).parent / "migrations"

MIGRATION_LOCK = 7_401_311
"""PostgreSQL: whoever holds it migrates, the others wait and find nothing left to do."""


class UtcTimestamp(TypeDecorator[datetime]):
    """An aware moment in UTC; kept as a naive UTC timestamp in either database."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database. Raises ValueError for a naive moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        return None if value is None else value.replace(tzinfo=UTC)


def migrate(engine: Engine) -> None:
    """Bring the store to the newest schema. Does nothing when it is there already; several processes may try at once."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def append_only(connection: Connection, table: str) -> None:
    """Make the database itself refuse to change or delete rows of a table."""
    if connection.dialect.name == "sqlite":
        for act in ("update", "delete"):
            connection.exec_driver_sql(
                f"create trigger {table}_no_{act} before {act} on {table} begin select raise(abort, '{table} is append-only'); end"
            )
        return
    connection.exec_driver_sql(
        f"""create or replace function {table}_refuse() returns trigger language plpgsql as
            $$ begin raise exception '{table} is append-only'; end $$"""
    )
    connection.exec_driver_sql(
        f"create trigger {table}_no_change before update or delete on {table} for each row execute function {table}_refuse()"
    )
    connection.exec_driver_sql(
        f"create trigger {table}_no_truncate before truncate on {table} for each statement execute function {table}_refuse()"
    )
