"""The ledger under random business, against an auditor that shares no code with it. `make nightly` runs 100,000 operations of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import Engine

from tests.mutations.ledger import MUTATIONS, Mutation
from tests.support.ledger_bench import DOCUMENTS, MEMBERS, Bench, Document, Template, random_run
from tests.support.ledger_runs import MEMORY

pytestmark = pytest.mark.integration
WHO = st.sampled_from(MEMBERS)
ONE = st.tuples(
    st.integers(0, DOCUMENTS - 1), WHO, st.integers(0, 60), st.sampled_from([None, 0, 1, 5, 20, 70]), st.sampled_from([None, 0, 3, 14, 30]),
    st.sampled_from([0, 11, 12]),
)  # fmt: skip
TEMPLATES: list[Template] = []


@pytest.fixture(scope="module", autouse=True)
def _template() -> Iterator[None]:
    TEMPLATES.append(Template(MEMORY if MEMORY.is_dir() else None))
    yield
    TEMPLATES.pop().close()


class Business(RuleBasedStateMachine):
    """Documents come, change, come again and out of order; members spend, hold, cancel and merge; time passes; jobs run or do not."""

    made = 0

    def __init__(self) -> None:
        super().__init__()
        Business.made += 1
        self.bench = Bench(TEMPLATES[-1].copy(f"h{Business.made}"))

    @rule(batch=st.lists(ONE, min_size=1, max_size=3), times=st.sampled_from([1, 1, 2]))
    def document(self, batch: list[Document], times: int) -> None:
        """Earn, confirm, return, correct, cancel, retry."""
        self.bench.document(batch, times)

    @rule(kind=st.sampled_from(["redeem", "hold"]), member=WHO, points=st.integers(1, 60), key=st.integers(0, 12))
    def spend(self, kind: str, member: int, points: int, key: int) -> None:
        """Redeem or hold, with new and used keys."""
        self.bench.spend(kind, member, points, f"k{key}")

    @rule(index=st.integers(0, 5), outcome=st.sampled_from(["captured", "released"]))
    def resolve(self, index: int, outcome: str) -> None:
        """Capture or release."""
        self.bench.resolve(index, outcome)

    @rule(index=st.integers(0, 5), points=st.integers(1, 60), key=st.integers(0, 12))
    def cancel(self, index: int, points: int, key: int) -> None:
        """Cancel in whole or in part."""
        self.bench.cancel(index, points, f"c{key}")

    @rule(which=st.sampled_from(["expire", "confirm", "time_out"]))
    def job(self, which: str) -> None:
        """What time brings."""
        self.bench.jobs(which)

    @rule(member=WHO, into=WHO, is_split=st.booleans())
    def merge(self, member: int, into: int, is_split: bool) -> None:
        """Merge and split."""
        if is_split:
            self.bench.split(member)
        else:
            self.bench.merge(member, into)

    @rule(days=st.sampled_from([0, 1, 10, 30]))
    def close(self, days: int) -> None:
        """Close a period."""
        self.bench.close(days)

    @rule(hours=st.sampled_from([1, 24, 24 * 15, 24 * 29, None]))
    def advance(self, hours: int | None) -> None:
        """Time passes."""
        self.bench.advance(hours)

    @rule()
    def keep(self) -> None:
        """Seal and rebuild."""
        self.bench.keep()

    def teardown(self) -> None:
        """Close the store."""
        self.bench.store.dispose()


Business.TestCase.settings = settings(
    max_examples=6, stateful_step_count=25, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck), derandomize=True,
)  # fmt: skip
TestBusiness = Business.TestCase


def test_seeded_lives_of_ledgers_agree_with_the_auditor() -> None:
    """Seven kinds of operation at least happen in each; the nightly target runs many more and longer ones."""
    done = random_run(TEMPLATES[-1], 1, 120) + random_run(TEMPLATES[-1], 2, 80)
    assert sum(done.values()) == 200
    assert len(done) >= 9


def test_the_bench_runs_on_postgresql_too(store: Engine) -> None:
    if store.dialect.name == "sqlite":
        pytest.skip("the lives above ran on SQLite")
    from random import Random

    from tests.support.ledger_bench import random_step

    bench, random = Bench(store), Random(4)
    for _ in range(50):
        random_step(bench, random)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.breaks)
def test_every_seeded_bug_still_applies_to_the_code(mutation: Mutation) -> None:
    """`make mutations` shows that each is found; here only that none has become an empty promise."""
    source = (Path(__file__).parents[3] / "loyalty" / mutation.path).read_text(encoding="utf-8")
    assert source.count(mutation.before) == 1
    assert mutation.before != mutation.after


def test_there_are_enough_seeded_bugs() -> None:
    assert len(MUTATIONS) >= 15
