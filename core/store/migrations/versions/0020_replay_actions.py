"""What people want read again."""

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0020"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "replay_actions",
        sa.Column("action_no", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(20), nullable=False), sa.Column("request_no", sa.BigInteger),
        sa.Column("source_id", sa.String(60), nullable=False), sa.Column("batch_no", sa.Integer), sa.Column("error_code", sa.String(20)),
        sa.Column("files_read", sa.Integer), sa.Column("files_changed", sa.Integer), sa.Column("rows_accepted", sa.BigInteger),
        sa.Column("rows_refused", sa.BigInteger), sa.Column("recorded_at", UtcTimestamp, nullable=False), sa.Column("actor", sa.String(60)),
        sa.CheckConstraint("kind in ('replay', 'take_back', 'done')", name="replay_actions_kind"),
    )  # fmt: skip
    op.create_index("replay_actions_source", "replay_actions", ["source_id", "request_no"])
    append_only(op.get_bind(), "replay_actions")
