"""What intake remembers in the store."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from core.store import UtcTimestamp, metadata

intake_layouts = Table(
    "intake_layouts", metadata,
    Column("layout_no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("source_id", String(60), nullable=False),
    Column("fingerprint", String(16), nullable=False),
    Column("feed", String(60), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("profile", Text, nullable=False),
    Column("is_withdrawn", Integer, nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
    Index("intake_layouts_source", "source_id", "fingerprint"),
)  # fmt: skip
"""Append-only: the newest row of a source, fingerprint and feed counts, and a withdrawn one means that nothing is known."""
