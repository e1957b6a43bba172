"""What a retailer may know of how far a campaign is: its own points and limits exactly, shared limits in steps, a budget without a figure."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine

from core.clock import FixedClock
from core.scope import Role, Scope
from loyalty import EvaluatedDocument, post_awards
from loyalty.campaigns.model import rules_of
from loyalty.campaigns.progress import CampaignProgress, CapUse, progress_of_campaigns
from loyalty.campaigns.records import get_campaign, list_notices
from loyalty.merging import merge_members
from tests.support.campaigns import DISTRIBUTOR, FIRST_DAY, MAKER, OTHER_DISTRIBUTOR, PROGRAMME, draft, launched

pytestmark = pytest.mark.integration
MINE, RIVAL = 101, 102
TODAY = date(2026, 7, 20)


def award(
    store: Engine, clock: FixedClock, name: str, member: int, points: int, day: date = FIRST_DAY, seller: int = DISTRIBUTOR
) -> None:
    """A document under the campaign's rule."""
    (rule,) = rules_of(get_campaign(store, MAKER.scope, "c1"), PROGRAMME)
    worth = ((member, points),) if points else ()
    document = EvaluatedDocument(f"c1|{name}", "s", name, rule, day, worth, "{}", available_on=day, distributor=seller)
    post_awards(store, PROGRAMME, [document], clock)


def progress(store: Engine, member: int, sellers: tuple[int, ...] = (DISTRIBUTOR,)) -> CampaignProgress:
    """As the member reads it."""
    notices = list_notices(store, Scope.of(Role.RETAILER, member), [PROGRAMME], TODAY, sellers)
    return progress_of_campaigns(store, notices, [PROGRAMME], member, sellers, TODAY)["c1"]


def test_own_limits_are_exact_shared_ones_are_steps_and_a_budget_has_no_figure(store: Engine, clock: FixedClock) -> None:
    launched(
        store,
        clock,
        draft(30, caps="per_member = 100\nper_funder = { distributor = 300 }", together="total = 1_000\nper_period = 400"),
    )
    rule = ("Maschinen", "Machines")
    nothing = progress(store, MINE)
    assert nothing == CampaignProgress(0, (
        CapUse("member", rule, 100, 100, "plenty"), CapUse("budget", rule, None, None, "plenty"),
        CapUse("total", None, 1_000, None, "plenty"), CapUse("period", None, 400, None, "plenty"),
    ))  # fmt: skip
    award(store, clock, "a", MINE, 70)
    award(store, clock, "b", RIVAL, 80)
    award(store, clock, "c", 103, 90)
    award(store, clock, "a", MINE, 60)
    seen = progress(store, MINE)
    assert seen.points_earned == 60, "less what was returned"
    assert [(cap.kind, cap.left_points, cap.level) for cap in seen.caps] == [
        ("member", 40, "half"), ("budget", None, "plenty"), ("total", None, "plenty"), ("period", None, "half"),
    ]  # fmt: skip
    for n in range(104, 112):
        award(store, clock, f"d{n}", n, 100, date(2026, 7, 5))
    full = {cap.kind: cap.level for cap in progress(store, MINE).caps}
    assert full == {"member": "half", "budget": "plenty", "total": "plenty", "period": "used_up"}


def test_what_a_rival_earns_moves_nothing_within_a_step(store: Engine, clock: FixedClock) -> None:
    launched(store, clock, draft(0, together="total = 1_000"))
    award(store, clock, "a", MINE, 100)
    before = progress(store, MINE)
    award(store, clock, "b", RIVAL, 399)
    assert progress(store, MINE) == before
    award(store, clock, "c", RIVAL, 1)
    assert progress(store, MINE) != before


def test_limits_per_distributor_are_those_where_the_member_buys_and_merged_members_earn_together(
    store: Engine, clock: FixedClock
) -> None:
    launched(store, clock, draft(0, caps="per_distributor = 100"))
    award(store, clock, "a", MINE, 60, seller=DISTRIBUTOR)
    award(store, clock, "b", RIVAL, 95, seller=OTHER_DISTRIBUTOR)
    assert [(cap.distributor, cap.level) for cap in progress(store, MINE).caps] == [(DISTRIBUTOR, "half")]
    both = progress(store, MINE, (DISTRIBUTOR, OTHER_DISTRIBUTOR))
    assert [(cap.distributor, cap.level) for cap in both.caps] == [(DISTRIBUTOR, "half"), (OTHER_DISTRIBUTOR, "nearly")]
    merge_members(store, RIVAL, MINE, "one shop", clock)
    assert progress(store, MINE).points_earned == 155
