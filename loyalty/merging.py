"""Merging members: a reversible map, not a move. Every lot keeps its owner and id; a group's lots are one purse.

So a split needs no arithmetic: totals and lots are what they were, less what was spent from each lot meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from core.clock import Clock
from core.errors import ConflictError
from core.store import reading, writing
from loyalty.books import Books
from loyalty.domain.programme import Programme
from loyalty.groups import current_merges
from loyalty.groups import groups_of as groups_of
from loyalty.lapsing import lapse_idle
from loyalty.tables import member_merges
from loyalty.writing import POSTING_LOCK


def merge_members(
    engine: Engine, member: int, into: int, reason: str, clock: Clock, *, actor: str | None = None, programmes: Sequence[Programme] = ()
) -> int:  # fmt: skip
    """From now on `member` is part of `into`; returns the merge's id. Raises ConflictError LOY-205 when one is merged already.

    `programmes`: where points live by activity, what either kept idle for too long is written off first, so that the other's activity
    does not bring it back.
    """
    with writing(engine) as connection:
        _lock(connection)
        current = current_merges(connection)
        if member == into or member in current or into in current or member in current.values():
            raise ConflictError(
                "LOY-205", where=f"members {member} and {into}", found="a member that is part of another, or has others",
                expected="two members that stand alone, or one that takes in a further one", next_step="Undo the earlier merge first.",
            )  # fmt: skip
        for programme in programmes:
            books = Books(connection, programme, programme.currency, clock.now())
            books.lock_members({member, into})
            lapse_idle(books, {member, into})
            books.write()
        return _record(connection, member, into, 0, reason, clock, actor)


def split_members(engine: Engine, member: int, reason: str, clock: Clock, *, actor: str | None = None) -> int:
    """Undo a merge; returns the id of the new record. Raises ConflictError LOY-205 when the member is not merged."""
    with writing(engine) as connection:
        _lock(connection)
        into = current_merges(connection).get(member)
        if into is None:
            raise ConflictError(
                "LOY-205", where=f"member {member}", found="no merge", expected="a member that is part of another",
                next_step="Check the member's id.",
            )  # fmt: skip
        return _record(connection, member, into, 1, reason, clock, actor)


def group_of(engine: Engine, member: int) -> tuple[int, ...]:
    """The member and everybody merged with it, by id."""
    with reading(engine) as connection:
        return groups_of(connection).get(member, (member,))


def _record(connection: Connection, member: int, into: int, is_undone: int, reason: str, clock: Clock, actor: str | None) -> int:
    made = connection.execute(
        member_merges.insert().values(
            member_party_id=member,
            into_party_id=into,
            is_undone=is_undone,
            recorded_at=clock.now(),
            actor=actor,
            reason=reason[:300],
        )
    )
    key = made.inserted_primary_key
    return int(key[0]) if key is not None else 0


def _lock(connection: Connection) -> None:
    """One merge at a time, and none while somebody posts: PostgreSQL's shared posting lock is taken alone."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({POSTING_LOCK})")
