"""Recorded events can be taken back."""

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "programme_event_actions",
        sa.Column("action_no", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.String(36), sa.ForeignKey("programme_events.event_id"), nullable=False),
        sa.Column("is_undone", sa.Integer, nullable=False), sa.Column("recorded_at", UtcTimestamp, nullable=False),
        sa.Column("actor", sa.String(60), nullable=False),
    )  # fmt: skip
    op.create_index("ix_programme_event_actions_event_id", "programme_event_actions", ["event_id"])
    append_only(op.get_bind(), "programme_event_actions")
