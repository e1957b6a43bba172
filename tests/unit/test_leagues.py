"""A place among peers, and what it does not tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from loyalty.gamification.leagues import Standing, place

QUARTER, TODAY = date(2026, 4, 1), date(2026, 6, 29)


def standing(member: int, turnover: int, growth: int, base: int = 200, region: str = "Nord") -> Standing:
    """A member whose points grew by so many percent."""
    return Standing(member, region, turnover, base * (100 + growth) // 100, (base,) * 4)


def test_growth_ranks_and_the_gap_is_in_own_points() -> None:
    league = place(3, [standing(n, 1_000 + n, 10 * n) for n in range(1, 7)], QUARTER, TODAY)
    assert (league.rank, league.peers, league.growth_percent, league.points_to_next, league.lead_points) == (4, 5, 30, 20, 20)
    top = place(6, [standing(n, 1_000 + n, 10 * n) for n in range(1, 7)], QUARTER, TODAY)
    assert (top.rank, top.points_to_next) == (1, None)


def test_fewer_than_five_peers_are_no_league() -> None:
    assert place(3, [standing(n, 1_000, 10 * n) for n in range(1, 6)], QUARTER, TODAY).obstacle == "too_few"
    others = [standing(n, 1_000, 10 * n, region="Ost") for n in range(10, 30)]
    assert place(3, [*others, *(standing(n, 1_000, 10 * n) for n in range(1, 6))], QUARTER, TODAY).obstacle == "too_few"


def test_who_has_no_earlier_points_has_no_growth() -> None:
    assert place(3, [standing(n, 1_000, 0, base=0) for n in range(1, 9)], QUARTER, TODAY).obstacle == "no_base"
    assert place(99, [standing(n, 1_000, 0) for n in range(1, 9)], QUARTER, TODAY).obstacle == "no_base"


def test_bands_are_thirds_by_turnover_and_small_regions_have_fewer() -> None:
    members = [standing(n, n * 1_000, n) for n in range(1, 19)]
    assert [place(n, members, QUARTER, TODAY).band for n in (1, 6, 7, 12, 13, 18)] == [
        "small",
        "small",
        "middle",
        "middle",
        "large",
        "large",
    ]
    assert {place(n, members[:12], QUARTER, TODAY).band for n in range(1, 13)} == {"small", "large"}
    assert place(1, members[:11], QUARTER, TODAY).band == "all"


def test_a_rivals_turnover_cannot_be_told_from_my_league() -> None:
    """Rivals a thousand times larger or smaller, with the same growth, give the same answer byte for byte."""
    small = [standing(n, 1_000 + n, 10 * n) for n in range(1, 7)]
    large = [one if one.member == 3 else replace(one, points_now=one.points_now * 1_000, points_before=tuple(p * 1_000 for p in one.points_before))
             for one in small]  # fmt: skip
    assert place(3, small, QUARTER, TODAY) == place(3, large, QUARTER, TODAY)
    richer = [one if one.member == 3 else replace(one, turnover_cents=one.turnover_cents * 900) for one in small]
    assert place(3, small, QUARTER, TODAY) == place(3, richer, QUARTER, TODAY)


def test_growth_is_cut_so_that_a_small_start_is_no_lever() -> None:
    league = place(1, [standing(1, 1, 5_000), *(standing(n, 1, 400) for n in range(2, 8))], QUARTER, TODAY)
    assert (league.rank, league.growth_percent) == (1, 300)
    assert place(2, [standing(1, 1, 5_000), *(standing(n, 1, 400) for n in range(2, 8))], QUARTER, TODAY).rank == 1
