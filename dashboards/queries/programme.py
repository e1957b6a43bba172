"""What the owner of a programme asks: is it alive, and what does it owe. Sums over all members of its own programmes; nobody's net amounts."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query

_OWNERS = frozenset({Role.MANUFACTURER, Role.DISTRIBUTOR})
_PROGRAMME = ("programme",)

_BOOKED = "month_on <= (select max(month_on) from rpt_programme_liability where programme_id = $programme)"
"""A bonus of a period is dated by the period's end, which may lie ahead; the books end with the month in which they are."""

PROGRAMMES = Query(
    "programmes", _OWNERS, "select distinct programme_id from rpt_programme_liability order by programme_id", is_exported=False
)

HEALTH_MONTHLY = Query("programme_health", _OWNERS, f"""
    select month_on, members_active, members_redeeming, points_issued, points_redeemed, points_expired, points_reversed
    from rpt_programme_health
    where programme_id = $programme
        and month_on > (select max(month_on) from rpt_programme_health where programme_id = $programme) - interval 36 month and {_BOOKED}
    order by month_on""", _PROGRAMME)  # fmt: skip

COHORTS = Query("programme_cohorts", _OWNERS, """
    select cohort_on as month_on, points_issued, points_redeemed, points_expired, points_outstanding,
        cast(round(redemption_rate * 100, 1) as double) as redemption_percent,
        cast(round(breakage_rate * 100, 1) as double) as breakage_percent
    from rpt_breakage where programme_id = $programme order by cohort_on desc limit 120""", _PROGRAMME)  # fmt: skip

COHORTS_HEADLINE = Query("programme_cohorts_headline", _OWNERS, """
    select cast(sum(points_redeemed) as double) / nullif(sum(points_issued), 0) as redemption_rate,
        cast(sum(points_expired) filter (is_matured) as double) / nullif(sum(points_issued) filter (is_matured), 0) as breakage_rate,
        cast(count(*) filter (is_matured) as integer) as cohorts_matured
    from rpt_breakage where programme_id = $programme""", _PROGRAMME, is_exported=False)  # fmt: skip

TIERS = Query("programme_tiers", _OWNERS, """
    select tier, members from rpt_programme_tiers where programme_id = $programme order by members desc, tier""", _PROGRAMME)  # fmt: skip

LIABILITY = Query("programme_liability", _OWNERS, """
    select month_on, points_opening, points_issued, points_redeemed, points_expired, points_reversed, points_closing, liability_cents,
        money_currency
    from rpt_programme_liability where programme_id = $programme order by month_on desc limit 120""", _PROGRAMME)  # fmt: skip

LIABILITY_HEADLINE = Query("programme_liability_headline", _OWNERS, """
    select points_closing, liability_cents, money_currency, expected_redemption_percent, point_value_subcents
    from rpt_programme_liability where programme_id = $programme order by month_on desc limit 1""", _PROGRAMME, is_exported=False)  # fmt: skip

FUNDERS = Query("programme_funders", _OWNERS, """
    select month_on, funder, cast(round_even(charged_subcents / 100.0, 0) as bigint) as charged_cents, money_currency
    from rpt_programme_funders where programme_id = $programme order by month_on desc, funder limit 240""", _PROGRAMME)  # fmt: skip

REVENUE = Query("programme_revenue", _OWNERS, f"""
    select month_on, goods_cents, points_value_cents, allocated_cents, recognised_cents, allocated_cents - recognised_cents as deferred_cents,
        money_currency
    from rpt_points_revenue where programme_id = $programme and {_BOOKED} order by month_on desc limit 120""", _PROGRAMME)  # fmt: skip

PROGRAMME_QUERIES = (
    PROGRAMMES, HEALTH_MONTHLY, COHORTS, COHORTS_HEADLINE, TIERS, LIABILITY, LIABILITY_HEADLINE, FUNDERS, REVENUE,
)  # fmt: skip
