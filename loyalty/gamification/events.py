"""Events that rules of leg `event` reward: trainings and months of good data, recorded by the distributor for its own retailers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock, Ids
from core.errors import InputRefusedError
from core.store import reading, writing
from loyalty.domain.programme import CHALLENGE_PREFIX, Programme
from loyalty.programme_tables import programme_events

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


def recordable_events(programme: Programme) -> tuple[str, ...]:
    """Names of events that people may record: those that a rule of the programme rewards, but for reached challenges."""
    names = {name for rule in programme.rules if rule.leg == "event" for name in rule.selection.events}
    return tuple(sorted(name for name in names if not name.startswith(CHALLENGE_PREFIX)))


def record_event(
    engine: Engine, programme: Programme, distributor: int, own_members: frozenset[int], new: NewEvent, clock: Clock, ids: Ids, *,
    actor: str,
) -> ProgrammeEvent:  # fmt: skip
    """Record it once: the same member, event, title and day is the same event, whoever says it again. Its points come with the next run.

    Raises InputRefusedError LOY-530 for a member of somebody else (answered like a missing one), LOY-531 for a name that no rule rewards, a
    title that is missing or too long, or a day that is still to come.
    """
    title = " ".join(new.title.split())
    if new.member not in own_members:
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
        row = connection.execute(select(programme_events).where(programme_events.c.event_key == key)).one()
    return ProgrammeEvent(row.event_id, int(row.member_party_id), int(row.distributor_party_id), row.event, row.title, row.occurred_on,
                          row.recorded_at)  # fmt: skip


def events_of_distributor(engine: Engine, programme: Programme, distributor: int) -> list[ProgrammeEvent]:
    """What a distributor has recorded, newest first."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(programme_events)
            .where(programme_events.c.programme_id == programme.programme_id, programme_events.c.distributor_party_id == distributor)
            .order_by(programme_events.c.recorded_at.desc(), programme_events.c.event_id).limit(EVENTS_MAX)
        ).all()  # fmt: skip
    return [
        ProgrammeEvent(
            row.event_id, int(row.member_party_id), distributor, row.event, row.title, row.occurred_on, row.recorded_at
        )
        for row in rows
    ]


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
