"""The password again, before an act that one person at an open desk must not do for another."""

from __future__ import annotations

from sqlalchemy import Engine

from core.clock import Clock
from core.store import writing
from loyalty.rewards.model import StepUp
from portal import audit
from portal.accounts import User, authenticate


def confirm_password(engine: Engine, user: User, password: str, clock: Clock) -> StepUp:
    """A fresh proof that it is this person. Failures are counted like those of a log-in, by account.

    Raises AccessDeniedError ACC-101, RetriableError ACC-102.
    """
    authenticate(engine, user.email, password, f"step-up {user.user_id}", clock)
    with writing(engine) as connection:
        audit.record(connection, clock.now(), "step_up", actor=user.user_id, party_id=user.party_id)
    return StepUp(user.user_id, clock.now())
