"""The manufacturer decides which parties of different sources are one company; nobody else does."""

from __future__ import annotations

from sqlalchemy import Engine

from core.clock import Clock
from core.errors import AccessDeniedError
from core.scope import Role
from core.store import writing
from ingestion.matching import Decision, PartyKey, decide, decisions
from ingestion.matching.decisions import Verdict
from portal import audit
from portal.accounts import User


def decide_match(store: Engine, user: User, party: PartyKey, into: PartyKey, verdict: Verdict, clock: Clock) -> int:
    """Record the manufacturer's verdict. Raises AccessDeniedError ACC-302 for anybody else, ConflictError ING-701."""
    _need_manufacturer(user)
    number = decide(store, party, into, verdict, clock, actor=user.user_id)
    with writing(store) as connection:
        audit.record(connection, clock.now(), f"match_{verdict}", actor=user.user_id, party_id=user.party_id, source=party.source_id,
                     party=party.party_ref, into_source=into.source_id, into_party=into.party_ref)  # fmt: skip
    return number


def decided_matches(store: Engine, user: User) -> list[Decision]:
    """Verdicts that hold now, newest first. Raises AccessDeniedError ACC-302 for anybody but the manufacturer."""
    _need_manufacturer(user)
    return decisions(store)


def _need_manufacturer(user: User) -> None:
    if user.role is not Role.MANUFACTURER:
        raise AccessDeniedError("ACC-302", where="matching of parties", found=f"a {user.role}", expected="the manufacturer",
                                next_step="Ask the manufacturer.")  # fmt: skip
