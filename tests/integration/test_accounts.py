"""Accounts, sessions, throttling and the audit log, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from core.clock import FixedClock, random_id, random_token
from core.errors import AccessDeniedError, ConflictError, InputRefusedError, RetriableError
from core.scope import Role
from portal import (
    NewUser,
    SessionLimits,
    User,
    authenticate,
    change_password,
    close_session,
    create_user,
    disable_user,
    list_users,
    look_up_session,
    open_session,
    set_language,
)
from portal.audit import verify_audit
from portal.tables import audit_log, sessions, users
from tests.conftest import NOW

pytestmark = pytest.mark.integration
PASSWORD = "violet harbour nine lamps"
OTHER = "copper meadow eleven boats"
LIMITS = SessionLimits(idle=timedelta(minutes=30), absolute=timedelta(hours=8))


def person(
    email: str = "Nora@Example.org", role: Role = Role.DISTRIBUTOR, password: str = PASSWORD, language: str = "de"
) -> NewUser:
    """What a new account needs."""
    return NewUser(email, "Nora Blumenthal", role, 7, password, language)


def at(minutes: float) -> FixedClock:
    """A clock that stands so long after the start."""
    return FixedClock(NOW + timedelta(minutes=minutes))


@pytest.fixture
def nora(store: Engine, clock: FixedClock) -> User:
    """An account."""
    return create_user(store, person(), clock, random_id)


def test_no_account_is_there_at_first(store: Engine, clock: FixedClock) -> None:
    assert list_users(store) == []
    with pytest.raises(AccessDeniedError):
        authenticate(store, "admin", "admin", "1.2.3.4", clock)


def test_who_has_the_password_gets_in(store: Engine, clock: FixedClock, nora: User) -> None:
    assert authenticate(store, " nora@EXAMPLE.org ", PASSWORD, "1.2.3.4", clock) == nora
    with store.connect() as connection:
        stored = connection.execute(select(users.c.password_hash)).scalar_one()
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


@pytest.mark.parametrize("password", [
    "short", "x" * 14, "aaaaaaaaaaaaaaaaaaaa", "passwordpassword123", "nora blumenthal 1", "dreiklang dreiklang", "qwertz123456789",
    "p" * 1025, "Nora@Example nora",
])  # fmt: skip
def test_weak_passwords_are_refused(store: Engine, clock: FixedClock, password: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        create_user(store, person(password=password), clock, random_id)
    assert refused.value.code == "ACC-201"
    assert password not in str(refused.value)


@pytest.mark.parametrize("password", ["Grüße aus Überlingen am See 🌊", "x9" * 40 + "yz!", "das ist mein satz nummer drei"])
def test_long_and_unicode_passwords_count_in_full(store: Engine, clock: FixedClock, password: str) -> None:
    create_user(store, person(password=password), clock, random_id)
    assert authenticate(store, "nora@example.org", password, "1.2.3.4", clock)
    with pytest.raises(AccessDeniedError):
        authenticate(store, "nora@example.org", password[:-1], "1.2.3.4", clock)


@pytest.mark.parametrize(("new", "code"), [
    (person(email="no address"), "ACC-202"), (person(email="a b@c"), "ACC-202"), (person(role=Role.OPERATOR), "ACC-205"),
    (person(language="fr"), "ACC-205"),
])  # fmt: skip
def test_impossible_accounts_are_refused(store: Engine, clock: FixedClock, new: NewUser, code: str) -> None:
    with pytest.raises(InputRefusedError) as refused:
        create_user(store, new, clock, random_id)
    assert refused.value.code == code


def test_one_address_is_one_account(store: Engine, clock: FixedClock, nora: User) -> None:
    with pytest.raises(ConflictError) as conflict:
        create_user(store, person(email="NORA@example.ORG"), clock, random_id)
    assert conflict.value.code == "ACC-203"
    assert list_users(store) == [nora]


def test_only_a_hash_of_the_token_is_stored(store: Engine, clock: FixedClock, nora: User) -> None:
    token = open_session(store, nora, LIMITS, clock, random_token)
    with store.connect() as connection:
        row = connection.execute(select(sessions)).one()
    assert token not in map(str, row)
    assert look_up_session(store, token, LIMITS, clock) == nora
    assert look_up_session(store, row.token_hash, LIMITS, clock) is None


@pytest.mark.parametrize("token", [None, "", "x", "x" * 43, "' or 1=1 --"])
def test_other_tokens_are_nobody(store: Engine, clock: FixedClock, nora: User, token: str | None) -> None:
    open_session(store, nora, LIMITS, clock, random_token)
    assert look_up_session(store, token, LIMITS, clock) is None


def test_a_session_ends_when_idle_and_after_its_longest_time(store: Engine, nora: User) -> None:
    idle = open_session(store, nora, LIMITS, at(0), random_token)
    assert look_up_session(store, idle, LIMITS, at(29))
    assert look_up_session(store, idle, LIMITS, at(58))
    assert look_up_session(store, idle, LIMITS, at(88)) is None
    busy = open_session(store, nora, LIMITS, at(0), random_token)
    for minute in range(0, 480, 20):
        assert look_up_session(store, busy, LIMITS, at(minute))
    assert look_up_session(store, busy, LIMITS, at(480)) is None


def test_closing_disabling_and_a_new_password_end_sessions(store: Engine, clock: FixedClock, nora: User) -> None:
    first, second = (open_session(store, nora, LIMITS, clock, random_token) for _ in range(2))
    close_session(store, first, clock)
    assert look_up_session(store, first, LIMITS, clock) is None
    assert look_up_session(store, second, LIMITS, clock)
    with pytest.raises(AccessDeniedError):
        change_password(store, nora.user_id, OTHER, OTHER, clock)
    change_password(store, nora.user_id, PASSWORD, OTHER, clock)
    assert look_up_session(store, second, LIMITS, clock) is None
    third = open_session(store, nora, LIMITS, clock, random_token)
    disable_user(store, "nora@example.org", clock)
    assert look_up_session(store, third, LIMITS, clock) is None
    with pytest.raises(AccessDeniedError):
        authenticate(store, "nora@example.org", OTHER, "1.2.3.4", clock)


def test_throttling_slows_one_address_and_locks_nobody_out(store: Engine, nora: User) -> None:
    for _ in range(6):
        with pytest.raises((AccessDeniedError, RetriableError)):
            authenticate(store, "nora@example.org", "wrong wrong wrong", "6.6.6.6", at(0))
    with pytest.raises(RetriableError) as wait:
        authenticate(store, "nora@example.org", PASSWORD, "6.6.6.6", at(0))
    assert wait.value.code == "ACC-102"
    assert authenticate(store, "nora@example.org", PASSWORD, "1.2.3.4", at(0)) == nora
    assert authenticate(store, "nora@example.org", PASSWORD, "6.6.6.6", at(6)) == nora


def test_a_new_language_is_remembered_and_nonsense_is_not(store: Engine, clock: FixedClock, nora: User) -> None:
    set_language(store, nora.user_id, "en")
    set_language(store, nora.user_id, "'; drop table users; --")
    assert [user.language for user in list_users(store)] == ["en"]


def test_the_audit_log_says_who_did_what_and_no_secret(store: Engine, clock: FixedClock, nora: User) -> None:
    authenticate(store, "nora@example.org", PASSWORD, "1.2.3.4", clock)
    with pytest.raises(AccessDeniedError):
        authenticate(store, "evil\nadmin logged in@x.org", "wrong wrong wrong", "1.2.3.4", clock)
    with store.connect() as connection:
        rows = connection.execute(select(audit_log).order_by(audit_log.c.audit_id)).all()
        assert verify_audit(connection) == []
    assert [row.action for row in rows] == ["user_created", "login", "login_failed"]
    everything = " ".join(str(row) for row in rows)
    assert PASSWORD not in everything
    assert "evil" not in everything


@pytest.mark.parametrize("statement", ["update audit_log set action = 'x'", "delete from audit_log"])
def test_the_database_refuses_to_change_the_audit_log(store: Engine, nora: User, statement: str) -> None:
    with pytest.raises(DBAPIError), store.begin() as connection:
        connection.execute(text(statement))


def test_a_forged_audit_log_is_found(store: Engine, nora: User, clock: FixedClock) -> None:
    authenticate(store, "nora@example.org", PASSWORD, "1.2.3.4", clock)
    with store.begin() as connection:
        if store.dialect.name == "sqlite":
            connection.execute(text("drop trigger audit_log_no_update"))
        else:
            connection.execute(text("drop trigger audit_log_no_change on audit_log"))
        connection.execute(text("update audit_log set action = 'logout' where audit_id = 1"))
        assert verify_audit(connection)
