"""The ledger against an independent auditor made of plain dictionaries, under random business."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.clock import FixedClock
from core.errors import ConflictError
from core.store import migrate, open_store
from loyalty import EvaluatedDocument, Redemption, load_programme, post_awards, redeem, statement, verify

pytestmark = pytest.mark.integration
PROGRAMME = load_programme("demo")
MEMBERS = (1, 2)
DOCUMENTS = st.sampled_from([f"d{n}" for n in range(6)])
START = datetime(2026, 6, 1, tzinfo=UTC)


class Business(RuleBasedStateMachine):
    """Documents are worth something, change, are cancelled and come again; members spend; keys are repeated."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock(START)
        self.store = open_store(f"sqlite:///{Path(mkdtemp(prefix='dreiklang-ledger-')) / 's.sqlite'}")
        migrate(self.store)
        self.worth: dict[str, tuple[int, int]] = {}
        self.spent: dict[str, tuple[int, int]] = {}

    def owed(self, member: int) -> int:
        """What a member should have: all that documents are worth less all that was spent. Below zero it is debt."""
        earned = sum(points for owner, points in self.worth.values() if owner == member)
        return earned - sum(points for owner, points in self.spent.values() if owner == member)

    @rule(name=DOCUMENTS, member=st.sampled_from(MEMBERS), points=st.integers(0, 60), times=st.integers(1, 2))
    def document(self, name: str, member: int, points: int, times: int) -> None:
        """A document comes, or comes again with other figures or another buyer, once or twice."""
        day = date(2026, 5, 1) + timedelta(days=int(name[1:]))
        worth = ((member, points),) if points else ()
        evaluated = EvaluatedDocument(name, "source", name, PROGRAMME.rules[0], day, worth, "{}")
        for _ in range(times):
            post_awards(self.store, PROGRAMME, [evaluated], self.clock)
        self.worth[name] = (member, points)

    @rule(member=st.sampled_from(MEMBERS), points=st.integers(1, 50), key=st.sampled_from("abcdefgh"))
    def spend(self, member: int, points: int, key: str) -> None:
        """A member spends; the auditor says beforehand what must happen."""
        request = Redemption(key, member, points, "mug")
        known = self.spent.get(f"{member}{key}")
        if known is None and max(self.owed(member), 0) >= points:
            redeem(self.store, PROGRAMME, request, self.clock)
            self.spent[f"{member}{key}"] = (member, points)
        elif known == (member, points):
            redeem(self.store, PROGRAMME, request, self.clock)
        else:
            with pytest.raises(ConflictError):
                redeem(self.store, PROGRAMME, request, self.clock)

    @invariant()
    def books_agree_with_the_auditor(self) -> None:
        """Balance minus debt is what is owed, the books add up, and the statement's last balance is the same."""
        for member in MEMBERS:
            booked = statement(self.store, PROGRAMME, member, self.clock)
            have = sum(balance.points_usable - balance.points_debt for balance in booked.balances)
            assert have == self.owed(member)
            assert all(balance.points_usable == 0 or balance.points_debt == 0 for balance in booked.balances)
        assert verify(self.store).findings == ()

    def teardown(self) -> None:
        """Close the store."""
        self.store.dispose()


Business.TestCase.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
TestBusiness = Business.TestCase
