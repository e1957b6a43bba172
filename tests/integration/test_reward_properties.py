"""Orders of rewards under random business, against an auditor made of plain dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.clock import FixedClock, random_id
from core.errors import DreiklangError
from core.store import migrate, open_store
from loyalty import verify
from loyalty.rewards import (
    NewReward,
    OrderRequest,
    Shopper,
    Side,
    add_reward,
    cancel_lines,
    deliver,
    list_rewards,
    orders_of_distributor,
    place_order,
    restock,
    ship,
    time_out_orders,
    undo_last_step,
)
from tests.support.points import PROGRAMME, give_points, held, usable

pytestmark = pytest.mark.integration
MEMBERS, DISTRIBUTOR, START_STOCK, START_POINTS = (1, 2), 70, 6, 1_000
PRICES = (70, 110)


@dataclass(slots=True)
class Known:
    """What the auditor knows of an order: pieces kept per reward, its state, and until when its points are only held."""

    member: int
    kept: list[int]
    status: str
    held_until: datetime | None


class Counter(RuleBasedStateMachine):
    """Two members order two rewards; one distributor ships, delivers, undoes; everybody cancels; time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock(datetime(2026, 6, 10, tzinfo=UTC))
        self.store = open_store(f"sqlite:///{Path(mkdtemp(prefix='dreiklang-rewards-')) / 's.sqlite'}")
        migrate(self.store)
        for member in MEMBERS:
            give_points(self.store, member, START_POINTS, self.clock)
        self.rewards = [
            add_reward(self.store, PROGRAMME, NewReward("a", "a", price, START_STOCK), self.clock, random_id).reward_id
            for price in PRICES
        ]
        self.supplied = [START_STOCK, START_STOCK]
        self.orders: dict[str, Known] = {}
        self.ids: dict[tuple[int, str], str] = {}

    def spent(self, member: int) -> int:
        """Points in the member's orders."""
        return sum(
            pieces * price
            for one in self.orders.values()
            if one.member == member
            for pieces, price in zip(one.kept, PRICES, strict=True)
        )

    def in_orders(self, index: int) -> int:
        """Pieces in orders."""
        return sum(one.kept[index] for one in self.orders.values())

    @rule(member=st.sampled_from(MEMBERS), key=st.sampled_from("abcd"), pieces=st.tuples(st.integers(0, 4), st.integers(0, 4)))
    def order(self, member: int, key: str, pieces: tuple[int, int]) -> None:
        """An order, perhaps under a key that is known."""
        lines = tuple((self.rewards[n], count) for n, count in enumerate(pieces) if count)
        points = sum(count * price for count, price in zip(pieces, PRICES, strict=True))
        known = self.ids.get((member, key))
        has_stock = all(self.supplied[n] - self.in_orders(n) >= count for n, count in enumerate(pieces))
        should = bool(lines) and known is None and has_stock and START_POINTS - self.spent(member) >= points
        try:
            shopper = Shopper("x", member, frozenset({DISTRIBUTOR}))
            placed = place_order(self.store, PROGRAMME, shopper, OrderRequest(key, DISTRIBUTOR, lines), self.clock, random_id)
        except DreiklangError as error:
            assert not should, error  # noqa: PT017 - the auditor has decided beforehand
            return
        if known is not None:
            assert placed.reward_order_id == known
            return
        assert should
        self.ids[member, key] = placed.reward_order_id
        self.orders[placed.reward_order_id] = Known(
            member, list(pieces), "ordered", self.clock.now() + timedelta(days=PROGRAMME.hold_days)
        )

    @rule(data=st.data(), act=st.sampled_from(["ship", "deliver", "undo", "cancel_one", "cancel_all"]), times=st.integers(1, 2))
    def fulfil(self, data: st.DataObject, act: str, times: int) -> None:
        """The distributor does something with an order, once or by a double click."""
        if not self.orders:
            return
        order_id = data.draw(st.sampled_from(sorted(self.orders)))
        one, side = self.orders[order_id], Side("n", distributor=DISTRIBUTOR)
        seen, over = one.status, one.held_until is not None and one.held_until <= self.clock.now()
        keep = {
            reward: (max(0, one.kept[n] - 1) if act == "cancel_one" else 0)
            for n, reward in enumerate(self.rewards)
            if one.kept[n]
        }
        for _ in range(times):
            try:
                if act == "undo":
                    undo_last_step(self.store, PROGRAMME, side, order_id, seen, self.clock)
                elif act.startswith("cancel"):
                    cancel_lines(self.store, PROGRAMME, side, order_id, keep, self.clock)
                else:
                    (ship if act == "ship" else deliver)(self.store, PROGRAMME, side, order_id, self.clock)
            except DreiklangError as error:
                assert error.code == "LOY-510"  # noqa: PT017 - the auditor's own state says whether it may
        if act == "ship" and seen == "ordered" and not over:
            one.status, one.held_until = "shipped", None
        elif act == "deliver" and seen == "shipped":
            one.status = "delivered"
        elif act == "undo":
            one.status = {"delivered": "shipped", "shipped": "ordered"}.get(seen, seen)
        elif keep and act.startswith("cancel"):
            for n, reward in enumerate(self.rewards):
                one.kept[n] = keep.get(reward, one.kept[n])
            if not any(one.kept):
                one.status, one.held_until = "cancelled", None

    @rule(index=st.integers(0, 1), more=st.integers(1, 3))
    def supply(self, index: int, more: int) -> None:
        """New pieces come in."""
        restock(self.store, self.rewards[index], more, None, self.clock)
        self.supplied[index] += more

    @rule(days=st.sampled_from([1, 7, 20]), run=st.booleans())
    def wait(self, days: int, run: bool) -> None:
        """Time passes; the job that times orders out runs, or not yet."""
        self.clock.moment += timedelta(days=days)
        if run:
            time_out_orders(self.store, PROGRAMME, self.clock)
            for one in self.orders.values():
                if one.held_until is not None and one.held_until <= self.clock.now():
                    one.kept, one.status, one.held_until = [0, 0], "cancelled", None

    @invariant()
    def everything_is_somewhere(self) -> None:
        """Stock and pieces in orders are what was supplied; usable, held and spent points are what was given; states agree."""
        stock = {reward.reward_id: reward.stock for reward in list_rewards(self.store, PROGRAMME, None)}
        for n, reward in enumerate(self.rewards):
            assert stock[reward] == self.supplied[n] - self.in_orders(n)
        for member in MEMBERS:
            only_held = sum(
                pieces * price for one in self.orders.values() if one.member == member and one.held_until
                for pieces, price in zip(one.kept, PRICES, strict=True)
            )  # fmt: skip
            assert held(self.store, member, self.clock) == only_held
            assert usable(self.store, member, self.clock) == START_POINTS - self.spent(member)
        found = {one.reward_order_id: one.status for one in orders_of_distributor(self.store, PROGRAMME, DISTRIBUTOR)}
        assert found == {order_id: one.status for order_id, one in self.orders.items()}

    def teardown(self) -> None:
        """The books add up at the end; close the store."""
        assert verify(self.store).findings == ()
        self.store.dispose()


Counter.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
TestCounter = Counter.TestCase
