"""The operational store: accounts, sessions, the points ledger. SQLite embedded, PostgreSQL by one setting."""

from core.store.engine import open_store, reading, writing
from core.store.schema import UtcTimestamp, append_only, metadata, migrate

__all__ = ["UtcTimestamp", "append_only", "metadata", "migrate", "open_store", "reading", "writing"]
