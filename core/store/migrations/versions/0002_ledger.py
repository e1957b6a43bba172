"""The points ledger: journal, lots, transfers, members, seals."""

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("journal_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("idempotency_key", sa.String(300), nullable=False, unique=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("member_party_id", sa.BigInteger, nullable=False),
        sa.Column("effective_at", UtcTimestamp, nullable=False),
        sa.Column("recorded_at", UtcTimestamp, nullable=False),
        sa.Column("cause", sa.String(250)),
        sa.Column("source_id", sa.String(60)),
        sa.Column("document_no", sa.String(120)),
        sa.Column("programme_id", sa.String(60), nullable=False),
        sa.Column("rule_id", sa.String(60)),
        sa.Column("rule_version", sa.Integer),
        sa.Column("currency", sa.String(20), nullable=False),
        sa.Column("reverses_journal_id", sa.BigInteger, sa.ForeignKey("journal.journal_id")),
        sa.Column("explanation", sa.Text, nullable=False),
        sa.CheckConstraint("kind in ('award', 'reversal', 'redeem')", name="journal_kind"),
    )
    op.create_index("journal_member", "journal", ["member_party_id", "journal_id"])
    op.create_index("journal_cause", "journal", ["cause"])
    op.create_table(
        "lots",
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("journal_id", sa.BigInteger, sa.ForeignKey("journal.journal_id"), nullable=False),
        sa.Column("member_party_id", sa.BigInteger, nullable=False),
        sa.Column("programme_id", sa.String(60), nullable=False),
        sa.Column("currency", sa.String(20), nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("earned_at", UtcTimestamp, nullable=False),
        sa.Column("posted_at", UtcTimestamp, nullable=False),
        sa.Column("available_at", UtcTimestamp, nullable=False),
        sa.Column("expires_at", UtcTimestamp),
        sa.CheckConstraint("points > 0", name="lots_points"),
    )
    op.create_index("lots_member", "lots", ["member_party_id", "lot_id"])
    op.create_index("lots_journal", "lots", ["journal_id"])
    op.create_table(
        "transfers",
        sa.Column("transfer_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("journal_id", sa.BigInteger, sa.ForeignKey("journal.journal_id"), nullable=False),
        sa.Column("debit_account", sa.String(20), nullable=False),
        sa.Column("credit_account", sa.String(20), nullable=False),
        sa.Column("member_party_id", sa.BigInteger, nullable=False),
        sa.Column("lot_id", sa.BigInteger, sa.ForeignKey("lots.lot_id")),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.CheckConstraint("points > 0", name="transfers_points"),
        sa.CheckConstraint("debit_account <> credit_account", name="transfers_accounts"),
    )
    op.create_index("transfers_journal", "transfers", ["journal_id"])
    op.create_index("transfers_lot", "transfers", ["lot_id"])
    op.create_table(
        "members",
        sa.Column("member_party_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("programme_id", sa.String(60), primary_key=True),
        sa.Column("currency", sa.String(20), primary_key=True),
        sa.Column("points_available", sa.BigInteger, nullable=False),
        sa.Column("points_debt", sa.BigInteger, nullable=False),
        sa.CheckConstraint("points_available >= 0", name="members_available"),
        sa.CheckConstraint("points_debt >= 0", name="members_debt"),
    )
    op.create_table(
        "seals",
        sa.Column("journal_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name in ("journal", "lot", "transfer"):
            op.execute(f"create sequence {name}_ids")
    for table in ("journal", "lots", "transfers", "seals"):
        append_only(op.get_bind(), table)
