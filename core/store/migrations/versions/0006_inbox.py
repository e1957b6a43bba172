"""The HTTP inbox: sealed keys of sources, and the messages that were taken."""

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp

revision = "0006"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "inbox_keys",
        sa.Column("key_id", sa.String(36), primary_key=True),
        sa.Column("source_id", sa.String(60), nullable=False),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("created_at", UtcTimestamp, nullable=False),
        sa.Column("expires_at", UtcTimestamp),
        sa.Column("revoked_at", UtcTimestamp),
    )
    op.create_index("inbox_keys_source", "inbox_keys", ["source_id"])
    op.create_table(
        "inbox_deliveries",
        sa.Column("source_id", sa.String(60), primary_key=True),
        sa.Column("webhook_id", sa.String(128), primary_key=True),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("received_at", UtcTimestamp, nullable=False),
    )
