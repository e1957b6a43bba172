"""Accounts: made by the operator or by a distributor for its own resellers; there is no default account."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError as DatabaseIntegrityError

from core.clock import Clock, Ids
from core.errors import AccessDeniedError, ConflictError, InputRefusedError, RetriableError
from core.scope import Role, Scope
from core.store import reading, writing
from portal import audit
from portal.passwords import check_strength, decoy_hash, hashed, matches, needs_rehash
from portal.tables import login_throttle, sessions, users

FREE_FAILURES = {"account": 5, "address": 30}
"""Failed log-ins of one account from one address, and of one address in all, before it has to wait. An account is never
blocked for other addresses, so that nobody can lock somebody else out."""

BLOCK_SECONDS_MAX = 300
"""The longest wait."""

FORGET_HOURS = 24

LANGUAGES = ("de", "en")
"""Languages of the screens."""


@dataclass(frozen=True, slots=True)
class NewUser:
    """What an account needs. `party_id` is the partner it acts for."""

    email: str
    display_name: str
    role: Role
    party_id: int
    password: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class User:
    """A person who may log in."""

    user_id: str
    email: str
    display_name: str
    role: Role
    party_id: int
    status: str
    language: str


def create_user(engine: Engine, new: NewUser, clock: Clock, ids: Ids, *, actor: str | None = None) -> User:
    """Make an account. Raises InputRefusedError ACC-201, ACC-202 (no e-mail address), ACC-205, ConflictError ACC-203 (exists)."""
    email = new.email.strip().casefold()
    if "@" not in email or len(email) > 254 or any(c.isspace() for c in email):
        raise InputRefusedError(
            "ACC-202", where="e-mail", found=repr(new.email), expected="an e-mail address", next_step="Correct the address."
        )
    if new.role is Role.OPERATOR or new.language not in LANGUAGES:
        raise InputRefusedError(
            "ACC-205", where="account", found=f"role {new.role}, language {new.language}",
            expected=f"manufacturer, distributor or retailer; {' or '.join(LANGUAGES)}", next_step="Correct role or language.",
        )  # fmt: skip
    check_strength(new.password, _own_words(email, new.display_name))
    user = User(ids(), email, new.display_name.strip(), new.role, new.party_id, "active", new.language)
    try:
        with writing(engine) as connection:
            now = clock.now()
            connection.execute(users.insert().values(
                user_id=user.user_id, email=email, display_name=user.display_name, role=str(user.role), party_id=user.party_id,
                password_hash=hashed(new.password), status="active", language=user.language, created_at=now,
            ))  # fmt: skip
            audit.record(
                connection, now, "user_created", actor=actor, party_id=user.party_id, user=user.user_id, role=str(user.role)
            )
    except DatabaseIntegrityError as error:
        raise ConflictError(
            "ACC-203", where="account", found=f"an account for {email}", expected="a new address",
            next_step="Use another address, or change the account that exists.",
        ) from error  # fmt: skip
    return user


def authenticate(engine: Engine, email: str, password: str, address: str, clock: Clock) -> User:
    """The user, when the password is theirs.

    Raises AccessDeniedError ACC-101 alike for an unknown address, a wrong password and a disabled account, and RetriableError
    ACC-102 while the account or the address has to wait after failed attempts.
    """
    subjects = (_subject("account", f"{email.strip().casefold()} from {address}"), _subject("address", address))
    now = clock.now()
    with reading(engine) as connection:
        _refuse_while_blocked(connection, subjects, now)
        row = connection.execute(select(users).where(users.c.email == email.strip().casefold())).one_or_none()
    is_right = matches(row.password_hash if row else decoy_hash(), password)
    with writing(engine) as connection:
        if row is None or not is_right or row.status != "active":
            for subject in subjects:
                _count_failure(connection, subject, now)
            audit.record(connection, now, "login_failed", actor=None, party_id=None, account=subjects[0])
            refused = True
        else:
            refused = False
            connection.execute(login_throttle.delete().where(login_throttle.c.subject == subjects[0]))
            if needs_rehash(row.password_hash):
                connection.execute(users.update().where(users.c.user_id == row.user_id).values(password_hash=hashed(password)))
            audit.record(connection, now, "login", actor=row.user_id, party_id=row.party_id)
    if refused or row is None:
        raise AccessDeniedError(
            "ACC-101", where="log-in", found="an address or password that does not match", expected="both as they were set",
            next_step="Try again, or ask whoever manages your account.",
        )  # fmt: skip
    return _user(row)


def change_password(engine: Engine, user_id: str, current: str, new: str, clock: Clock) -> None:
    """Change the password and end every session of the user. Raises AccessDeniedError ACC-103, InputRefusedError ACC-201."""
    with reading(engine) as connection:
        row = connection.execute(select(users).where(users.c.user_id == user_id)).one_or_none()
    if not matches(row.password_hash if row else decoy_hash(), current) or row is None:
        raise AccessDeniedError(
            "ACC-103", where="password", found="another current password", expected="the current one", next_step="Try again."
        )
    set_password_by_operator(engine, row.email, new, clock, actor=user_id)


def set_password_by_operator(engine: Engine, email: str, password: str, clock: Clock, *, actor: str | None = None) -> None:
    """Set a password from the command line of the instance, and end every session of the user."""
    with writing(engine) as connection:
        row = connection.execute(select(users).where(users.c.email == email.strip().casefold())).one_or_none()
        if row is None:
            raise _no_such_user(email)
        check_strength(password, _own_words(row.email, row.display_name))
        connection.execute(users.update().where(users.c.user_id == row.user_id).values(password_hash=hashed(password)))
        _end_sessions(connection, row.user_id, clock.now())
        audit.record(connection, clock.now(), "password_changed", actor=actor, party_id=row.party_id, user=row.user_id)


def disable_user(engine: Engine, email: str, clock: Clock, *, actor: str | None = None) -> None:
    """Disable an account; its sessions end with their next request. Raises InputRefusedError ACC-204 when there is none."""
    with writing(engine) as connection:
        row = connection.execute(select(users).where(users.c.email == email.strip().casefold())).one_or_none()
        if row is None:
            raise _no_such_user(email)
        connection.execute(users.update().where(users.c.user_id == row.user_id).values(status="disabled"))
        _end_sessions(connection, row.user_id, clock.now())
        audit.record(connection, clock.now(), "user_disabled", actor=actor, party_id=row.party_id, user=row.user_id)


def set_language(engine: Engine, user_id: str, language: str) -> None:
    """Remember the language of the screens, de or en; anything else changes nothing."""
    if language not in LANGUAGES:
        return
    with writing(engine) as connection:
        connection.execute(users.update().where(users.c.user_id == user_id).values(language=language))


def list_users(engine: Engine) -> list[User]:
    """Every account, by address."""
    with reading(engine) as connection:
        return [_user(row) for row in connection.execute(select(users).order_by(users.c.email))]


def scope_of(user: User) -> Scope:
    """What the user may read: their role, for their partner."""
    return Scope.of(user.role, user.party_id)


def _own_words(email: str, display_name: str) -> tuple[str, ...]:
    """Words that say who the person is."""
    return (*re.split(r"[@.]", email), *display_name.split())


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(row.user_id, row.email, row.display_name, Role(row.role), int(row.party_id), row.status, row.language)


def _end_sessions(connection: Connection, user_id: str, now: datetime) -> None:
    connection.execute(
        sessions.update().where(sessions.c.user_id == user_id, sessions.c.revoked_at.is_(None)).values(revoked_at=now)
    )


def _subject(kind: str, value: str) -> str:
    """Addresses are kept as hashes: the table is no list of who tried."""
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()[:60]}"


def _refuse_while_blocked(connection: Connection, subjects: Sequence[str], now: datetime) -> None:
    row = connection.execute(
        select(login_throttle.c.blocked_until).where(login_throttle.c.subject.in_(subjects), login_throttle.c.blocked_until > now)
    ).first()
    if row is not None:
        raise RetriableError(
            "ACC-102", where="log-in", found="too many failed attempts", expected="a pause",
            next_step="Wait a few minutes and try again.",
        )  # fmt: skip


def _count_failure(connection: Connection, subject: str, now: datetime) -> None:
    row = connection.execute(select(login_throttle).where(login_throttle.c.subject == subject)).one_or_none()
    recent = row is not None and now - row.last_failure_at < timedelta(hours=FORGET_HOURS)
    failures = (row.failures if row is not None and recent else 0) + 1
    over = failures - FREE_FAILURES[subject.split(":")[0]]
    wait = 0 if over < 0 else min(BLOCK_SECONDS_MAX, 2 ** min(over + 1, 20))
    values = {"failures": failures, "blocked_until": now + timedelta(seconds=wait), "last_failure_at": now}
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(
        make(login_throttle).values(subject=subject, **values).on_conflict_do_update(index_elements=["subject"], set_=values)
    )


def _no_such_user(email: str) -> InputRefusedError:
    return InputRefusedError(
        "ACC-204", where="account", found=f"no account for {email}", expected="an account that exists",
        next_step="List the accounts with `dreiklang users list`.",
    )  # fmt: skip
