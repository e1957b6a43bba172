"""A small ledger to tell stories with: documents, spending and what the member sees, in one line each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import Engine, Row, select

from core.clock import FixedClock
from core.store import reading
from loyalty.auditing import verify
from loyalty.domain.programme import Expiry, Programme, Rule
from loyalty.evaluated import EvaluatedDocument
from loyalty.lot_states import load_lots
from loyalty.posting import PostingReport, post_awards
from loyalty.redeeming import Hold, Redemption, hold, redeem
from loyalty.statement import Balance, statement
from loyalty.tables import journal, lots, members

MEMBER = 7
TODAY = date(2026, 6, 1)
RULE = Rule("buy", 1, "Kauf", "Purchase", date(2020, 1, 1), points_per_unit=Decimal(1))
PROGRAMME = Programme("scene", 1, "Szene", "Scene", "points", "Europe/Berlin", "sell_through", (RULE,))


class Scene:
    """A store, a clock that is put to noon of a day, and one programme."""

    def __init__(self, store: Engine, **rule: Any) -> None:
        self.store = store
        self.rule = replace(RULE, **rule)
        self.programme = replace(PROGRAMME, rules=(self.rule,))
        self.clock = FixedClock(datetime.combine(TODAY, time(12), UTC))
        self._ids = count(1)

    def on(self, day: date) -> Scene:
        """It is noon of that day."""
        self.clock.moment = datetime.combine(day, time(12), UTC)
        return self

    def later(self, days: int) -> Scene:
        """So many days later."""
        return self.on(self.clock.now().date() + timedelta(days=days))

    def document(
        self, name: str, points: int, day: date | None = None, *, member: int = MEMBER, usable_on: date | None = None, gives: str = "points",
        distributor: int = 0,
    ) -> EvaluatedDocument:  # fmt: skip
        """A document worth so much, of today unless said otherwise."""
        worth = ((member, points),) if points else ()
        return EvaluatedDocument(f"scene|{self.rule.rule_id}|s|{name}|1", "s", name, self.rule, day or self.clock.now().date(), worth, "{}",
                                 gives, usable_on, None, distributor)  # fmt: skip

    def earn(self, name: str, points: int, day: date | None = None, **options: Any) -> PostingReport:
        """Post one document."""
        return post_awards(self.store, self.programme, [self.document(name, points, day, **options)], self.clock)

    def spend(self, points: int, key: str | None = None, member: int = MEMBER) -> int:
        """Redeem."""
        return redeem(self.store, self.programme, Redemption(key or f"k{next(self._ids)}", member, points, "mug"), self.clock)

    def hold(self, points: int, key: str | None = None, member: int = MEMBER) -> Hold:
        """Set aside."""
        request = Redemption(key or f"k{next(self._ids)}", member, points, "mug")
        return hold(self.store, self.programme, request, self.clock, lambda: f"h{next(self._ids)}")

    def sees(self, member: int = MEMBER) -> Balance:
        """The member's balance."""
        found = statement(self.store, self.programme, member, self.clock).balances
        return found[0] if found else Balance("scene", "points", 0, 0, 0, 0, None, 0, 0)

    def usable(self, member: int = MEMBER) -> int:
        """What can be spent now."""
        return self.sees(member).points_usable

    def lots(self, currency: str = "points") -> list[tuple[int, int, int, int, int]]:
        """(owner, pending, available, held, expired) of each lot, oldest first."""
        with reading(self.store) as connection:
            ids = [
                int(row[0])
                for row in connection.execute(select(lots.c.lot_id).where(lots.c.currency == currency).order_by(lots.c.lot_id))
            ]
            states = load_lots(connection, ids)
        return [(one.owner, one.pending, one.available, one.held, one.expired) for one in (states[lot_id] for lot_id in ids)]

    def entries(self, kind: str | None = None) -> list[Row[Any]]:
        """Journal entries of a kind, oldest first."""
        with reading(self.store) as connection:
            query = select(journal).order_by(journal.c.journal_id)
            return list(connection.execute(query if kind is None else query.where(journal.c.kind == kind)))

    def cached(self) -> list[tuple[Any, ...]]:
        """The members' cached balances."""
        with reading(self.store) as connection:
            return [tuple(row) for row in connection.execute(select(members).order_by(*members.primary_key.columns))]

    def adds_up(self) -> None:
        """Nothing is wrong with the books."""
        assert verify(self.store).findings == ()


def expiring(months: int, **options: Any) -> Expiry:
    """Points that end so many months after they became usable."""
    return Expiry(months=months, **options)
