"""The tables of people, sessions, throttling and audit."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, String, Table, Text

from core.store import UtcTimestamp, metadata

users = Table(
    "users", metadata,
    Column("user_id", String(36), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("display_name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("party_id", BigInteger, nullable=False),
    Column("password_hash", String(300), nullable=False),
    Column("status", String(20), nullable=False),
    Column("language", String(2), nullable=False),
    Column("created_at", UtcTimestamp, nullable=False),
    CheckConstraint("role in ('manufacturer', 'distributor', 'retailer')", name="users_role"),
    CheckConstraint("status in ('active', 'disabled')", name="users_status"),
    CheckConstraint("language in ('de', 'en')", name="users_language"),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", String(36), ForeignKey("users.user_id"), nullable=False, index=True),
    Column("created_at", UtcTimestamp, nullable=False),
    Column("last_seen_at", UtcTimestamp, nullable=False),
    Column("expires_at", UtcTimestamp, nullable=False),
    Column("revoked_at", UtcTimestamp),
)  # fmt: skip

login_throttle = Table(
    "login_throttle", metadata,
    Column("subject", String(80), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", UtcTimestamp, nullable=False),
    Column("last_failure_at", UtcTimestamp, nullable=False),
)  # fmt: skip

audit_log = Table(
    "audit_log", metadata,
    Column("audit_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("recorded_at", UtcTimestamp, nullable=False),
    Column("actor", String(36)),
    Column("action", String(60), nullable=False),
    Column("party_id", BigInteger),
    Column("detail", Text, nullable=False),
    Column("chain_hash", String(64), nullable=False),
)  # fmt: skip
