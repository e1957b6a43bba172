"""Names of parties that the viewer may know of."""

from __future__ import annotations

from core.errors import RetriableError
from core.scope import Role
from dashboards.runtime import current
from portal import User, scope_of


def party_names(user: User) -> dict[int, str]:
    """Party id -> name. Before anything is published nobody has a name."""
    relation = "dim_party" if user.role is Role.MANUFACTURER else "bridge_visible_parties"
    try:
        rows = current().serving.reader(scope_of(user)).rows(f"select party_id, max(name) from {relation} group by party_id")
    except RetriableError:
        return {}
    return {int(str(row[0])): str(row[1]) for row in rows}
