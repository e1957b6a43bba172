"""The tier that a member holds, out of its recorded spans."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from loyalty.domain.programme import Programme
from loyalty.merging import groups_of
from loyalty.programme_tables import tier_spans


def tiers_of(connection: Connection, programme: Programme, wanted: Sequence[int]) -> dict[int, str]:
    """Member -> the tier held now; who has no span holds the lowest. Merged members hold the highest of their group."""
    if not programme.tiers:
        return {}
    newest = (
        select(tier_spans.c.member_party_id, func.max(tier_spans.c.decision_no).label("decision_no"))
        .where(tier_spans.c.programme_id == programme.programme_id).group_by(tier_spans.c.member_party_id).subquery()
    )  # fmt: skip
    rows = connection.execute(
        select(tier_spans.c.member_party_id, tier_spans.c.tier)
        .join(newest, (newest.c.member_party_id == tier_spans.c.member_party_id) & (newest.c.decision_no == tier_spans.c.decision_no))
        .where(tier_spans.c.programme_id == programme.programme_id).order_by(tier_spans.c.ordinal)
    )  # fmt: skip
    held = {int(member): str(tier) for member, tier in rows}
    groups = groups_of(connection)
    names = [tier.tier for tier in programme.tiers]

    def highest(member: int) -> str:
        return max((held.get(one, names[0]) for one in groups.get(member, (member,))), key=lambda tier: level(programme, tier))

    return {member: highest(member) for member in wanted}


def level(programme: Programme, tier: str | None) -> int:
    """How high a tier stands, 0 for the lowest and for names that the programme has no more."""
    return next((index for index, one in enumerate(programme.tiers) if one.tier == tier), 0)
