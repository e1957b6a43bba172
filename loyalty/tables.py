"""The ledger's tables. A journal entry owns transfers; a transfer has one amount, so it is balanced by construction.

Accounts: `liability` (the programme's), `pending`, `available`, `held` and `debt` (the member's), `redeemed`, `breakage`.
`pending`, `available` and `held` belong to the owner of the transfer's lot, `debt` to the transfer's member. Everything but caches that
fold the transfers (`members`, `caps`) and states that act on them (`holds`) is append-only in the database itself.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from core.store import UtcTimestamp, metadata

ID = BigInteger().with_variant(Integer, "sqlite")

KINDS = ("award", "reversal", "confirm", "hold", "capture", "release", "redeem", "cancel", "expire", "no_award")
"""What an entry does. `cancel` is a redemption undone; `no_award` moves nothing and says why."""

journal = Table(
    "journal", metadata,
    Column("journal_id", ID, primary_key=True, autoincrement=False),
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
    Column("booked_on", Date),
    Column("points_decided", BigInteger),
    Column("tier", String(60)),
    Column("distributor_party_id", BigInteger),
    Column("campaign_id", String(60)),
    CheckConstraint(f"kind in ({', '.join(repr(kind) for kind in KINDS)})", name="journal_kind"),
    Index("journal_member", "member_party_id", "journal_id"),
    Index("journal_cause", "cause"),
)  # fmt: skip
"""`points_decided`: what the cause is worth to the member after this entry, before caps. `booked_on`: the day of the books."""

lots = Table(
    "lots", metadata,
    Column("lot_id", ID, primary_key=True, autoincrement=False),
    Column("journal_id", BigInteger, ForeignKey("journal.journal_id"), nullable=False),
    Column("member_party_id", BigInteger, nullable=False),
    Column("programme_id", String(60), nullable=False),
    Column("currency", String(20), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("earned_at", UtcTimestamp, nullable=False),
    Column("posted_at", UtcTimestamp, nullable=False),
    Column("available_at", UtcTimestamp),
    Column("expires_at", UtcTimestamp),
    Column("idle_months", Integer),
    Column("funders", String(120)),
    CheckConstraint("points > 0", name="lots_points"),
    Index("lots_member", "member_party_id", "lot_id"),
    Index("lots_journal", "journal_id"),
)  # fmt: skip
"""`available_at` null: pending until something happens whose day is not known yet; `lot_terms` says it then. `idle_months`: expires
that long after the member's last activity. `funders`: `manufacturer:70,distributor:30`."""

lot_terms = Table(
    "lot_terms", metadata,
    Column("lot_id", BigInteger, ForeignKey("lots.lot_id"), primary_key=True, autoincrement=False),
    Column("journal_id", BigInteger, ForeignKey("journal.journal_id"), nullable=False),
    Column("available_at", UtcTimestamp, nullable=False),
    Column("expires_at", UtcTimestamp),
)  # fmt: skip
"""When a lot that was pending became available, and when it expires since then."""

transfers = Table(
    "transfers", metadata,
    Column("transfer_id", ID, primary_key=True, autoincrement=False),
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
    Column("points_pending", BigInteger, nullable=False, server_default="0"),
    Column("points_held", BigInteger, nullable=False, server_default="0"),
    Column("last_activity_at", UtcTimestamp),
    CheckConstraint("points_available >= 0", name="members_available"),
    CheckConstraint("points_debt >= 0", name="members_debt"),
)  # fmt: skip
"""A cache: the fold of the transfers per owner; `last_activity_at` is the newest award or redemption by event date."""

holds = Table(
    "holds", metadata,
    Column("hold_id", String(36), primary_key=True),
    Column("journal_id", BigInteger, ForeignKey("journal.journal_id"), nullable=False, unique=True),
    Column("member_party_id", BigInteger, nullable=False),
    Column("programme_id", String(60), nullable=False),
    Column("currency", String(20), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("status", String(20), nullable=False),
    Column("expires_at", UtcTimestamp, nullable=False),
    Column("resolved_at", UtcTimestamp),
    CheckConstraint("status in ('open', 'captured', 'released', 'timed_out')", name="holds_status"),
)  # fmt: skip

caps = Table(
    "caps", metadata,
    Column("cap_key", String(200), primary_key=True),
    Column("points_used", BigInteger, nullable=False),
    CheckConstraint("points_used >= 0", name="caps_used"),
)  # fmt: skip
"""A cache: the fold of `cap_uses`."""

cap_uses = Table(
    "cap_uses", metadata,
    Column("cap_key", String(200), primary_key=True),
    Column("journal_id", BigInteger, ForeignKey("journal.journal_id"), primary_key=True, autoincrement=False),
    Column("points", BigInteger, nullable=False),
)  # fmt: skip

member_merges = Table(
    "member_merges", metadata,
    Column("merge_id", ID, primary_key=True),
    Column("member_party_id", BigInteger, nullable=False),
    Column("into_party_id", BigInteger, nullable=False),
    Column("is_undone", Integer, nullable=False),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
    Column("reason", String(300), nullable=False),
)  # fmt: skip
"""The newest row of a member says whether it is part of another now."""

closed_periods = Table(
    "closed_periods", metadata,
    Column("programme_id", String(60), primary_key=True),
    Column("closed_until", Date, primary_key=True),
    Column("closed_at", UtcTimestamp, nullable=False),
    Column("actor", String(60)),
)  # fmt: skip

seals = Table(
    "seals", metadata,
    Column("journal_id", ID, primary_key=True, autoincrement=False),
    Column("chain_hash", String(64), nullable=False),
)  # fmt: skip
