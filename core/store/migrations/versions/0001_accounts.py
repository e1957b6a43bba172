"""People, sessions, throttling, audit."""

import sqlalchemy as sa
from alembic import op

from core.store.schema import UtcTimestamp, append_only

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.String(36), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("party_id", sa.BigInteger, nullable=False),
        sa.Column("password_hash", sa.String(300), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("created_at", UtcTimestamp, nullable=False),
        sa.CheckConstraint("role in ('manufacturer', 'distributor', 'retailer')", name="users_role"),
        sa.CheckConstraint("status in ('active', 'disabled')", name="users_status"),
        sa.CheckConstraint("language in ('de', 'en')", name="users_language"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(36), sa.ForeignKey("users.user_id"), nullable=False, index=True),
        sa.Column("created_at", UtcTimestamp, nullable=False),
        sa.Column("last_seen_at", UtcTimestamp, nullable=False),
        sa.Column("expires_at", UtcTimestamp, nullable=False),
        sa.Column("revoked_at", UtcTimestamp),
    )
    op.create_table(
        "login_throttle",
        sa.Column("subject", sa.String(80), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("blocked_until", UtcTimestamp, nullable=False),
        sa.Column("last_failure_at", UtcTimestamp, nullable=False),
    )
    op.create_table(
        "audit_log",
        sa.Column("audit_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("recorded_at", UtcTimestamp, nullable=False),
        sa.Column("actor", sa.String(36)),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("party_id", sa.BigInteger),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
    )
    append_only(op.get_bind(), "audit_log")
