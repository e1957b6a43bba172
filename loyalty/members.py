"""What a distributor may know of its members beside what they earn with it. Balances are not among it: a retailer that buys from several
distributors earns with all of them, and its balance would tell each what the others sell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from core.store import reading
from loyalty.domain.programme import Programme
from loyalty.groups import current_merges, groups_of
from loyalty.programme_tables import reward_order_lines, reward_orders
from loyalty.standing import tiers_of
from loyalty.tables import members


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """One member: its tier, whose part it is now, and points of its open orders of rewards at this distributor."""

    member: int
    tier: str | None
    merged_into: int | None
    points_ordered: int


def standings_of(engine: Engine, programme: Programme, distributor: int, wanted: Sequence[int]) -> dict[int, MemberStanding]:
    """These members, as that distributor may see them."""
    kept = reward_order_lines.c.quantity - reward_order_lines.c.quantity_cancelled
    with reading(engine) as connection:
        rows = connection.execute(
            select(reward_orders.c.member_party_id, func.sum(kept * reward_order_lines.c.points_each))
            .join(reward_order_lines, reward_order_lines.c.reward_order_id == reward_orders.c.reward_order_id)
            .where(reward_orders.c.programme_id == programme.programme_id, reward_orders.c.distributor_party_id == distributor,
                   reward_orders.c.status.in_(("ordered", "shipped"))).group_by(reward_orders.c.member_party_id)
        )  # fmt: skip
        ordered = {int(member): int(points) for member, points in rows}
        tiers, merged = tiers_of(connection, programme, wanted), current_merges(connection)
    return {member: MemberStanding(member, tiers.get(member), merged.get(member), ordered.get(member, 0)) for member in wanted}


def takes_part(engine: Engine, programme: Programme, member: int) -> bool:
    """Whether the member, or whoever is merged with it, has books in a programme."""
    with reading(engine) as connection:
        group = groups_of(connection).get(member, (member,))
        found = connection.execute(
            select(members.c.member_party_id).where(
                members.c.member_party_id.in_(group), members.c.programme_id == programme.programme_id
            ).limit(1)
        )  # fmt: skip
        return found.first() is not None
