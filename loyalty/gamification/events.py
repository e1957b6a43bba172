"""Events that rules of leg `event` reward: trainings and months of good data, recorded by the distributor for its own retailers.

Nothing is edited: taking an event back is an action of its own, after which the next run reverses its points; recording it again lets it stand
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock, Ids
from core.errors import InputRefusedError
from core.store import reading, writing
from loyalty.domain.programme import CHALLENGE_PREFIX, Programme
from loyalty.programme_tables import programme_event_actions, programme_events

TITLE_MAX = 200
EVENTS_MAX = 500


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What happened: `event` is a name that a rule of the programme rewards, `title` says which training or month it was."""

    member: int
    event: str
    title: str
    occurred_on: date


@dataclass(frozen=True, slots=True)
class ProgrammeEvent:
    """An event as it was recorded."""

    event_id: str
    member: int
    distributor: int
    event: str
    title: str
    occurred_on: date
    recorded_at: datetime
    is_undone: bool = False


def recordable_events(programme: Programme) -> tuple[str, ...]:
    """Names of events that people may record: those that a rule of the programme rewards, but for reached challenges."""
    names = {name for rule in programme.rules if rule.leg == "event" for name in rule.selection.events}
    return tuple(sorted(name for name in names if not name.startswith(CHALLENGE_PREFIX)))


def record_event(
    engine: Engine, programme: Programme, distributor: int, own_members: frozenset[int], new: NewEvent, clock: Clock, ids: Ids, *,
    actor: str,
) -> ProgrammeEvent:  # fmt: skip
    """Record it once: the same member, event, title and day is the same event, whoever says it again. Its points come with the next run.
    One that was taken back stands again.

    Raises InputRefusedError LOY-530 for a member of somebody else, or in another distributor's programme (answered like a missing one), LOY-531 for a name that no rule rewards, a
    title that is missing or too long, or a day that is still to come.
    """
    title = " ".join(new.title.split())
    if new.member not in own_members or not programme.looks_at(distributor):
        raise InputRefusedError(
            "LOY-530", where=f"member {new.member}", found="none of yours", expected="one of your retailers",
            next_step="Choose one of your retailers.",
        )  # fmt: skip
    today = clock.now().astimezone(ZoneInfo(programme.time_zone)).date()
    if new.event not in recordable_events(programme) or not 0 < len(title) <= TITLE_MAX or new.occurred_on > today:
        raise InputRefusedError(
            "LOY-531", where="event", found=f"{new.event} on {new.occurred_on}, {len(title)} characters of title",
            expected=f"one of {', '.join(recordable_events(programme)) or 'no events at all'}; a title; a day up to {today}",
            next_step="Correct what was entered.",
        )  # fmt: skip
    key = f"{programme.programme_id}|{new.event}|{new.member}|{new.occurred_on.isoformat()}|{title.casefold()}"[:200]
    with writing(engine) as connection:
        insert_event(connection, programme, key, new.member, distributor, new.event, title, new.occurred_on, clock, ids, actor)
        row = connection.execute(select(programme_events).where(programme_events.c.event_key == key).with_for_update()).one()
        if row.event_id in undone_events(connection, [row.event_id]):
            _act(connection, row.event_id, clock, actor, is_undone=False)
    return _event(row, is_undone=False)


def undo_event(
    engine: Engine, programme: Programme, distributor: int, event_id: str, clock: Clock, *, actor: str
) -> ProgrammeEvent:
    """Take an event back that this distributor recorded: the next run reverses its points. Twice changes nothing more.

    Raises InputRefusedError LOY-532 for a missing one, one of somebody else (answered alike), and a reached challenge.
    """
    with writing(engine) as connection:
        row = connection.execute(
            select(programme_events).where(
                programme_events.c.event_id == event_id, programme_events.c.programme_id == programme.programme_id,
                programme_events.c.distributor_party_id == distributor,
            ).with_for_update()
        ).one_or_none()  # fmt: skip
        if row is None or row.event.startswith(CHALLENGE_PREFIX):
            raise InputRefusedError(
                "LOY-532", where=f"event {event_id}", found="none that you recorded", expected="one of your own list",
                next_step="Choose one of the events that you recorded.",
            )  # fmt: skip
        if event_id not in undone_events(connection, [event_id]):
            _act(connection, event_id, clock, actor, is_undone=True)
    return _event(row, is_undone=True)


def undone_events(connection: Connection, event_ids: Sequence[str] | None = None) -> set[str]:
    """Ids of events that are taken back now, of these or of all."""
    newest = select(func.max(programme_event_actions.c.action_no)).group_by(programme_event_actions.c.event_id)
    if event_ids is not None:
        newest = newest.where(programme_event_actions.c.event_id.in_(event_ids))
    rows = connection.execute(
        select(programme_event_actions.c.event_id).where(
            programme_event_actions.c.action_no.in_(newest), programme_event_actions.c.is_undone == 1
        )
    )
    return {str(row[0]) for row in rows}


def _act(connection: Connection, event_id: str, clock: Clock, actor: str, *, is_undone: bool) -> None:
    connection.execute(
        programme_event_actions.insert().values(event_id=event_id, is_undone=int(is_undone), recorded_at=clock.now(), actor=actor)
    )


def _event(row: Row[Any], *, is_undone: bool) -> ProgrammeEvent:
    return ProgrammeEvent(row.event_id, int(row.member_party_id), int(row.distributor_party_id), row.event, row.title, row.occurred_on,
                          row.recorded_at, is_undone)  # fmt: skip


def events_of_distributor(engine: Engine, programme: Programme, distributor: int) -> list[ProgrammeEvent]:
    """What a distributor has recorded, newest first."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(programme_events)
            .where(programme_events.c.programme_id == programme.programme_id, programme_events.c.distributor_party_id == distributor)
            .order_by(programme_events.c.recorded_at.desc(), programme_events.c.event_id).limit(EVENTS_MAX)
        ).all()  # fmt: skip
        undone = undone_events(connection, [row.event_id for row in rows])
    return [_event(row, is_undone=row.event_id in undone) for row in rows]


def insert_event(
    connection: Connection, programme: Programme, key: str, member: int, distributor: int, event: str, title: str, occurred_on: date,
    clock: Clock, ids: Ids, actor: str | None,
) -> bool:  # fmt: skip
    """One row, unless the key is known; whether it is new."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return bool(connection.execute(
        make(programme_events).values(
            event_id=ids(), event_key=key, programme_id=programme.programme_id, member_party_id=member, distributor_party_id=distributor,
            event=event, title=title, occurred_on=occurred_on, recorded_at=clock.now(), actor=actor,
        ).on_conflict_do_nothing()
    ).rowcount)  # fmt: skip
