"""Whose programme it is. A file names its owner by the owner's number in the master; which party that is only the published master knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.scope import Scope
from loyalty.domain.programme import Programme

PARTIES = "select party_id, party_ref from mart.dim_party where kind = $kind and not is_unknown"


def owner_among(programme: Programme, parties: Iterable[tuple[object, ...]]) -> int | None:
    """The owner among (party id, number in the master) of parties of its kind: the one with the named number. A programme that names nobody is
    the only manufacturer's. None: nobody's, or not clear whose; then nobody runs it."""
    wanted = programme.distributor_ref or programme.manufacturer_ref
    found = {int(str(party_id)) for party_id, party_ref in parties if wanted is None or party_ref == wanted}
    return found.pop() if len(found) == 1 else None


def runs(scope: Scope, programme: Programme, owner: int | None) -> bool:
    """Whether the asker acts for the owner of a programme. `owner` None: nobody does."""
    return owner is not None and str(scope.role) == programme.owner_kind and owner in scope.party_ids


def owned(connection: Any, programme: Programme) -> Programme:
    """The programme with its owner, as the marts (`mart`) know it now; one whose owner is known already as it is."""
    if programme.owner_id is not None:
        return programme
    rows = connection.cursor().execute(PARTIES, {"kind": programme.owner_kind}).fetchmany(1_000_000)
    return programme.owned_by(owner_among(programme, rows))
