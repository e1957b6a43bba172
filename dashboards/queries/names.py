"""Names of parties that the viewer may know of."""

from __future__ import annotations

from core.errors import AccessDeniedError, RetriableError
from core.scope import Role
from dashboards.runtime import current
from loyalty import Programme
from portal import User, scope_of


def party_names(user: User) -> dict[int, str]:
    """Party id -> name. Before anything is published nobody has a name."""
    relation = "dim_party" if user.role is Role.MANUFACTURER else "bridge_visible_parties"
    try:
        rows = current().serving.reader(scope_of(user)).rows(f"select party_id, max(name) from {relation} group by party_id")
    except RetriableError:
        return {}
    return {int(str(row[0])): str(row[1]) for row in rows}


def programme_owner(user: User, programme: Programme) -> int | None:
    """The manufacturer that a programme belongs to: the one that it names, else the only one; None: nobody, or nothing is published.

    Only a manufacturer may know of manufacturers."""
    sql = "select party_id, party_ref from dim_party where kind = 'manufacturer' and not is_unknown"
    try:
        rows = current().serving.reader(scope_of(user)).rows(sql)
    except (AccessDeniedError, RetriableError):
        return None
    wanted = programme.manufacturer_ref
    found = [int(str(row[0])) for row in rows if wanted is None or row[1] == wanted]
    return found[0] if len(found) == 1 else None
