"""Who is merged with whom now."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from loyalty.tables import member_merges


def groups_of(connection: Connection) -> dict[int, tuple[int, ...]]:
    """Everybody who is merged now: member -> all members of its group, by id."""
    groups: dict[int, set[int]] = {}
    for member, into in current_merges(connection).items():
        groups.setdefault(into, {into}).add(member)
    return {one: tuple(sorted(group)) for group in groups.values() for one in group}


def current_merges(connection: Connection) -> dict[int, int]:
    """Member -> the member it is part of."""
    newest = select(func.max(member_merges.c.merge_id)).group_by(member_merges.c.member_party_id)
    rows = connection.execute(
        select(member_merges.c.member_party_id, member_merges.c.into_party_id)
        .where(member_merges.c.merge_id.in_(newest), member_merges.c.is_undone == 0)
    )  # fmt: skip
    return {int(row[0]): int(row[1]) for row in rows}
