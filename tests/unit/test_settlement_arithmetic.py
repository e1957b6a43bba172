"""Statements sum to the burned value to the cent, whatever is burned, given back and settled when."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.campaigns.charging import Burned, Charge, charge
from loyalty.campaigns.settling import funders_of
from loyalty.domain.funding import cents

ALONE, SHARED = (("manufacturer", 100),), (("manufacturer", 67), ("distributor", 33))


def test_a_statement_worked_by_hand() -> None:
    """7 points of 0.55 cents are 3.85 cents; a third less one percent of it, 127 subcents, is the distributor's: 4 = 3 + 1."""
    found = charge([Burned(11, "r", SHARED, 7)], 55, {}, Charge())
    (line,) = found.lines
    assert (line.burned_subcents, line.manufacturer_subcents, line.distributor_subcents) == (385, 258, 127)
    statement = found.by_distributor[11]
    assert (statement.burned_cents, statement.manufacturer_cents, statement.distributor_cents) == (4, 3, 1)


def test_the_manufacturer_takes_what_rounding_leaves_over_all_distributors() -> None:
    """Three distributors with 0.55 cents each: every statement says 1 cent, the value is 1.65 cents: 2 are charged, not 3."""
    found = charge([Burned(who, "r", ALONE, 1) for who in (11, 12, 13)], 55, {}, Charge())
    assert [one.burned_cents for one in found.by_distributor.values()] == [1, 1, 1]
    assert (found.total.burned_cents, found.total.manufacturer_cents) == (2, 2)


BURNS = st.lists(
    st.lists(st.tuples(st.sampled_from([11, 12, 13]), st.booleans(), st.integers(-400, 900)), max_size=6), max_size=6
)


@given(BURNS, st.integers(1, 333), st.integers(1, 99))
@settings(max_examples=80, deadline=None)
def test_settlements_sum_to_the_burned_value_to_the_cent(
    periods: list[list[tuple[int, bool, int]]], point_value_subcents: int, percent: int
) -> None:
    shared = (("manufacturer", 100 - percent), ("distributor", percent))
    before: dict[int, Charge] = defaultdict(Charge)
    total, all_points = Charge(), 0
    for period in periods:
        burned = [Burned(who, f"r{is_shared}", shared if is_shared else ALONE, points) for who, is_shared, points in period]
        found = charge(burned, point_value_subcents, before, total)
        assert sum(line.burned_subcents for line in found.lines) == sum(
            one.burned_subcents for one in found.by_distributor.values()
        )
        for line in found.lines:
            assert line.burned_subcents == line.manufacturer_subcents + line.distributor_subcents
        for who, one in found.by_distributor.items():
            assert one.burned_cents == one.manufacturer_cents + one.distributor_cents
            before[who] = before[who].plus(one)
        assert found.total.distributor_cents == sum(one.distributor_cents for one in found.by_distributor.values())
        total = total.plus(found.total)
        all_points += sum(points for _, _, points in period)
        assert total.burned_cents == cents(all_points * point_value_subcents)
        assert total.manufacturer_cents + sum(one.distributor_cents for one in before.values()) == total.burned_cents
        for one in before.values():
            assert one.burned_cents == cents(one.burned_subcents)
            assert one.distributor_cents == cents(one.distributor_subcents)


def test_funders_are_read_as_they_were_written() -> None:
    assert funders_of("manufacturer:70,distributor:30") == (("manufacturer", 70), ("distributor", 30))
