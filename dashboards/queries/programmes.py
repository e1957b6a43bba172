"""Which points programmes somebody may know of, each with its owner as published now. Default is deny.

    manufacturer   its own        distributor   the manufacturer's, and its own        retailer   the manufacturer's, and those of its distributors

A distributor's own programme is its secret: the manufacturer and other distributors do not learn that there is one.
"""

from __future__ import annotations

from core.errors import RetriableError
from core.scope import Role
from dashboards.runtime import current
from loyalty import Programme, active_programmes
from loyalty.members import takes_part
from loyalty.owning import owner_among
from portal import User, scope_of


def visible_programmes(user: User) -> list[Programme]:
    """The programmes that a person may read of, in the order of their files."""
    known = {kind: _parties(user, kind) for kind in ("manufacturer", "distributor")}
    owned = [one.owned_by(owner_among(one, known[one.owner_kind])) for one in active_programmes(current().settings.root)]
    return [one for one in owned if _may_see(user, one)]


def own_programmes(user: User) -> list[Programme]:
    """Those that the person's party runs."""
    return [one for one in visible_programmes(user) if one.owner_id == user.party_id and one.owner_kind == str(user.role)]


def _may_see(user: User, programme: Programme) -> bool:
    if user.role is Role.MANUFACTURER:
        return not programme.is_distributors and programme.owner_id == user.party_id
    if user.role is Role.DISTRIBUTOR:
        return not programme.is_distributors or programme.owner_id == user.party_id
    if user.role is Role.RETAILER:
        buys_there = programme.owner_id is not None
        return not programme.is_distributors or buys_there or takes_part(current().store, programme, user.party_id)
    return False


def _parties(user: User, kind: str) -> list[tuple[object, ...]]:
    """(party id, number in the master) of parties of a kind that the person knows. Only a manufacturer may tell whose a manufacturer's programme
    is; everybody else knows only its own trade partners, among which it may be the only one by chance."""
    if kind == "manufacturer" and user.role is not Role.MANUFACTURER:
        return []
    relation = "dim_party" if user.role is Role.MANUFACTURER else "bridge_visible_parties"
    try:
        reader = current().serving.reader(scope_of(user))
        return reader.rows(f"select distinct party_id, party_ref from {relation} where kind = $kind", {"kind": kind})
    except RetriableError:
        return []
