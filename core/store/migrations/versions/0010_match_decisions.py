"""Verdicts on parties that may be one company."""

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "match_decisions",
        sa.Column("decision_no", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("source_id", sa.String(60), nullable=False), sa.Column("party_ref", sa.String(200), nullable=False),
        sa.Column("into_source_id", sa.String(60), nullable=False), sa.Column("into_party_ref", sa.String(200), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False), sa.Column("recorded_at", UtcTimestamp, nullable=False),
        sa.Column("actor", sa.String(60)),
        sa.CheckConstraint("verdict in ('merge', 'distinct', 'undo')", name="match_decisions_verdict"),
    )  # fmt: skip
    append_only(op.get_bind(), "match_decisions")
