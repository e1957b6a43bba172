"""Spending points: authorised under a lock of the member's row, so that no two spenders see the same points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from core.clock import Clock
from core.errors import ConflictError
from core.store import writing
from loyalty.books import Books
from loyalty.domain.points import draw
from loyalty.posting import request_hash
from loyalty.tables import journal


@dataclass(frozen=True, slots=True)
class Redemption:
    """A spending request. `key` is the caller's idempotency key."""

    key: str
    member_party_id: int
    programme_id: str
    currency: str
    points: int
    reason: str


def redeem(engine: Engine, request: Redemption, clock: Clock) -> int:
    """Spend points; returns the journal id. The same key and request give the same answer and no second effect.

    Raises ConflictError LOY-201 (the key stands for another request) or LOY-202 (not enough points).
    """
    fingerprint = request_hash(
        "redeem", request.member_party_id, request.programme_id, request.currency, request.points, request.reason
    )
    key = f"redeem|{request.programme_id}|{request.member_party_id}|{request.key}"
    with writing(engine) as connection:
        books = Books(connection, request.programme_id, request.currency, clock.now())
        books.lock_members({request.member_party_id})
        known = _known(connection, key, fingerprint)
        return known if known is not None else _spend(books, request, key, fingerprint, clock.now())


def _known(connection: Connection, key: str, fingerprint: str) -> int | None:
    row = connection.execute(
        select(journal.c.journal_id, journal.c.request_hash).where(journal.c.idempotency_key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.request_hash != fingerprint:
        raise ConflictError(
            "LOY-201", where=f"idempotency key {key}", found="another request under the same key", expected="the same request",
            next_step="Use a new key for a new request.",
        )  # fmt: skip
    return int(row.journal_id)


def _spend(books: Books, request: Redemption, key: str, fingerprint: str, now: datetime) -> int:
    draws = draw(books.open_lots(request.member_party_id), request.points, now)
    drawn = sum(taken.points for taken in draws)
    if request.points < 1 or drawn < request.points:
        raise ConflictError(
            "LOY-202", where=f"member {request.member_party_id}", found=f"{drawn} points that can be spent",
            expected=f"at least {request.points}", next_step="Spend fewer points, or wait until more are earned.",
        )  # fmt: skip
    entry = books.enter("redeem", request.member_party_id, key, fingerprint, now, f'{{"points": {request.points}}}')
    for taken in draws:
        books.move(entry, request.member_party_id, "available", "redeemed", taken.points, taken.lot_id)
    books.write()
    return entry
