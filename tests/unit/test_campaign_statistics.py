"""Hold-out draws, uplift and caps, worked by hand and by simulation."""

from __future__ import annotations

from collections import Counter
from datetime import date

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.campaigns.hold_out import Candidate, draw_hold_out
from loyalty.campaigns.trial import try_out
from loyalty.campaigns.uplift import MEMBERS_MIN, MemberChange, measure_uplift, welch
from loyalty.caps import CapCounter, cap_limits
from loyalty.domain.parsing import parse_rules
from loyalty.domain.programme import ProgrammeError, Rule
from loyalty.domain.terms import describe_rules
from loyalty.evaluated import EvaluatedDocument
from tests.support.campaigns import rules_toml


def rule_of(**parts: str | int) -> Rule:
    """The one rule of a campaign."""
    return parse_rules(rules_toml(**parts), "sell_through", "c1")[0]  # type: ignore[arg-type]


@given(st.integers(0, 120), st.integers(1, 50), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_a_draw_holds_out_the_share_of_all_and_of_each_tier(count: int, percent: int, seed: int) -> None:
    members = [Candidate(n, "Gold" if n % 3 else "Silber", float(n * 7 % 31)) for n in range(count)]
    out = draw_hold_out(members, percent, numpy.random.default_rng(seed))
    assert abs(len(out) - count * percent / 100) < 1
    assert out == draw_hold_out(members, percent, numpy.random.default_rng(seed)), "the seed decides"
    tiers = Counter(one.tier for one in members)
    drawn = Counter(one.tier for one in members if one.member in out)
    assert all(abs(drawn[tier] - tiers[tier] * percent / 100) < 1 for tier in tiers)


def test_every_member_has_the_same_chance() -> None:
    members = [Candidate(n, "Gold" if n < 10 else "Silber", float(n)) for n in range(30)]
    drawn = Counter(one for seed in range(2_000) for one in draw_hold_out(members, 20, numpy.random.default_rng(seed)))
    assert min(drawn[n] for n in range(30)) > 2_000 * 0.2 * 0.85
    assert max(drawn.values()) < 2_000 * 0.2 * 1.15


def test_the_interval_is_the_one_worked_by_hand() -> None:
    """Treated 3, 5, 7 (mean 5, variance 4), control 1, 2, 3, 4 (mean 2.5, variance 5/3): difference 2.5.

    Standard error sqrt(4/3 + 5/12) = 1.3229; freedom (7/4)^2 / ((4/3)^2/2 + (5/12)^2/3) = 3.2350; t(97.5 %) = 3.0558: 2.5 -/+ 4.0425.
    """
    difference, low, high = welch(numpy.array([3.0, 5.0, 7.0]), numpy.array([1.0, 2.0, 3.0, 4.0]), 95)
    assert difference == pytest.approx(2.5)
    assert (low, high) == (pytest.approx(2.5 - 4.0425, abs=0.02), pytest.approx(2.5 + 4.0425, abs=0.02))


def changes(treated: int, control: int, effect: float, rng: numpy.random.Generator) -> list[MemberChange]:
    """Skewed buyers (a few buy most), a common fall of a tenth, and an effect on those who take part."""
    size = rng.lognormal(3, 0.8, treated + control)
    after = size * 0.9 + rng.normal(0, 4, treated + control)
    return [
        MemberChange(n, n >= treated, float(size[n]), float(after[n]) + (effect if n < treated else 0.0))
        for n in range(treated + control)
    ]


def test_a_known_effect_lies_within_the_interval_as_often_as_is_said_and_noise_gives_no_verdict() -> None:
    rng = numpy.random.default_rng(20260630)
    covered = false_verdicts = 0
    runs = 1_000
    for _ in range(runs):
        found = measure_uplift(changes(80, 20, 6.0, rng), days_before=90, days_within=90)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 6.0 <= found.high
        false_verdicts += measure_uplift(changes(80, 20, 0.0, rng), days_before=90, days_within=90).is_verdict
    assert 0.93 <= covered / runs <= 0.97
    assert false_verdicts / runs <= 0.07


def test_no_verdict_when_the_data_cannot_carry_one() -> None:
    rng = numpy.random.default_rng(1)
    clear = changes(80, 20, 50.0, rng)
    assert measure_uplift(clear, days_before=90, days_within=90).verdict == "more"
    assert measure_uplift(changes(80, 20, -50.0, rng), days_before=90, days_within=90).verdict == "less"
    for words, found in {
        "too_few": measure_uplift(clear[: 80 + MEMBERS_MIN - 1], days_before=90, days_within=90),
        "no_pre_period": measure_uplift(clear, days_before=27, days_within=90),
        "too_early": measure_uplift(clear, days_before=90, days_within=27),
        "no_hold_out": measure_uplift(clear[:80], days_before=90, days_within=90),
        "unclear": measure_uplift(changes(80, 20, 0.0, rng), days_before=90, days_within=90),
    }.items():
        assert (found.verdict, found.is_verdict) == (words, False)


def test_a_funders_cap_counts_its_share_exactly() -> None:
    """30 % of 7 points are 2.1: a purse of 21 points pays 10 awards of 7, not 11, and then one point is too many."""
    rule = rule_of(share=30, caps="per_funder = { distributor = 21 }")
    counter = CapCounter()
    for _ in range(10):
        limits = cap_limits("p", rule, 7, 11, date(2026, 7, 2))
        assert counter.grant(limits, 7, is_partial=True) == (7, None)
        counter.consume(limits, 7, 1)
    assert counter.grant(limits, 1, is_partial=True) == (0, "p|c1|push|funder|distributor|11")
    other = cap_limits("p", rule, 7, 12, date(2026, 7, 2))
    assert counter.grant(other, 7, is_partial=True) == (7, None), "each distributor has its own purse"
    counter.consume(limits, -7, 2)
    assert counter.grant(limits, 9, is_partial=True) == (7, "p|c1|push|funder|distributor|11"), "what is cancelled is given back"
    assert counter.grant(limits, 9, is_partial=False) == (0, "p|c1|push|funder|distributor|11")


def test_a_campaigns_cap_holds_for_all_its_rules_together() -> None:
    text = rules_toml(together="total = 100\nper_member = 60") + rules_toml().replace('"push"', '"more"')
    one, two = parse_rules(text, "sell_through", "c1")
    counter = CapCounter()
    for rule, member, asked, granted in ((one, 7, 50, 50), (two, 7, 50, 10), (two, 8, 50, 40), (one, 9, 5, 0)):
        limits = cap_limits("p", rule, member, 11, date(2026, 7, 2))
        given_now, _ = counter.grant(limits, asked, is_partial=rule.is_cut_at_cap)
        assert given_now == granted
        counter.consume(limits, given_now, 1)


def test_terms_tell_payers_who_pays_and_others_of_a_budget() -> None:
    rules = [rule_of(share=30, caps="per_funder = { distributor = 2_000 }")]
    assert "70 % manufacturer, 30 % distributor" in describe_rules(rules, "en", with_funding=True)
    assert "2.000 zu Lasten Distributor" in describe_rules(rules, "de", with_funding=True)
    for language, words in (("de", "solange das Budget reicht"), ("en", "while the budget lasts")):
        public = describe_rules(rules, language)  # type: ignore[arg-type]
        assert words in public
        assert "30" not in public.replace("30.09.2026", "").replace("30 Sep 2026", "")


def test_a_purse_of_somebody_who_pays_nothing_is_a_finding() -> None:
    with pytest.raises(ProgrammeError, match=r"line 12, rules\[1\].caps.per_funder"):
        rule_of(caps="per_funder = { distributor = 5 }")


def test_a_trial_grants_in_the_order_of_days_not_of_documents() -> None:
    """The cap of 100 goes to whoever bought first, though that document's name sorts last."""
    rule = rule_of(caps="total = 100")
    documents = [
        EvaluatedDocument(cause, "s", cause, rule, day, ((member, 80),), "{}", distributor=11)
        for cause, member, day in (("a", 8, date(2026, 7, 9)), ("z", 7, date(2026, 7, 2)), ("m", 9, date(2026, 7, 20)))
    ]
    trial = try_out("p", documents, frozenset())
    assert {grant.member: grant.granted for grant in trial.grants} == {7: 80, 8: 20, 9: 0}
    assert trial.hits == {"p|c1|push|total": date(2026, 7, 9)}
    assert {grant.member for grant in try_out("p", documents, frozenset({7})).grants} == {8, 9}
