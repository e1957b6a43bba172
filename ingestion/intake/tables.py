"""What intake remembers in the store."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table, Text

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


quarantine_actions = Table(
    "quarantine_actions", metadata,
    Column("action_no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("source_id", String(60), nullable=False),
    Column("feed", String(60), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("batch_no", Integer, nullable=False),
    Column("row_no", Integer, nullable=False),
    Column("repaired_row", Text),
    Column("reason", String(300), nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
    CheckConstraint("kind in ('repair', 'dismiss', 'take_back')", name="quarantine_actions_kind"),
    Index("quarantine_actions_row", "batch_no", "row_no"),
)  # fmt: skip
"""Append-only: what a person wants done with a refused row. The newest of a row counts; the next run of its source does it.

`repaired_row` is JSON, column of the file -> text. `dismiss`: the row is given up. `take_back`: nothing is to be done after all.
"""

replay_actions = Table(
    "replay_actions", metadata,
    Column("action_no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("request_no", BigInteger),
    Column("source_id", String(60), nullable=False),
    Column("batch_no", Integer),
    Column("error_code", String(20)),
    Column("files_read", Integer),
    Column("files_changed", Integer),
    Column("rows_accepted", BigInteger),
    Column("rows_refused", BigInteger),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
    CheckConstraint("kind in ('replay', 'take_back', 'done')", name="replay_actions_kind"),
    Index("replay_actions_source", "source_id", "request_no"),
)  # fmt: skip
"""Append-only: what was refused is to be read again (`replay`), or after all not (`take_back`), and what came of it (`done`).

`request_no` is the action_no of the request that a `take_back` or `done` is about. `batch_no` and `error_code` narrow a request to one file, one cause.
"""

match_decisions = Table(
    "match_decisions", metadata,
    Column("decision_no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("source_id", String(60), nullable=False),
    Column("party_ref", String(200), nullable=False),
    Column("into_source_id", String(60), nullable=False),
    Column("into_party_ref", String(200), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
    CheckConstraint("verdict in ('merge', 'distinct', 'undo')", name="match_decisions_verdict"),
)  # fmt: skip
"""Append-only: verdicts on pairs of parties; the newest of a pair counts."""
