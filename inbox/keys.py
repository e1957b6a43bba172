"""Keys of the inbox: one secret per source, two while it is being rotated.

A signature is made with the secret itself, so a hash of it would not do: secrets are sealed (Fernet) with `DREIKLANG_INBOX_KEY`, which
stands in the environment and not in the store. Whoever copies the store alone can forge nothing.
"""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, Row, or_, select, update

from core.clock import Clock, Ids
from core.errors import ConfigurationError, InputRefusedError
from core.store import reading, writing
from inbox.tables import inbox_keys
from portal.audit import record

SECRET_BYTES = 32
SOURCE_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,59}")
GRACE_HOURS = 24
"""How long the old secret still works after a rotation, when nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class InboxKey:
    """A key without its secret. `state`: active, expiring (rotated, still valid), expired, revoked."""

    key_id: str
    source_id: str
    created_at: datetime
    expires_at: datetime | None
    state: str


def seal_of(key: SecretStr | None) -> Fernet:
    """What seals secrets. Raises ConfigurationError ING-420 when the environment holds no usable key."""
    try:
        return Fernet((key.get_secret_value() if key else "").encode())
    except ValueError as error:
        raise ConfigurationError(
            "ING-420", where="DREIKLANG_INBOX_KEY", found="nothing" if key is None else "a text that is no key",
            expected="32 random bytes in URL-safe base64",
            next_step='Make one with: python -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"',
        ) from error  # fmt: skip


def add_key(store: Engine, source_id: str, seal: Fernet, clock: Clock, ids: Ids) -> str:
    """A first secret for a source (`whsec_…`), told once. Raises InputRefusedError ING-427 when the source has one that works."""
    now = clock.now()
    with writing(store) as connection:
        if _valid(connection, _checked(source_id), now):
            raise InputRefusedError(
                "ING-427", where=f"source {source_id}", found="a secret that works", expected="none yet",
                next_step="Use `dreiklang inbox-keys rotate`, so that the old one works until the partner has the new one.",
            )  # fmt: skip
        return _insert(connection, source_id, seal, now, ids, "inbox_key_added")


def rotate_key(store: Engine, source_id: str, seal: Fernet, clock: Clock, ids: Ids, *, grace_hours: int = GRACE_HOURS) -> str:
    """A new secret, told once; the one before works for `grace_hours` more, older ones end now. Raises InputRefusedError ING-427."""
    now = clock.now()
    with writing(store) as connection:
        valid = _valid(connection, _checked(source_id), now)
        if not valid:
            raise InputRefusedError(
                "ING-427", where=f"source {source_id}", found="no secret that works", expected="one to rotate",
                next_step="Use `dreiklang inbox-keys add`.",
            )  # fmt: skip
        newest, *older = [row.key_id for row in valid]
        expires_at = now + timedelta(hours=grace_hours)
        connection.execute(update(inbox_keys).where(inbox_keys.c.key_id == newest).values(expires_at=expires_at))
        connection.execute(update(inbox_keys).where(inbox_keys.c.key_id.in_(older)).values(revoked_at=now))
        return _insert(connection, source_id, seal, now, ids, "inbox_key_rotated")


def revoke_keys(store: Engine, source_id: str, clock: Clock, key_id: str | None = None) -> int:
    """End one secret of a source, or all of them, at once. Gives how many ended."""
    now = clock.now()
    with writing(store) as connection:
        statement = update(inbox_keys).where(inbox_keys.c.source_id == source_id, inbox_keys.c.revoked_at.is_(None))
        statement = statement.where(inbox_keys.c.key_id == key_id) if key_id else statement
        ended = int(connection.execute(statement.values(revoked_at=now)).rowcount)
        record(connection, now, "inbox_key_revoked", actor=None, party_id=None, source_id=source_id, keys=ended)
        return ended


def list_keys(store: Engine, clock: Clock) -> list[InboxKey]:
    """Every key, newest first within its source; secrets stay sealed."""
    now = clock.now()
    with reading(store) as connection:
        rows = connection.execute(
            select(inbox_keys).order_by(inbox_keys.c.source_id, inbox_keys.c.created_at.desc())
        ).fetchall()  # fmt: skip
    return [InboxKey(r.key_id, r.source_id, r.created_at, r.expires_at, _state(r.expires_at, r.revoked_at, now)) for r in rows]


def valid_secrets(store: Engine, source_id: str, seal: Fernet, now: datetime) -> list[bytes]:
    """The secrets with which messages of a source may be signed just now; none for an unknown source."""
    with reading(store) as connection:
        sealed = [row.sealed_secret for row in _valid(connection, source_id, now)]
    found = []
    for text in sealed:
        try:
            found.append(base64.b64decode(seal.decrypt(text.encode())))
        except InvalidToken as error:
            raise ConfigurationError(
                "ING-420", where="DREIKLANG_INBOX_KEY", found="another key than the secrets were sealed with",
                expected="the key that was set when they were made", next_step="Set it again, or add new secrets.",
            ) from error  # fmt: skip
    return found


def _valid(connection: Connection, source_id: str, now: datetime) -> list[Row[Any]]:
    rows = connection.execute(
        select(inbox_keys.c.key_id, inbox_keys.c.sealed_secret)
        .where(
            inbox_keys.c.source_id == source_id, inbox_keys.c.revoked_at.is_(None),
            or_(inbox_keys.c.expires_at.is_(None), inbox_keys.c.expires_at > now),
        )
        .order_by(inbox_keys.c.expires_at.is_(None).desc(), inbox_keys.c.created_at.desc(), inbox_keys.c.key_id)
    ).fetchall()  # fmt: skip
    return list(rows)


def _insert(connection: Connection, source_id: str, seal: Fernet, now: datetime, ids: Ids, action: str) -> str:
    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    key_id = ids()
    connection.execute(
        inbox_keys.insert().values(
            key_id=key_id, source_id=source_id, sealed_secret=seal.encrypt(secret.encode()).decode(), created_at=now
        )
    )
    record(connection, now, action, actor=None, party_id=None, source_id=source_id, key_id=key_id)
    return f"whsec_{secret}"


def _checked(source_id: str) -> str:
    if not SOURCE_PATTERN.fullmatch(source_id):
        raise InputRefusedError(
            "ING-427", where="the source", found=repr(source_id), expected="a source_id as profiles have it: small letters, digits, _",
            next_step="Use the source_id of the partner's profile.",
        )  # fmt: skip
    return source_id


def _state(expires_at: datetime | None, revoked_at: datetime | None, now: datetime) -> str:
    if revoked_at is not None:
        return "revoked"
    if expires_at is None:
        return "active"
    return "expiring" if expires_at > now else "expired"
