"""What the store keeps of the inbox: sealed keys, and one row per message that was taken."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from core.store import UtcTimestamp, metadata

inbox_keys = Table(
    "inbox_keys", metadata,
    Column("key_id", String(36), primary_key=True),
    Column("source_id", String(60), nullable=False),
    Column("sealed_secret", Text, nullable=False),
    Column("created_at", UtcTimestamp, nullable=False),
    Column("expires_at", UtcTimestamp),
    Column("revoked_at", UtcTimestamp),
    Index("inbox_keys_source", "source_id"),
)  # fmt: skip

inbox_deliveries = Table(
    "inbox_deliveries", metadata,
    Column("source_id", String(60), primary_key=True),
    Column("webhook_id", String(128), primary_key=True),
    Column("body_sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("file_name", String(255), nullable=False),
    Column("received_at", UtcTimestamp, nullable=False),
)  # fmt: skip
