"""The ledger's tables. A journal entry owns transfers; a transfer has one amount, so it is balanced by construction.

Accounts: `liability` (the programme's), `available` and `debt` (the member's), `redeemed`. Everything but `members`, a cache that
folds the transfers, is append-only in the database itself.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from core.store import UtcTimestamp, metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

journal = Table(
    "journal", metadata,
    Column("journal_id", _ID, primary_key=True, autoincrement=False),
    Column("idempotency_key", String(300), nullable=False, unique=True),
    Column("request_hash", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("member_party_id", BigInteger, nullable=False),
    Column("effective_at", UtcTimestamp, nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("cause", String(250)),
    Column("source_id", String(60)),
    Column("document_no", String(120)),
    Column("programme_id", String(60), nullable=False),
    Column("rule_id", String(60)),
    Column("rule_version", Integer),
    Column("currency", String(20), nullable=False),
    Column("reverses_journal_id", BigInteger, ForeignKey("journal.journal_id")),
    Column("explanation", Text, nullable=False),
    CheckConstraint("kind in ('award', 'reversal', 'redeem')", name="journal_kind"),
    Index("journal_member", "member_party_id", "journal_id"),
    Index("journal_cause", "cause"),
)  # fmt: skip

lots = Table(
    "lots", metadata,
    Column("lot_id", _ID, primary_key=True, autoincrement=False),
    Column("journal_id", BigInteger, ForeignKey("journal.journal_id"), nullable=False),
    Column("member_party_id", BigInteger, nullable=False),
    Column("programme_id", String(60), nullable=False),
    Column("currency", String(20), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("earned_at", UtcTimestamp, nullable=False),
    Column("posted_at", UtcTimestamp, nullable=False),
    Column("available_at", UtcTimestamp, nullable=False),
    Column("expires_at", UtcTimestamp),
    CheckConstraint("points > 0", name="lots_points"),
    Index("lots_member", "member_party_id", "lot_id"),
    Index("lots_journal", "journal_id"),
)  # fmt: skip

transfers = Table(
    "transfers", metadata,
    Column("transfer_id", _ID, primary_key=True, autoincrement=False),
    Column("journal_id", BigInteger, ForeignKey("journal.journal_id"), nullable=False),
    Column("debit_account", String(20), nullable=False),
    Column("credit_account", String(20), nullable=False),
    Column("member_party_id", BigInteger, nullable=False),
    Column("lot_id", BigInteger, ForeignKey("lots.lot_id")),
    Column("points", BigInteger, nullable=False),
    CheckConstraint("points > 0", name="transfers_points"),
    CheckConstraint("debit_account <> credit_account", name="transfers_accounts"),
    Index("transfers_journal", "journal_id"),
    Index("transfers_lot", "lot_id"),
)  # fmt: skip

members = Table(
    "members", metadata,
    Column("member_party_id", BigInteger, primary_key=True, autoincrement=False),
    Column("programme_id", String(60), primary_key=True),
    Column("currency", String(20), primary_key=True),
    Column("points_available", BigInteger, nullable=False),
    Column("points_debt", BigInteger, nullable=False),
    CheckConstraint("points_available >= 0", name="members_available"),
    CheckConstraint("points_debt >= 0", name="members_debt"),
)  # fmt: skip

seals = Table(
    "seals", metadata,
    Column("journal_id", _ID, primary_key=True, autoincrement=False),
    Column("chain_hash", String(64), nullable=False),
)  # fmt: skip
