"""Opting out of challenges and leagues, and in again. Who is out is nobody's peer and reaches nothing; points go on as before."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock
from core.store import reading, writing
from loyalty.domain.programme import Programme
from loyalty.programme_tables import opt_outs


def opt_out(engine: Engine, programme: Programme, member: int, clock: Clock) -> None:
    """From now on without challenges and leagues. Doing it twice does nothing more."""
    with writing(engine) as connection:
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(
            make(opt_outs)
            .values(programme_id=programme.programme_id, member_party_id=member, opted_out_at=clock.now())
            .on_conflict_do_nothing()
        )


def opt_in(engine: Engine, programme: Programme, member: int) -> None:
    """Take part again; what was bought meanwhile counts."""
    with writing(engine) as connection:
        connection.execute(
            opt_outs.delete().where(opt_outs.c.programme_id == programme.programme_id, opt_outs.c.member_party_id == member)
        )


def has_opted_out(engine: Engine, programme: Programme, member: int) -> bool:
    """Whether the member is out."""
    with reading(engine) as connection:
        return member in opted_out_in(connection, programme)


def opted_out_in(connection: Connection, programme: Programme) -> frozenset[int]:
    """Everybody who is out."""
    rows = connection.execute(select(opt_outs.c.member_party_id).where(opt_outs.c.programme_id == programme.programme_id))
    return frozenset(int(row[0]) for row in rows)
