"""The books of one transaction: entries, lots and transfers are collected in memory and written in bulk at its end.

Balances of members and lots that the transaction touches are kept as they will be, so that later documents in the same batch see
what earlier ones did. Rows are kept as tuples in the order of their table's columns: posting is bound by how fast they are made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from loyalty.domain.points import OpenLot, draw, draw_order, idle_expiry
from loyalty.domain.programme import Programme
from loyalty.groups import groups_of
from loyalty.lot_states import FIELDS, IDS_PER_QUERY, LotState, load_lots, lots_of_causes, lots_of_members
from loyalty.tables import closed_periods, journal, lot_terms, lots, members, transfers
from loyalty.writing import POSTING_LOCK, insert_rows, stored

IDS_PER_GRAB = 5_000
MEMBER_ACCOUNTS = ("pending", "available", "held")


class Books:
    """Collects what one transaction posts for one programme and currency of points. Use inside `writing`."""

    def __init__(self, connection: Connection, programme: Programme, currency: str, now: datetime) -> None:
        self.connection = connection
        self.programme = programme
        self.currency = currency
        self.now = now
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._entries: list[tuple[object, ...]] = []
        self._lots: list[tuple[object, ...]] = []
        self._transfers: list[tuple[object, ...]] = []
        self._terms: list[tuple[object, ...]] = []
        self._states: dict[int, LotState] = {}
        self._own_causes: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._own_members: dict[int, list[int]] = defaultdict(list)
        self._changes: dict[int, dict[str, int]] = defaultdict(lambda: {"available": 0, "pending": 0, "held": 0, "debt": 0})
        self._activity: dict[int, datetime] = {}
        self._known: dict[int, tuple[int, datetime | None]] = {}
        self._ids: dict[str, list[int]] = {"journal": [], "lots": [], "transfers": []}
        self._last: dict[str, int] = {}
        if not self._is_sqlite:
            connection.execute(text("select pg_advisory_xact_lock_shared(:lock)"), {"lock": POSTING_LOCK})
        self._groups = groups_of(connection)
        self.today = now.astimezone(ZoneInfo(programme.time_zone)).date()
        self._now = stored(now, self._is_sqlite)
        self._booked_on = self._first_open_day()

    def _first_open_day(self) -> object:
        """Today, or the first day after the last closed period: a closed period takes no entry."""
        closed = self.connection.execute(
            select(func.max(closed_periods.c.closed_until)).where(closed_periods.c.programme_id == self.programme.programme_id)
        ).scalar_one()
        day = self.today if closed is None else max(self.today, cast(date, closed) + timedelta(days=1))
        return day.isoformat() if self._is_sqlite else day

    def group(self, member: int) -> tuple[int, ...]:
        """The member and everybody merged with it; their lots are one purse."""
        return self._groups.get(member, (member,))

    def lock_members(self, wanted: Iterable[int]) -> None:
        """Lock the members' rows in one order, and read what they owe: nobody else posts to them until this ends."""
        ordered = sorted({one for member in wanted for one in self.group(member)} - self._known.keys())
        if not ordered:
            return
        zeros = [{"member_party_id": one, "programme_id": self.programme.programme_id, "currency": self.currency, "points_available": 0,
                  "points_debt": 0} for one in ordered]  # fmt: skip
        make = sqlite.insert if self._is_sqlite else postgresql.insert
        self.connection.execute(make(members).on_conflict_do_nothing(), zeros)
        for start in range(0, len(ordered), IDS_PER_QUERY):
            rows = self.connection.execute(
                select(members.c.member_party_id, members.c.points_debt, members.c.last_activity_at)
                .where(members.c.member_party_id.in_(ordered[start : start + IDS_PER_QUERY]), *self._book())
                .order_by(members.c.member_party_id).with_for_update()
            )  # fmt: skip
            self._known |= {int(row[0]): (int(row[1]), row[2]) for row in rows}

    def enter(
        self, kind: str, member: int, key: str, request_hash: str, effective_at: datetime, explanation: str, *,
        cause: str | None = None, source_id: str | None = None, document_no: str | None = None, rule_id: str | None = None,
        rule_version: int | None = None, reverses: int | None = None, decided: int | None = None, tier: str | None = None,
        distributor: int | None = None, campaign_id: str | None = None,
    ) -> int:  # fmt: skip
        """A new journal entry; returns its id."""
        journal_id = self._next("journal")
        self._entries.append((
            journal_id, key, request_hash, kind, member, stored(effective_at, self._is_sqlite), self._now, cause, source_id, document_no,
            self.programme.programme_id, rule_id, rule_version, self.currency, reverses, explanation, self._booked_on, decided, tier,
            distributor, campaign_id,
        ))  # fmt: skip
        if kind in ("award", "redeem", "hold"):
            before = self._activity.get(member)
            if before is None or effective_at > before:
                self._activity[member] = effective_at
        return journal_id

    def move(self, entry: int, member: int, debit: str, credit: str, points: int, lot: LotState | None) -> None:
        """One transfer: `points` from the debit account to the credit account. Without a lot it is about the member's debt."""
        self._transfers.append((self._next("transfers"), entry, debit, credit, member, lot.lot_id if lot else None, points))
        for account, sign in ((debit, -1), (credit, 1)):
            if account == "debt":
                self._changes[member]["debt"] += sign * -points
            elif lot is not None and account in FIELDS:
                lot.add(account, sign * points)
                if account in MEMBER_ACCOUNTS:
                    self._changes[lot.owner][account] += sign * points

    def credit_lot(
        self, entry: int, member: int, points: int, *, earned_at: datetime, available_at: datetime | None, is_pending: bool,
        expires_at: datetime | None, idle_months: int | None = None, funders: str | None = None, cause: str | None = None,
    ) -> LotState:  # fmt: skip
        """Open a lot. One that is not pending settles debt first; `available_at` None: nobody knows yet when it will be."""
        lot_id = self._next("lots")
        lot = LotState(lot_id, member, earned_at, available_at, expires_at, idle_months)
        self._lots.append((
            lot_id, entry, member, self.programme.programme_id, self.currency, points, stored(earned_at, self._is_sqlite), self._now,
            stored(available_at, self._is_sqlite), stored(expires_at, self._is_sqlite), idle_months, funders,
        ))  # fmt: skip
        self._states[lot_id] = lot
        self._own_members[member].append(lot_id)
        if cause is not None:
            self._own_causes[cause, member].append(lot_id)
        self.move(entry, member, "liability", "pending" if is_pending else "available", points, lot)
        if not is_pending:
            self.settle_debt(entry, member, lot)
        return lot

    def settle_debt(self, entry: int, member: int, lot: LotState) -> None:
        """What the member, or whoever it is merged with, owes is taken from a lot that became available and has not expired."""
        if not self.is_alive(lot):
            return
        for owing in self.group(member):
            settled = min(lot.available, self.debt_of(owing))
            if settled:
                self.move(entry, owing, "available", "debt", settled, lot)

    def confirm(self, entry: int, member: int, lot: LotState, available_at: datetime, expires_at: datetime | None) -> None:
        """Pending points become available."""
        if lot.available_at != available_at:
            self._terms.append((lot.lot_id, entry, stored(available_at, self._is_sqlite), stored(expires_at, self._is_sqlite)))
            lot.available_at, lot.expires_at = available_at, expires_at
        self.move(entry, member, "pending", "available", lot.pending, lot)
        self.settle_debt(entry, member, lot)

    def take(self, entry: int, member: int, account: str, credit: str, points: int, states: Sequence[LotState]) -> int:
        """Take up to `points` of an account from lots in draw order; returns how many there were."""
        left = [OpenLot(s.lot_id, s.balance(account), s.earned_at, self.expiry(s)) for s in states if s.balance(account) > 0]
        drawn = draw(left, points, None)
        for one in drawn:
            self.move(entry, member, account, credit, one.points, self._states[one.lot_id])
        return sum(one.points for one in drawn)

    def debt_of(self, member: int) -> int:
        """What this one owes, this transaction included."""
        return self._known.get(member, (0, None))[0] + (self._changes[member]["debt"] if member in self._changes else 0)

    def is_alive(self, lot: LotState) -> bool:
        """Whether what is available in a lot can be used now: nothing is at or after its moment of expiry, whatever job ran."""
        expires_at = self.expiry(lot)
        return expires_at is None or expires_at > self.now

    def expiry(self, lot: LotState) -> datetime | None:
        """When a lot expires as things stand: fixed, or so long after the last activity of its owner's group, or after the points
        became available if that was later."""
        if lot.idle_months is None:
            return lot.expires_at
        moments = [
            moment
            for one in self.group(lot.owner)
            for moment in (self._known.get(one, (0, None))[1], self._activity.get(one))
            if moment
        ]
        return idle_expiry(max([*moments, lot.available_at or lot.earned_at]), lot.idle_months, self.programme.time_zone)

    def lots_of(self, member: int) -> list[LotState]:
        """Lots of the member and its group, in draw order, this transaction included."""
        group = self.group(member)
        found = lots_of_members(self.connection, group, self.programme.programme_id, self.currency)
        return self._states_of([*found, *(lot for one in group for lot in self._own_members.get(one, ()))])

    def lots_of_cause(self, cause: str, member: int) -> list[LotState]:
        """The lots that a cause gave to a member, in draw order."""
        found = lots_of_causes(self.connection, [cause], self.currency).get((cause, member), [])
        return self._states_of([*found, *self._own_causes.get((cause, member), ())])

    def states(self, lot_ids: Iterable[int]) -> list[LotState]:
        """These lots, in draw order."""
        return self._states_of(list(lot_ids))

    def _states_of(self, lot_ids: list[int]) -> list[LotState]:
        missing = [lot_id for lot_id in dict.fromkeys(lot_ids) if lot_id not in self._states]
        self._states |= load_lots(self.connection, missing)
        chosen = {lot_id: self._states[lot_id] for lot_id in lot_ids}
        order = draw_order([OpenLot(s.lot_id, 0, s.earned_at, self.expiry(s)) for s in chosen.values()])
        return [chosen[one.lot_id] for one in order]

    def counts(self, kind: str) -> tuple[int, int]:
        """(entries of that kind, points that they moved to or from the programme's liability)."""
        ids = {entry[0] for entry in self._entries if entry[3] == kind}
        points = sum(cast(int, t[6]) for t in self._transfers if t[1] in ids and "liability" in (t[2], t[3]))
        return len(ids), points

    def write(self) -> None:
        """Write everything, and fold it into the members' cached balances."""
        for table, rows in ((journal, self._entries), (lots, self._lots), (lot_terms, self._terms), (transfers, self._transfers)):
            insert_rows(self.connection, table, rows)
        touched = sorted(self._changes.keys() | self._activity.keys())
        self.lock_members(touched)
        if touched:
            self._fold([
                {"member": member, **self._changes[member], "activity": self._newest_activity(member)} for member in touched
            ])  # fmt: skip

    def _newest_activity(self, member: int) -> datetime | None:
        moments = [moment for moment in (self._known.get(member, (0, None))[1], self._activity.get(member)) if moment is not None]
        return max(moments, default=None)

    def _fold(self, changes: list[dict[str, object]]) -> None:
        """Add to the cached balances of members that `lock_members` has locked."""
        self.connection.execute(
            members.update()
            .where(members.c.member_party_id == bindparam("member"), *self._book())
            .values(
                points_available=members.c.points_available + bindparam("available"),
                points_pending=members.c.points_pending + bindparam("pending"),
                points_held=members.c.points_held + bindparam("held"),
                points_debt=members.c.points_debt + bindparam("debt"),
                last_activity_at=bindparam("activity"),
            ),
            changes,
        )

    def _book(self) -> tuple[ColumnElement[bool], ...]:
        return (members.c.programme_id == self.programme.programme_id, members.c.currency == self.currency)

    def _next(self, name: str) -> int:
        if not self._ids[name]:
            self._ids[name] = self._grab(name)[::-1]
        return self._ids[name].pop()

    def _grab(self, name: str) -> list[int]:
        if not self._is_sqlite:
            sequence = {"journal": "journal_ids", "lots": "lot_ids", "transfers": "transfer_ids"}[name]
            rows = self.connection.execute(
                text("select nextval(cast(:name as regclass)) from generate_series(1, :many)"),
                {"name": sequence, "many": IDS_PER_GRAB if name in self._last else 20},
            )
            found = [int(row[0]) for row in rows]
        else:
            column = {"journal": journal.c.journal_id, "lots": lots.c.lot_id, "transfers": transfers.c.transfer_id}[name]
            last = self._last.get(name) or int(self.connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one())
            found = list(range(last + 1, last + 1 + IDS_PER_GRAB))
        self._last[name] = found[-1]
        return found
