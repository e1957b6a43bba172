"""A draft tried on past orders: figures worked by hand, what each reader may know, and equality with the ledger."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy
import pytest

from core.clock import FixedClock
from core.scope import Role, Scope
from core.store import migrate, open_store
from loyalty import post_awards
from loyalty.campaigns.disclosing import DOMINATED, FEW, REST, reason_to_hide, tier_reasons
from loyalty.campaigns.facts import Coverage, candidates, uplift_of
from loyalty.campaigns.hold_out import Candidate
from loyalty.campaigns.lifecycle import create, keep_simulation, sign
from loyalty.campaigns.model import Campaign, rules_of
from loyalty.campaigns.records import get_campaign, held_out, members_of
from loyalty.campaigns.running import campaigns_of_run, evaluate_alone, replay
from loyalty.campaigns.simulating import occurrences, simulate
from loyalty.posting import posted_points
from loyalty.workspace import HeldTier
from tests.support.campaign_marts import Order, marts
from tests.support.campaigns import DISTRIBUTOR, MAKER, PROGRAMME, SELLER, draft, launched

pytestmark = pytest.mark.integration
YEAR_BEFORE = date(2025, 7, 1)
DATA = [
    Order(101, 11, YEAR_BEFORE - timedelta(days=40), 5),
    Order(102, 11, YEAR_BEFORE - timedelta(days=40), 5),
    Order(101, 11, YEAR_BEFORE, 12),
    Order(102, 11, YEAR_BEFORE + timedelta(days=1), 10, returned=2),
    Order(103, 12, YEAR_BEFORE + timedelta(days=2), 7),
    Order(101, 11, YEAR_BEFORE + timedelta(days=40), 30),
    Order(101, 11, date(2025, 10, 1), 500),
    Order(101, 11, YEAR_BEFORE, 40, product=2, net_cents=40_00),
    Order(104, 12, YEAR_BEFORE, 900, product=3),
    Order(101, 11, date(2026, 6, 30), 1, product=2),
]
"""Before, on and after the campaign's days of 2025. Product 3 is another manufacturer's; 2 of member 102's came back."""


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 6, 30, 12, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """SQLite suffices: nothing here depends on the database."""
    engine = open_store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    migrate(engine)
    yield engine
    engine.dispose()


def simulated(connection: Any, campaign: Campaign, months: int = 12, **options: Any) -> dict[str, Any]:
    """The whole result."""
    return json.loads(simulate(connection, PROGRAMME, campaign, months=months, rng=numpy.random.default_rng(5), progress=lambda *_: None, **{"tiers": (), **options}))  # fmt: skip


def drafted(store: Any, clock: FixedClock, **parts: Any) -> Campaign:
    """A draft of July to September 2026."""
    return create(store, PROGRAMME, MAKER, "c1", draft(**parts), clock)


def test_a_draft_is_tried_on_its_days_of_the_year_before(store: Any, clock: FixedClock) -> None:
    """10 points a machine: 101 has 42 machines, 102 keeps 8, 103 has 7: 570. The cap of 500 ends it on 10 August 2025, day 41."""
    steps: list[tuple[str, float]] = []
    with marts(DATA, {103: "Silber"}) as connection:
        campaign = drafted(store, clock, together="total = 500")
        result = json.loads(simulate(connection, PROGRAMME, campaign, months=12, rng=numpy.random.default_rng(5),
                                     progress=lambda step, share: steps.append((step, share)), tiers=()))  # fmt: skip
    (found,) = result["manufacturer"]["occurrences"]
    assert (found["first_on"], found["last_on"], found["days"], found["days_covered"]) == ("2025-07-01", "2025-09-30", 92, 92)
    assert (found["points_asked"], found["points"]) == (570, 500)
    assert found["funders"]["manufacturer"]["cents"] == 500
    assert found["caps"] == [{"cap": "total", "period": "", "title_de": "", "title_en": "", "on": "2025-08-10", "day_of_campaign": 41,
                              "projected_on": "2026-08-10"}]  # fmt: skip
    assert {row["tier"]: (row["winning"], row["losing"], row["unchanged"], row["points"]) for row in found["tiers"]} == {
        "Gold": (2, 0, 0, 430), "": (1, 0, 0, 70)}  # fmt: skip
    # the programme itself gives 250 points a machine, and 0.5 a euro on the coffee
    assert next(row for row in found["tiers"] if row["tier"] == "Gold")["points_programme"] == (42 + 8) * 250 + 20
    assert [share for _, share in steps] == sorted(share for _, share in steps)
    assert steps[-1] == ("intervals", 1.0)
    assert "co_funder" not in result


def test_tiers_multiply_as_they_were_held_then(store: Any, clock: FixedClock) -> None:
    """Half a point a euro on coffee, a quarter more for Gold at the event's date."""
    gold = [HeldTier(member, "Gold", date(2020, 1, 1)) for member in (101, 102, 103)]
    earlier = [HeldTier(member, "Gold", date(2020, 1, 1), date(2024, 1, 1)) for member in (101, 102, 103)]
    with marts(DATA, {103: "Silber"}) as connection:
        campaign = drafted(store, clock)
        points = [
            sum(
                row["points_programme"]
                for row in simulated(connection, campaign, tiers=tiers)["manufacturer"]["occurrences"][0]["tiers"]
            )
            for tiers in ((), gold, earlier)
        ]
    assert points[0] == points[2], "a tier of another time changes nothing"
    assert points[1] > points[0]


def test_a_co_funders_part_is_its_own_sales_and_share(store: Any, clock: FixedClock) -> None:
    with marts(DATA) as connection:
        result = simulated(connection, drafted(store, clock, share=30))
    (found,) = result["co_funder"]["occurrences"]
    assert found["points"] == 500, "member 103 buys from another distributor"
    assert found["funders"]["distributor"] == {"points_hundredths": 15_000, "cents": 150, "expected_cents": 150,
                                               "expected_cents_range": found["funders"]["distributor"]["expected_cents_range"]}  # fmt: skip
    low, high = found["funders"]["distributor"]["expected_cents_range"]
    assert low <= 150 <= high


def test_looking_back_two_years_tries_the_year_before_too() -> None:
    covered = Coverage(date(2024, 1, 1), date(2026, 6, 30))
    assert occurrences(date(2026, 7, 1), date(2026, 9, 30), covered, 12) == [1]
    assert occurrences(date(2026, 7, 1), date(2026, 9, 30), covered, 24) == [1, 2]
    assert occurrences(date(2026, 5, 1), date(2026, 6, 30), covered, 12) == [0], "a campaign that ran is tried on its own days"
    assert occurrences(date(2027, 1, 1), date(2027, 12, 31), covered, 12) == [2]
    assert occurrences(date(2026, 7, 1), date(2026, 9, 30), Coverage(None, None), 24) == []


END = Order(999, 12, date(2026, 6, 30), 1, product=2)
"""So that the data cover the campaign's days."""


def net_orders(sizes: dict[int, int]) -> list[Order]:
    """One member per distributor, who bought for so many euros."""
    found = [END]
    for n, (distributor, euros) in enumerate(sizes.items()):
        found.append(Order(100 + n, distributor, YEAR_BEFORE - timedelta(days=40), 1, net_cents=100, product=2))
        found.append(Order(100 + n, distributor, YEAR_BEFORE, 1, net_cents=euros * 100))
    return found


NET_RATE = 'points_per_amount = "1"\nmoney_currency = "EUR"'


@pytest.mark.parametrize(("sizes", "reason"), [
    ({11: 71_369}, FEW), ({11: 10, 12: 10, 13: 10, 14: 71_369}, FEW), ({11: 10, 12: 10, 13: 10, 14: 10, 15: 71_369}, DOMINATED),
    ({11: 10_000, 12: 10_000, 13: 10_000, 14: 10_000, 15: 31_369}, None),
])  # fmt: skip
def test_the_manufacturer_learns_no_distributors_net_amounts(
    store: Any, clock: FixedClock, sizes: dict[int, int], reason: str | None
) -> None:
    with marts(net_orders(sizes), {100 + n: "Gold" if n < 4 else "Silber" for n in range(5)}) as connection:
        result = simulated(connection, drafted(store, clock, rate=NET_RATE, caps="total = 65_000"))
    (found,) = result["manufacturer"]["occurrences"]
    whole = json.dumps(result)
    for secret in ("71369", "31369", "71 369", "11369", *(() if reason is None else ("65000",))):
        assert secret not in whole
    if reason:
        assert found["points"] == found["caps"] == found["funders"] == found["points_range"] == {"hidden": reason}
    else:
        assert found["points"] == 65_000
        assert {row["points"]["hidden"] for row in found["tiers"]} == {FEW}, "no tier has five distributors"


def test_units_and_list_values_are_the_manufacturers_own_figures(store: Any, clock: FixedClock) -> None:
    with marts(net_orders({11: 71_369})) as connection:
        result = simulated(connection, drafted(store, clock, rate=f'{NET_RATE}\ncounts_amount = "before_discount"'))
    assert isinstance(result["manufacturer"]["occurrences"][0]["points"], int)


def test_one_empty_tier_empties_the_others_when_the_total_shows() -> None:
    big, small = dict.fromkeys(range(6), 10), {1: 5}
    assert tier_reasons({"Gold": big, "Silber": small}, None) == {"Gold": REST, "Silber": FEW}
    assert tier_reasons({"Gold": big, "Silber": dict(big)}, None) == {"Gold": None, "Silber": None}
    assert reason_to_hide(dict.fromkeys(range(5), 10)) is None
    assert reason_to_hide({**dict.fromkeys(range(4), 10), 9: 41}) == DOMINATED


def test_each_reader_gets_its_own_part(store: Any, clock: FixedClock) -> None:
    with marts(net_orders({DISTRIBUTOR: 71_369})) as connection:
        campaign = drafted(store, clock, share=30, rate=NET_RATE)
        text = simulate(
            connection, PROGRAMME, campaign, months=12, rng=numpy.random.default_rng(5), progress=lambda *_: None, tiers=()
        )
    assert "71369" in text
    keep_simulation(store, MAKER, "c1", 1, text, clock)
    own = get_campaign(store, MAKER.scope, "c1").simulation
    assert own is not None
    assert "71369" not in own
    assert "co_funder" not in own
    sign(store, MAKER, "c1", 1, clock)
    offered = get_campaign(store, SELLER.scope, "c1").simulation
    assert offered is not None
    assert "71369" in offered
    assert "manufacturer" not in json.loads(offered)
    assert get_campaign(store, Scope.of(Role.OPERATOR), "c1").simulation == text


def test_resampling_covers_the_figure_and_heeds_the_cap(store: Any, clock: FixedClock) -> None:
    rng = numpy.random.default_rng(3)
    orders = [
        Order(200 + n, 11, YEAR_BEFORE + timedelta(days=int(rng.integers(0, 90))), int(rng.integers(1, 60))) for n in range(80)
    ]
    with marts([*orders, END]) as connection:
        free = simulated(connection, drafted(store, clock))["manufacturer"]["occurrences"][0]
        capped = simulated(
            connection, create(store, PROGRAMME, MAKER, "c2", draft(together=f"total = {free['points'] // 2}"), clock)
        )
    low, high = free["points_range"]
    assert low < free["points"] < high
    # the standard error of a sum of 80 is sqrt(80) times the members' deviation; 90 % are 1.645 of it to each side
    sizes = numpy.array([order.quantity * 10 for order in orders])
    assert high - low == pytest.approx(2 * 1.645 * sizes.std() * numpy.sqrt(80), rel=0.1)
    assert capped["manufacturer"]["occurrences"][0]["points_range"] == [free["points"] // 2] * 2


def test_trying_a_campaign_that_ran_equals_the_ledger(store: Any, clock: FixedClock) -> None:
    """Posted day by day, caps and hold-out included: the trial on its own days gives each member what the ledger has."""
    rng = numpy.random.default_rng(9)
    days = [date(2026, 7, 1) + timedelta(days=n) for n in range(60)]
    orders = [
        Order(300 + int(rng.integers(0, 12)), int(rng.integers(11, 13)), day, int(rng.integers(1, 9)))
        for day in days
        for _ in range(2)
    ]
    orders += [Order(300 + n, 11, date(2026, 6, 1), n + 1) for n in range(12)]
    orders.append(Order(301, 11, date(2026, 9, 30), 1, product=2))
    with marts(orders) as connection:
        who = tuple(candidates(connection, rules_of(drafted(store, clock), PROGRAMME), date(2026, 7, 1)))
        written = draft(hold_out_percent=25, caps="per_member = 300\nper_period = 900", together="total = 1_700")
        campaign = launched(store, clock, written, "ran", who)
        out = held_out(store, "ran")
        assert len(out) == 3
        for day in days:
            clock.moment = datetime(day.year, day.month, day.day, 20, tzinfo=UTC)
            running = campaigns_of_run(store, PROGRAMME, clock)
            batch = [one for found in evaluate_alone(connection, PROGRAMME, running) for one in found if one.event_on == day]
            post_awards(store, PROGRAMME, batch, clock)
        tried = simulated(connection, campaign, held_out=out)["manufacturer"]["occurrences"][0]
        assert replay(connection, store, PROGRAMME, campaign) == []
    with store.connect() as reader:
        posted = posted_points(reader, PROGRAMME.programme_id, "ran")
    assert tried["points"] == sum(points for points, _ in posted.values()) == 1_700
    assert tried["points_asked"] == sum(decided for _, decided in posted.values())
    assert tried["earners"] == len({member for (_, member, _), (points, _) in posted.items() if points})
    assert not {member for _, member, _ in posted} & out


def test_uplift_is_read_from_units_of_the_campaigns_products(store: Any, clock: FixedClock) -> None:
    """Participants buy 14 a fortnight instead of 7, those held out stay at 7: 3.5 units a week more, whatever coffee does."""
    orders = []
    who = tuple(Candidate(400 + n, "Gold", 1.0) for n in range(60))
    campaign = launched(store, clock, draft(hold_out_percent=25), "u", who)
    out = held_out(store, "u")
    for one in who:
        for fortnight in range(-4, 4):
            day = date(2026, 7, 1) + timedelta(days=14 * fortnight + 3)
            extra = 7 if fortnight >= 0 and one.member not in out else 0
            orders += [
                Order(one.member, 11, day, 7 + extra + one.member % 3 * (fortnight % 2)),
                Order(one.member, 11, day, 100 * fortnight**2, product=2),
            ]
    orders.append(Order(401, 11, date(2026, 8, 25), 1, product=2))
    with marts(orders) as connection:
        found, windows = uplift_of(
            connection, rules_of(campaign, PROGRAMME), campaign.starts_on, campaign.ends_on, members_of(store, "u")
        )
    assert windows is not None
    assert (windows.within_to, windows.days) == (date(2026, 8, 25), 56)
    assert (found.verdict, found.participants, found.held_out) == ("more", 45, 15)
    assert found.effect == pytest.approx(3.5, abs=0.05)
    assert found.relative == pytest.approx(1.0, abs=0.15)
