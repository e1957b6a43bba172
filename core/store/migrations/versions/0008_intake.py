"""Layouts that a person has confirmed."""

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0008"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "intake_layouts",
        sa.Column("layout_no", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("source_id", sa.String(60), nullable=False), sa.Column("fingerprint", sa.String(16), nullable=False),
        sa.Column("feed", sa.String(60), nullable=False), sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("profile", sa.Text, nullable=False), sa.Column("is_withdrawn", sa.Integer, nullable=False),
        sa.Column("recorded_at", UtcTimestamp, nullable=False), sa.Column("actor", sa.String(60)),
    )  # fmt: skip
    op.create_index("intake_layouts_source", "intake_layouts", ["source_id", "fingerprint"])
    append_only(op.get_bind(), "intake_layouts")
