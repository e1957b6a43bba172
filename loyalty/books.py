"""The books of one transaction: entries, lots and transfers are collected in memory and written in bulk at its end.

Balances of members that the transaction touches are kept as they will be, so that later documents in the same batch see
what earlier ones did.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from loyalty.domain.points import OpenLot
from loyalty.tables import journal, lots, members, transfers

POSTING_LOCK = 7_401_312
"""PostgreSQL advisory lock: writers share it, whoever needs a gapless view of ids (export, seal) takes it alone."""

IDS_PER_GRAB = 5_000


class Books:
    """Collects what one transaction posts for one programme and currency of points. Use inside `writing`."""

    def __init__(self, connection: Connection, programme_id: str, currency: str, now: datetime) -> None:
        self._connection = connection
        self._programme_id = programme_id
        self._currency = currency
        self._now = now
        self._entries: list[dict[str, object]] = []
        self._by_cause: dict[str | None, list[dict[str, object]]] = defaultdict(list)
        self._lots: list[dict[str, object]] = []
        self._transfers: list[dict[str, object]] = []
        self._available: dict[int, int] = defaultdict(int)
        self._owed: dict[int, int] = defaultdict(int)
        self._known_debt: dict[int, int] = {}
        self._left: dict[int, int] = {}
        self._ids: dict[str, list[int]] = {"journal": [], "lot": [], "transfer": []}
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock_shared(:lock)"), {"lock": POSTING_LOCK})

    def lock_members(self, wanted: set[int]) -> None:
        """Lock the members' rows in one order, and read what they owe: nobody else posts to them until this ends."""
        zeros = [self._zero(member) for member in sorted(wanted)]
        if not zeros:
            return
        self._connection.execute(self._insert().on_conflict_do_nothing(), zeros)
        ordered = sorted(wanted)
        for start in range(0, len(ordered), IDS_PER_GRAB):
            rows = self._connection.execute(
                select(members.c.member_party_id, members.c.points_debt)
                .where(members.c.member_party_id.in_(ordered[start : start + IDS_PER_GRAB]), *self._book())
                .order_by(members.c.member_party_id).with_for_update()
            )  # fmt: skip
            self._known_debt |= {int(member): int(debt) for member, debt in rows}

    def _zero(self, member: int) -> dict[str, object]:
        return {"member_party_id": member, "programme_id": self._programme_id, "currency": self._currency,
                "points_available": 0, "points_debt": 0}  # fmt: skip

    def _insert(self) -> sqlite.Insert | postgresql.Insert:
        return postgresql.insert(members) if self._connection.dialect.name == "postgresql" else sqlite.insert(members)

    def enter(
        self, kind: str, member: int, key: str, request_hash: str, effective_at: datetime, explanation: str, *,
        cause: str | None = None, source_id: str | None = None, document_no: str | None = None, rule_id: str | None = None,
        rule_version: int | None = None, reverses: int | None = None,
    ) -> int:  # fmt: skip
        """A new journal entry; returns its id."""
        journal_id = self._next("journal")
        entry: dict[str, object] = {
            "journal_id": journal_id,
            "idempotency_key": key,
            "request_hash": request_hash,
            "kind": kind,
            "member_party_id": member,
            "effective_at": effective_at,
            "recorded_at": self._now,
            "cause": cause,
            "source_id": source_id,
            "document_no": document_no,
            "programme_id": self._programme_id,
            "rule_id": rule_id,
            "rule_version": rule_version,
            "currency": self._currency,
            "reverses_journal_id": reverses,
            "explanation": explanation,
        }
        self._entries.append(entry)
        self._by_cause[cause].append(entry)
        return journal_id

    def move(self, entry: int, member: int, debit: str, credit: str, points: int, lot_id: int | None) -> None:
        """One transfer: `points` from the debit account to the credit account."""
        self._transfers.append({
            "transfer_id": self._next("transfer"), "journal_id": entry, "debit_account": debit, "credit_account": credit,
            "member_party_id": member, "lot_id": lot_id, "points": points,
        })  # fmt: skip
        if debit == "available":
            self._available[member] -= points
            if lot_id is not None:
                self._left[lot_id] = self._points_left(lot_id) - points
        if credit == "available":
            self._available[member] += points
            if lot_id is not None:
                self._left[lot_id] = self._left.get(lot_id, 0) + points

    def credit_lot(self, entry: int, member: int, points: int, *, earned_at: datetime, expires_at: datetime | None) -> None:
        """Open a lot and let it settle debt first."""
        lot_id = self._next("lot")
        self._lots.append({
            "lot_id": lot_id, "journal_id": entry, "member_party_id": member, "programme_id": self._programme_id,
            "currency": self._currency, "points": points, "earned_at": earned_at, "posted_at": self._now,
            "available_at": self._now, "expires_at": expires_at,
        })  # fmt: skip
        self._left[lot_id] = 0
        self.move(entry, member, "liability", "available", points, lot_id)
        settled = min(points, self.debt(member))
        if settled:
            self.move(entry, member, "available", "debt", settled, lot_id)
            self._owed[member] -= settled

    def owe(self, entry: int, member: int, points: int) -> None:
        """Points to take back that are spent already."""
        self.move(entry, member, "debt", "liability", points, None)
        self._owed[member] += points

    def debt(self, member: int) -> int:
        """What the member owes, this transaction included."""
        return self._known_debt.get(member, 0) + self._owed[member]

    def open_lots(self, member: int) -> list[OpenLot]:
        """The member's lots with points left, this transaction included."""
        return self._lots_where(lots.c.member_party_id == member, [lot for lot in self._lots if lot["member_party_id"] == member])

    def open_lots_of_cause(self, cause: str, member: int) -> list[OpenLot]:
        """The lots that a cause gave to a member, with points left."""
        own_entries = {e["journal_id"] for e in self._by_cause[cause] if e["member_party_id"] == member}
        condition = lots.c.journal_id.in_(
            select(journal.c.journal_id).where(journal.c.cause == cause, journal.c.member_party_id == member)
        )
        return self._lots_where(condition, [lot for lot in self._lots if own_entries and lot["journal_id"] in own_entries])

    def count(self, kind: str) -> int:
        """Entries of that kind."""
        return sum(entry["kind"] == kind for entry in self._entries)

    def points(self, kind: str) -> int:
        """Points that entries of that kind moved to or from the programme's liability."""
        ids = {entry["journal_id"] for entry in self._entries if entry["kind"] == kind}
        return sum(
            int(str(t["points"]))
            for t in self._transfers
            if t["journal_id"] in ids and "liability" in (t["debit_account"], t["credit_account"])
        )

    def write(self) -> None:
        """Write everything, and fold it into the members' cached balances."""
        for table, rows in ((journal, self._entries), (lots, self._lots), (transfers, self._transfers)):
            if rows:
                self._connection.execute(table.insert(), rows)
        touched = self._available.keys() | self._owed.keys()
        if touched:
            self._fold([
                {"member": member, "available": self._available[member], "debt": self._owed[member]} for member in sorted(touched)
            ])  # fmt: skip

    def _fold(self, changes: list[dict[str, int]]) -> None:
        """Add to the cached balances of members that `lock_members` has locked."""
        self._connection.execute(
            members.update()
            .where(members.c.member_party_id == bindparam("member"), *self._book())
            .values(
                points_available=members.c.points_available + bindparam("available"),
                points_debt=members.c.points_debt + bindparam("debt"),
            ),
            changes,
        )

    def _book(self) -> tuple[ColumnElement[bool], ...]:
        return (members.c.programme_id == self._programme_id, members.c.currency == self._currency)

    def _lots_where(self, condition: ColumnElement[bool], own: list[dict[str, object]]) -> list[OpenLot]:
        rows = self._connection.execute(
            select(lots.c.lot_id, lots.c.earned_at, lots.c.expires_at).where(
                condition, lots.c.programme_id == self._programme_id, lots.c.currency == self._currency
            )
        ).all()
        known = {int(row.lot_id): (row.earned_at, row.expires_at) for row in rows}
        known |= {int(str(lot["lot_id"])): (lot["earned_at"], lot["expires_at"]) for lot in own}
        self._load_left([lot_id for lot_id in known if lot_id not in self._left])
        return [OpenLot(lot_id, self._left[lot_id], *known[lot_id]) for lot_id in sorted(known) if self._left[lot_id] > 0]

    def _points_left(self, lot_id: int) -> int:
        if lot_id not in self._left:
            self._load_left([lot_id])
        return self._left[lot_id]

    def _load_left(self, lot_ids: list[int]) -> None:
        """Points left in a lot: what came into `available` less what left it."""
        signed = case((transfers.c.credit_account == "available", transfers.c.points),
                      (transfers.c.debit_account == "available", -transfers.c.points), else_=0)  # fmt: skip
        for start in range(0, len(lot_ids), IDS_PER_GRAB):
            rows = self._connection.execute(
                select(transfers.c.lot_id, func.sum(signed))
                .where(transfers.c.lot_id.in_(lot_ids[start : start + IDS_PER_GRAB]))
                .group_by(transfers.c.lot_id)
            )
            for lot_id, left in rows:
                self._left[int(lot_id)] = int(left)

    def _next(self, name: str) -> int:
        if not self._ids[name]:
            self._ids[name] = self._grab(name)[::-1]
        return self._ids[name].pop()

    def _grab(self, name: str) -> list[int]:
        if self._connection.dialect.name == "postgresql":
            rows = self._connection.execute(
                text("select nextval(cast(:name as regclass)) from generate_series(1, :many)"),
                {"name": f"{name}_ids", "many": IDS_PER_GRAB if self._entries else 20},
            )
            return [int(row[0]) for row in rows]
        column = {"journal": journal.c.journal_id, "lot": lots.c.lot_id, "transfer": transfers.c.transfer_id}[name]
        collected = {"journal": self._entries, "lot": self._lots, "transfer": self._transfers}[name]
        last = int(str(collected[-1][column.name])) if collected else (
            self._connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one()
        )  # fmt: skip
        return list(range(last + 1, last + 1 + IDS_PER_GRAB))
