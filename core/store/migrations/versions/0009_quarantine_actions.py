"""What people want done with refused rows."""

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0009"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "quarantine_actions",
        sa.Column("action_no", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(20), nullable=False), sa.Column("source_id", sa.String(60), nullable=False),
        sa.Column("feed", sa.String(60), nullable=False), sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("batch_no", sa.Integer, nullable=False), sa.Column("row_no", sa.Integer, nullable=False),
        sa.Column("repaired_row", sa.Text), sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("recorded_at", UtcTimestamp, nullable=False), sa.Column("actor", sa.String(60)),
        sa.CheckConstraint("kind in ('repair', 'dismiss', 'take_back')", name="quarantine_actions_kind"),
    )  # fmt: skip
    op.create_index("quarantine_actions_row", "quarantine_actions", ["batch_no", "row_no"])
    append_only(op.get_bind(), "quarantine_actions")
