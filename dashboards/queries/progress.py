"""What a retailer's running periods hold so far."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query

PERIODS = Query("r_period_progress", frozenset({Role.RETAILER}), """
    select rule_key, rule_id, ends_on, sum(quantity_milli) as quantity_milli, sum(amount_subcents) as amount_subcents,
        sum(points_so_far) as points_so_far
    from rpt_period_progress where programme_id = $programme and currency = $currency group by rule_key, rule_id, ends_on order by ends_on, rule_key""",
    ("programme", "currency"), is_exported=False)  # fmt: skip

PROGRESS_QUERIES = (PERIODS,)
