"""Spending points: authorised under a lock of the member's row, so that no two spenders see the same points.

redeem   available -> redeemed at once
hold     available -> held; then exactly once: capture (held -> redeemed), release or time-out (held -> available)
cancel   redeemed -> available, into the lots it came from; what expired meanwhile expires at once
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, select

from core.clock import Clock, Ids
from core.errors import ConflictError, InputRefusedError
from core.store import writing
from loyalty.books import Books
from loyalty.domain.programme import Programme
from loyalty.lapsing import lapse_idle
from loyalty.lot_states import LotState, fold
from loyalty.tables import holds, journal, lots, transfers
from loyalty.writing import request_hash


@dataclass(frozen=True, slots=True)
class Redemption:
    """A spending request. `key` is the caller's idempotency key, scoped by programme and member."""

    key: str
    member_party_id: int
    points: int
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Points set aside. `status`: open, captured, released or timed_out."""

    hold_id: str
    journal_id: int
    member_party_id: int
    points: int
    status: str
    expires_at: datetime


def redeem(engine: Engine, programme: Programme, request: Redemption, clock: Clock) -> int:
    """Spend points; returns the journal id. The same key and request give the same answer and no second effect.

    Raises ConflictError LOY-201 (the key stands for another request) or LOY-202 (not enough points).
    """
    with writing(engine) as connection:
        books = Books(connection, programme, programme.currency, clock.now())
        entry, is_new = _spend(books, "redeem", "redeemed", request)
        if is_new:
            books.write()
        return entry


def hold(engine: Engine, programme: Programme, request: Redemption, clock: Clock, ids: Ids) -> Hold:
    """Set points aside until they are captured, released, or `hold_days` are over. Idempotent and refused like `redeem`."""
    with writing(engine) as connection:
        return hold_in(connection, programme, request, clock, ids)


def hold_in(connection: Connection, programme: Programme, request: Redemption, clock: Clock, ids: Ids) -> Hold:
    """The same inside a transaction of the caller."""
    books = Books(connection, programme, programme.currency, clock.now())
    entry, is_new = _spend(books, "hold", "held", request)
    if is_new:
        books.write()
        connection.execute(holds.insert().values(
            hold_id=ids(), journal_id=entry, member_party_id=request.member_party_id, programme_id=programme.programme_id,
            currency=programme.currency, points=request.points, status="open",
            expires_at=clock.now() + timedelta(days=programme.hold_days),
        ))  # fmt: skip
    row = connection.execute(select(holds).where(holds.c.journal_id == entry)).one()
    return Hold(row.hold_id, entry, int(row.member_party_id), int(row.points), row.status, row.expires_at)


def capture(engine: Engine, programme: Programme, hold_id: str, clock: Clock) -> Hold:
    """Spend what is held. A second capture gives the same answer; a hold resolved otherwise raises ConflictError LOY-203."""
    with writing(engine) as connection:
        return resolve_in(connection, programme, hold_id, "captured", clock)


def release(engine: Engine, programme: Programme, hold_id: str, clock: Clock) -> Hold:
    """Give back what is held. A second release gives the same answer; a hold resolved otherwise raises ConflictError LOY-203."""
    with writing(engine) as connection:
        return resolve_in(connection, programme, hold_id, "released", clock)


def time_out_holds(engine: Engine, programme: Programme, clock: Clock) -> int:
    """Release every hold whose time is over; returns how many. Running it twice, or beside a capture, does nothing more."""
    with writing(engine) as connection:
        due = connection.execute(
            select(holds.c.hold_id)
            .where(holds.c.programme_id == programme.programme_id, holds.c.status == "open", holds.c.expires_at <= clock.now())
            .order_by(holds.c.member_party_id, holds.c.journal_id)
        ).all()  # fmt: skip
        return sum(_resolve(connection, programme, row.hold_id, "timed_out", clock)[1] for row in due)


def resolve_in(connection: Connection, programme: Programme, hold_id: str, outcome: str, clock: Clock) -> Hold:
    """Resolve a hold inside a transaction of the caller: at most once, whoever comes first."""
    now_is, _ = _resolve(connection, programme, hold_id, outcome, clock)
    if now_is.status != outcome:
        raise ConflictError(
            "LOY-203", where=f"hold {hold_id}", found=f"one that is {now_is.status} already", expected="an open hold",
            next_step="Look at what became of it; place a new one if the points are still wanted.",
        )  # fmt: skip
    return now_is


def _resolve(connection: Connection, programme: Programme, hold_id: str, outcome: str, clock: Clock) -> tuple[Hold, bool]:
    """(the hold as it is now, whether this call resolved it)."""
    row = connection.execute(
        select(holds).where(holds.c.hold_id == hold_id, holds.c.programme_id == programme.programme_id)
    ).one_or_none()
    if row is None:
        raise _no_such_hold(hold_id)
    books = Books(connection, programme, row.currency, clock.now())
    books.lock_members({int(row.member_party_id), *_owners(connection, int(row.journal_id))})
    won = connection.execute(
        holds.update().where(holds.c.hold_id == hold_id, holds.c.status == "open").values(status=outcome, resolved_at=clock.now())
    ).rowcount
    if won:
        _release_or_capture(books, int(row.member_party_id), int(row.journal_id), outcome)
        books.write()
    status = connection.execute(select(holds.c.status).where(holds.c.hold_id == hold_id)).scalar_one()
    return Hold(hold_id, int(row.journal_id), int(row.member_party_id), int(row.points), status, row.expires_at), bool(won)


def _release_or_capture(books: Books, member: int, hold_entry: int, outcome: str) -> None:
    held = _folded(books.connection, hold_entry, "held")
    kind = "capture" if outcome == "captured" else "release"
    points = sum(held.values())
    if not points:
        return
    key = f"{kind}|{books.programme.programme_id}|{member}|{hold_entry}"
    entry = books.enter(kind, member, key, request_hash(kind, hold_entry), books.now, json.dumps({"points": points, "outcome": outcome}),
                        reverses=hold_entry)  # fmt: skip
    for lot in books.states(held):
        if kind == "capture":
            books.move(entry, member, "held", "redeemed", held[lot.lot_id], lot)
        else:
            _give_back(books, entry, member, "held", held[lot.lot_id], lot)


def give_back_in(
    connection: Connection, programme: Programme, hold_entry: int, member: int, points: int, key: str, clock: Clock
) -> int:
    """Give back part of what a hold set aside or spent, inside a transaction of the caller: into the same lots, last drawn first, with
    their own expiry; returns the journal id.

    Raises ConflictError LOY-204 when more is asked back than is left of it. Idempotent by `key`.
    """
    books = Books(connection, programme, programme.currency, clock.now())
    books.lock_members({member, *_owners(connection, hold_entry)})
    full_key = f"cancel|{programme.programme_id}|{member}|{key}"
    known = _known(connection, full_key, fingerprint := request_hash("cancel", hold_entry, points))
    if known is not None:
        return known
    held, spent = _folded(connection, hold_entry, "held"), _folded(connection, hold_entry, "redeemed")
    if not 0 < points <= sum(held.values()) + sum(spent.values()):
        raise ConflictError(
            "LOY-204", where=f"entry {hold_entry}", found=f"{points} points asked back",
            expected=f"1 to {sum(held.values()) + sum(spent.values())}", next_step="Cancel at most what was redeemed and is not cancelled yet.",
        )  # fmt: skip
    entry = books.enter("cancel", member, full_key, fingerprint, clock.now(), json.dumps({"points": points}), reverses=hold_entry)
    missing = points
    for account, left in (("held", held), ("redeemed", spent)):
        for lot in reversed(books.states(left)):
            taken = min(left[lot.lot_id], missing)
            if taken:
                _give_back(books, entry, member, account, taken, lot)
                missing -= taken
    books.write()
    return entry


def cancel(engine: Engine, programme: Programme, redeemed_entry: int, points: int, key: str, clock: Clock) -> int:
    """Undo a redemption in full or in part. Raises ConflictError LOY-204, InputRefusedError LOY-206 (no such redemption)."""
    with writing(engine) as connection:
        row = connection.execute(
            select(journal.c.member_party_id).where(
                journal.c.journal_id == redeemed_entry,
                journal.c.kind.in_(("redeem", "hold")),
                journal.c.programme_id == programme.programme_id,
            )
        ).one_or_none()
        if row is None:
            raise _no_such_hold(str(redeemed_entry))
        return give_back_in(connection, programme, redeemed_entry, int(row[0]), points, key, clock)


def _give_back(books: Books, entry: int, member: int, account: str, points: int, lot: LotState) -> None:
    """Into the lot it came from; debt is settled first, and what has expired meanwhile expires at once."""
    books.move(entry, member, account, "available", points, lot)
    if books.is_alive(lot):
        books.settle_debt(entry, lot.owner, lot)
    else:
        books.move(entry, member, "available", "breakage", points, lot)


def _spend(books: Books, kind: str, credit: str, request: Redemption) -> tuple[int, bool]:
    """(journal id, whether it is new)."""
    member, programme = request.member_party_id, books.programme
    fingerprint = request_hash(kind, member, programme.programme_id, books.currency, request.points, request.reason)
    key = f"{kind}|{programme.programme_id}|{member}|{request.key}"
    books.lock_members({member})
    known = _known(books.connection, key, fingerprint)
    if known is not None:
        return known, False
    lapse_idle(books, {member})
    alive = [lot for lot in books.lots_of(member) if lot.available and books.is_alive(lot)]
    owed = sum(books.debt_of(one) for one in books.group(member))
    usable = sum(lot.available for lot in alive) - owed
    if request.points < 1 or usable < request.points:
        raise ConflictError(
            "LOY-202", where=f"member {member}", found=f"{max(usable, 0)} points that can be spent",
            expected=f"at least {request.points}", next_step="Spend fewer points, or wait until more are earned.",
        )  # fmt: skip
    explanation = json.dumps({"points": request.points, "reason": request.reason})
    entry = books.enter(kind, member, key, fingerprint, books.now, explanation)
    books.take(entry, member, "available", credit, request.points, alive)
    return entry, True


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


def _folded(connection: Connection, entry: int, account: str) -> dict[int, int]:
    """Lot -> points of an account that an entry and those that refer to it left there."""
    rows = connection.execute(
        select(transfers.c.lot_id, fold(account))
        .join(journal, journal.c.journal_id == transfers.c.journal_id)
        .where((journal.c.journal_id == entry) | (journal.c.reverses_journal_id == entry), transfers.c.lot_id.is_not(None))
        .group_by(transfers.c.lot_id).having(func.abs(fold(account)) > 0)
    )  # fmt: skip
    return {int(lot_id): int(points) for lot_id, points in rows}


def _owners(connection: Connection, entry: int) -> set[int]:
    """Whose lots an entry drew from: after a split they may be others than the member that spent."""
    rows = connection.execute(
        select(lots.c.member_party_id).distinct()
        .join(transfers, transfers.c.lot_id == lots.c.lot_id).where(transfers.c.journal_id == entry)
    )  # fmt: skip
    return {int(row[0]) for row in rows}


def _no_such_hold(name: str) -> InputRefusedError:
    return InputRefusedError(
        "LOY-206", where=f"redemption {name}", found="none of that id", expected="a redemption of this programme",
        next_step="Check the id.",
    )  # fmt: skip
