"""The password again: a proof for a large order, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from core.clock import FixedClock, random_id
from core.errors import AccessDeniedError, RetriableError
from core.scope import Role
from portal import NewUser, User, authenticate, create_user
from portal.step_up import confirm_password
from portal.tables import audit_log

pytestmark = pytest.mark.integration
PASSWORD = "violet harbour nine lamps"


@pytest.fixture
def rike(store: Engine, clock: FixedClock) -> User:
    """A retailer's person."""
    return create_user(store, NewUser("rike@example.org", "Rike", Role.RETAILER, 7, PASSWORD), clock, random_id)


def test_the_right_password_is_a_proof_for_five_minutes_and_for_nobody_else(store: Engine, clock: FixedClock, rike: User) -> None:
    proof = confirm_password(store, rike, PASSWORD, clock)
    assert proof.stands_for(rike.user_id, clock.now() + timedelta(minutes=5))
    assert not proof.stands_for(rike.user_id, clock.now() + timedelta(minutes=5, seconds=1))
    assert not proof.stands_for("somebody else", clock.now())
    assert not proof.stands_for(rike.user_id, clock.now() - timedelta(seconds=1))
    with store.connect() as connection:
        assert "step_up" in set(connection.execute(select(audit_log.c.action)).scalars())


def test_guessing_is_slowed_down_for_that_person_alone(store: Engine, clock: FixedClock, rike: User) -> None:
    for _ in range(5):
        with pytest.raises(AccessDeniedError):
            confirm_password(store, rike, "wrong horse battery staple", clock)
    with pytest.raises(RetriableError):
        confirm_password(store, rike, PASSWORD, clock)
    assert authenticate(store, rike.email, PASSWORD, "1.2.3.4", clock).user_id == rike.user_id
    nils = create_user(store, NewUser("nils@example.org", "Nils", Role.RETAILER, 8, PASSWORD), clock, random_id)
    assert confirm_password(store, nils, PASSWORD, clock).user_id == nils.user_id
