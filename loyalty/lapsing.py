"""Points that expire: one entry per member and moment, dated by that moment.

Points that live by activity are written off before new activity is recorded, else a late expiry job would let them come back to life.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select

from loyalty.books import Books
from loyalty.lot_states import LotState, fold
from loyalty.tables import lots, transfers
from loyalty.writing import request_hash


def lapse_idle(books: Books, wanted: Iterable[int]) -> int:
    """Write off what these members, and those merged with them, kept idle for too long; returns the points. Lock them first."""
    if not any(rule.expiry.inactivity_months for rule in books.programme.rules):
        return 0
    owners = sorted({one for member in wanted for one in books.group(member)})
    if not owners:
        return 0
    found = with_balance(books, "available", lots.c.idle_months.is_not(None) & lots.c.member_party_id.in_(owners))
    return expire_over(books, found)


def expire_idle_lots(books: Books, came: Sequence[LotState]) -> None:
    """Write off at once which of these lots are over already, so that later entries of the same batch do not bring them back."""
    expire_over(books, [(lot.owner, lot.lot_id) for lot in came if lot.idle_months is not None and lot.available])


def expire_over(books: Books, candidates: Sequence[tuple[int, int]]) -> int:
    """Write off which of these (owner, lot) are over; returns the points."""
    expired = 0
    for owner in sorted({owner for owner, _ in candidates}):
        over: dict[datetime, list[LotState]] = {}
        for lot in books.states([lot_id for who, lot_id in candidates if who == owner]):
            expires_at = books.expiry(lot)
            if lot.available and expires_at is not None and expires_at <= books.now:
                over.setdefault(expires_at, []).append(lot)
        for moment, gone in over.items():
            expired += _expire(books, owner, moment, gone)
    return expired


def _expire(books: Books, member: int, moment: datetime, gone: Sequence[LotState]) -> int:
    points = sum(lot.available for lot in gone)
    key = f"expire|{books.programme.programme_id}|{member}|{gone[0].lot_id}|{moment.isoformat()}"
    entry = books.enter("expire", member, key, request_hash("expire", member, points), moment, json.dumps({"points": points}))
    for lot in gone:
        books.move(entry, member, "available", "breakage", lot.available, lot)
    return points


def with_balance(books: Books, account: str, condition: ColumnElement[bool]) -> list[tuple[int, int]]:
    """(owner, lot) of this book that fulfil a condition and have a balance."""
    rows = books.connection.execute(
        select(lots.c.member_party_id, lots.c.lot_id)
        .join(transfers, transfers.c.lot_id == lots.c.lot_id)
        .where(lots.c.programme_id == books.programme.programme_id, lots.c.currency == books.currency, condition)
        .group_by(lots.c.member_party_id, lots.c.lot_id).having(fold(account) > 0)
    )  # fmt: skip
    return [(int(owner), int(lot_id)) for owner, lot_id in rows]
