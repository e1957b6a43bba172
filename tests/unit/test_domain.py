"""Pure rules: points, lots, months, programmes, money."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.money import cents_half_even
from loyalty import describe, list_programmes, load_programme
from loyalty.domain.parsing import parse_programme
from loyalty.domain.points import Draw, OpenLot, add_months, award_points, draw, expiry_of
from loyalty.domain.programme import Expiry, ProgrammeError, Rule
from loyalty.owning import owner_among


def rule(per_unit: str = "0", per_amount: str = "0") -> Rule:
    """A rule without bonus or end."""
    return Rule("r", 1, "t", "t", date.min, None, Decimal(per_unit), Decimal(per_amount), "EUR")


def test_points_are_rounded_once_per_document() -> None:
    """Ten lines of 0.40 points make 4, not 0."""
    assert award_points(rule(per_unit="0.4"), 10_000, 0) == 4


@pytest.mark.parametrize(("subcents", "points"), [(19_99_00, 1), (20_00_00, 2), (0, 0)])
def test_points_of_amounts_round_down(subcents: int, points: int) -> None:
    assert award_points(rule(per_amount="0.1"), 1_000, subcents) == points


@pytest.mark.parametrize(("day", "months", "expected"), [
    (date(2025, 1, 31), 1, date(2025, 2, 28)), (date(2024, 1, 31), 1, date(2024, 2, 29)), (date(2025, 1, 25), 1, date(2025, 2, 25)),
    (date(2025, 12, 15), 24, date(2027, 12, 15)),
])  # fmt: skip
def test_months_clamp(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_expiry_is_the_end_of_the_day_in_the_programmes_zone() -> None:
    assert expiry_of(Expiry(1), date(2025, 1, 31), date(2025, 1, 1), "Europe/Berlin") == datetime(2025, 2, 28, 23, tzinfo=UTC)


def lot(lot_id: int, points: int, expires: int | None) -> OpenLot:
    """A lot that expires in that month of 2026."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return OpenLot(lot_id, points, moment, None if expires is None else moment.replace(month=expires))


def test_debits_draw_earliest_expiry_first_and_lots_without_expiry_last() -> None:
    lots = [lot(1, 10, None), lot(2, 10, 9), lot(3, 10, 5)]
    assert draw(lots, 25, None) == [Draw(3, 10), Draw(2, 10), Draw(1, 5)]


def test_expired_lots_are_left_alone_at_the_very_moment() -> None:
    assert draw([lot(1, 10, 5)], 5, datetime(2026, 5, 1, tzinfo=UTC)) == []


@given(st.lists(st.tuples(st.integers(1, 50), st.one_of(st.none(), st.integers(1, 12)))), st.integers(0, 300))
def test_a_draw_never_takes_more_than_a_lot_has_nor_than_asked(lots: list[tuple[int, int | None]], points: int) -> None:
    opened = [lot(number, left, expires) for number, (left, expires) in enumerate(lots)]
    draws = draw(opened, points, None)
    assert sum(taken.points for taken in draws) == min(points, sum(left for left, _ in lots))
    assert all(0 < taken.points <= lots[taken.lot_id][0] for taken in draws)


@given(st.lists(st.decimals(min_value="-99999.9999", max_value="99999.9999", places=4), min_size=1, max_size=50))
def test_sums_of_cents_and_subcents_round_once(amounts: list[Decimal]) -> None:
    """Splitting each amount and adding both parts gives the exact sum, rounded half-even once."""
    parts = []
    for amount in amounts:
        cents = int((amount * 100).to_integral_value(rounding="ROUND_HALF_EVEN"))
        parts.append((cents, int((amount * 100 - cents) * 100)))
    total = cents_half_even(sum(c for c, _ in parts), sum(s for _, s in parts))
    assert total == int((sum(amounts, Decimal(0)) * 100).to_integral_value(rounding="ROUND_HALF_EVEN"))


@pytest.mark.parametrize("name", list_programmes())
@pytest.mark.parametrize("language", ["de", "en"])
def test_shipped_programmes_load_and_speak(name: str, language: str) -> None:
    programme = load_programme(name)
    terms = describe(programme, "de" if language == "de" else "en")
    assert all((r.title_de if language == "de" else r.title_en) in terms for r in programme.rules)
    first = programme.rules[0].valid_from
    assert (f"{first:%d.%m.%Y}" if language == "de" else f"{first.day} {first:%b} {first.year}") in terms
    assert first.isoformat() not in terms


BROKEN = """
programme_id = "p"
version = 0
title_de = "t"
title_en = "t"
currency = "points"
time_zone = "UTC"
leg = "sideways"
extra = 1
[[rules]]
rule_id = "r"
version = 1
title_de = "t"
title_en = "t"
points_per_unit = "x"
valid_from = 2026-02-01
valid_to = 2026-01-01
"""


def test_every_finding_of_a_programme_is_named() -> None:
    with pytest.raises(ProgrammeError) as broken:
        parse_programme(BROKEN)
    text = "; ".join(broken.value.findings)
    for part in ("version", "leg", "extra", "rules[1].points_per_unit", "rules[1].valid_to", "a rule gives something", "line 15"):
        assert part in text


OWN = (
    BROKEN.replace("version = 0", "version = 1")
    .replace('"sideways"', '"sell_through"\ndistributor_ref = "D-7"')
    .replace("extra = 1\n", "")
)
OWN = OWN.replace('"x"', '"2"').replace("valid_to = 2026-01-01\n", "")
"""A distributor's programme that is valid."""


def test_a_distributors_programme_is_paid_by_it_and_says_whose_it_is() -> None:
    goal = '[[challenges]]\nchallenge_id = "c"\ntitle_de = "t"\ntitle_en = "t"\nmeasure = "quantity"\ngoal = 3\nvalid_from = 2026-01-01\nvalid_to = 2026-02-01\nbadge = "b"\nbonus_points = 5\n'
    programme = parse_programme(OWN + goal)
    assert (programme.owner_kind, programme.distributor_ref, programme.manufacturer_ref) == ("distributor", "D-7", None)
    assert {rule.rule_id: rule.funders for rule in programme.rules} == {
        "r": (("distributor", 100),),
        "challenge-c": (("distributor", 100),),
    }
    assert {rule.bound.distributors for rule in programme.owned_by(11).rules} == {(11,)}
    assert [programme.owned_by(11).looks_at(who) for who in (11, 12, 0)] == [True, False, False]
    assert not any(programme.looks_at(who) for who in (-1, 0, 11)), "nobody's while its owner is not known"
    assert "Dieses Programm führt der Distributor D-7. Es zählt nur, was er verkauft." in describe(programme, "de")
    assert "The distributor D-7 runs this programme. Only what it sells counts." in describe(programme, "en")
    makers = parse_programme(OWN.replace('distributor_ref = "D-7"', 'manufacturer_ref = "M-1"'))
    assert (makers.owner_kind, makers.rules[0].funders, makers.owned_by(1).rules[0].bound.distributors) == (
        "manufacturer",
        (("manufacturer", 100),),
        (),
    )
    assert "The manufacturer M-1 runs this programme." in describe(makers, "en")
    assert all(makers.looks_at(who) for who in (0, 11, 12))


@pytest.mark.parametrize(("change", "finding"), [
    ('manufacturer_ref = "M-1"\ndistributor_ref = "D-7"', "line 10, distributor_ref: say one of manufacturer_ref and distributor_ref"),
    ("distributor_ref = 7", "line 9, distributor_ref: found 7, expected a text"),
])  # fmt: skip
def test_a_programme_belongs_to_one_party(change: str, finding: str) -> None:
    with pytest.raises(ProgrammeError) as wrong:
        parse_programme(OWN.replace('distributor_ref = "D-7"', change))
    (text,) = wrong.value.findings
    assert finding in text


@pytest.mark.parametrize(("line", "finding"), [
    ("funders = { manufacturer = 70, distributor = 30 }", "line 17, rules[1].funders: found {'manufacturer': 70, 'distributor': 30}, expected distributor = 100"),
    ('leg = "sell_in"', "line 17, rules[1].leg: found 'sell_in', expected sell_through or event"),
    ('leg = "sell_out"', "line 17, rules[1].leg: found 'sell_out', expected sell_through or event"),
])  # fmt: skip
def test_a_distributor_promises_its_own_money_for_its_own_sales(line: str, finding: str) -> None:
    with pytest.raises(ProgrammeError) as wrong:
        parse_programme(OWN + line)
    (text,) = wrong.value.findings
    assert finding in text
    with pytest.raises(ProgrammeError, match="line 8, leg: found 'sell_in'"):
        parse_programme(OWN.replace('"sell_through"', '"sell_in"'))


def test_the_owner_is_the_one_party_with_the_named_number() -> None:
    own, makers = parse_programme(OWN), replace(parse_programme(OWN), distributor_ref=None)
    assert owner_among(own, [(1, "D-7"), (2, "D-8")]) == 1
    assert owner_among(own, [(1, "D-7"), (2, "D-7")]) is None, "two masters use the number: not clear whose it is"
    assert owner_among(own, [(2, "D-8")]) is None
    assert owner_among(makers, [(1, "M-1")]) == 1, "one that names nobody is the only manufacturer's"
    assert owner_among(makers, [(1, "M-1"), (2, "M-2")]) is None


def test_an_unknown_programme_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError) as missing:
        load_programme("nobody")
    assert missing.value.code == "LOY-101"
