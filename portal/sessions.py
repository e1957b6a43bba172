"""Sessions: an opaque random token in the browser, only its hash here, looked up again with every request."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, select

from core.clock import Clock, Ids
from core.scope import Role
from core.settings import Settings
from core.store import reading, writing
from portal import audit
from portal.accounts import User
from portal.tables import sessions, users

SEEN_EVERY_SECONDS = 60
"""How often a session's last use is written."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """When a session ends by itself."""

    idle: timedelta
    absolute: timedelta

    @staticmethod
    def of(settings: Settings) -> SessionLimits:
        """The limits of this instance."""
        return SessionLimits(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours_max))


def open_session(engine: Engine, user: User, limits: SessionLimits, clock: Clock, tokens: Ids) -> str:
    """A new session; returns the token, which is stored nowhere."""
    token, now = tokens(), clock.now()
    with writing(engine) as connection:
        connection.execute(sessions.insert().values(
            token_hash=_hash(token), user_id=user.user_id, created_at=now, last_seen_at=now, expires_at=now + limits.absolute,
        ))  # fmt: skip
    return token


def look_up_session(engine: Engine, token: str | None, limits: SessionLimits, clock: Clock) -> User | None:
    """Whose session it is; None when it is unknown, revoked, idle too long, over, or its user is disabled."""
    if not token:
        return None
    now = clock.now()
    with reading(engine) as connection:
        row = connection.execute(
            select(sessions.c.last_seen_at, sessions.c.expires_at, sessions.c.revoked_at, users)
            .join(users, users.c.user_id == sessions.c.user_id)
            .where(sessions.c.token_hash == _hash(token))
        ).one_or_none()
    if row is None or row.revoked_at is not None or row.status != "active":
        return None
    if now >= row.expires_at or now - row.last_seen_at >= limits.idle:
        return None
    if now - row.last_seen_at >= timedelta(seconds=SEEN_EVERY_SECONDS):
        with writing(engine) as connection:
            connection.execute(sessions.update().where(sessions.c.token_hash == _hash(token)).values(last_seen_at=now))
    return User(row.user_id, row.email, row.display_name, Role(row.role), int(row.party_id), row.status, row.language)


def close_session(engine: Engine, token: str, clock: Clock) -> None:
    """End a session; its token is useless from now on."""
    with writing(engine) as connection:
        row = connection.execute(select(sessions.c.user_id).where(sessions.c.token_hash == _hash(token))).one_or_none()
        if row is None:
            return
        connection.execute(
            sessions.update()
            .where(sessions.c.token_hash == _hash(token), sessions.c.revoked_at.is_(None))
            .values(revoked_at=clock.now())
        )
        audit.record(connection, clock.now(), "logout", actor=row.user_id, party_id=None)


def close_all_sessions(engine: Engine, user_id: str, clock: Clock) -> None:
    """End every session of a user."""
    with writing(engine) as connection:
        connection.execute(
            sessions.update().where(sessions.c.user_id == user_id, sessions.c.revoked_at.is_(None)).values(revoked_at=clock.now())
        )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
