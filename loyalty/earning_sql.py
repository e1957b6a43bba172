"""The SQL of an evaluation: which lines count under a rule, summed per document or per period of a member.

    mart.fct_order_lines, fct_sales_report_lines, programme events --lines_sql--> one shape --documents_sql, periods_sql--> sums per rule

Every line gets a `stage`: how many conditions it passes before one fails, in the order of `STAGES`. Lines that pass all count; the highest
stage of a document says why it earned nothing. A basket that somebody is still filling has the same shape and goes through the same SQL.
"""

from __future__ import annotations

from dataclasses import dataclass

from loyalty.domain.programme import Rule

STAGES = ("cancelled", "not_confirmed", "unknown_buyer", "not_taking_part", "product", "segment", "currency", "returned")
"""Conditions of a line, in the order in which they are looked at; `len(STAGES)`: it counts."""

COUNTS = len(STAGES)

Parameters = dict[str, object]

REPORT_ID = "cast('0x' || substr(md5(lines.source_id || '|' || lines.document_no || '|' || lines.retailer_id), 1, 15) as ubigint)"
RETURN_ID = (
    "cast('0x' || substr(md5(lines.source_id || '|' || lines.return_no || '|' || lines.distributor_id), 1, 15) as ubigint)"
)
"""Sales reports and returns have no id of a document of their own: one is made of their natural key."""

_KEPT = """case when lines.line_kind = 'return' then -coalesce(excess.quantity, 0)
            else greatest(lines.quantity - lines.returned_quantity - coalesce(attributed.quantity, 0), 0) end"""

ORDER_LINES = f"""
    select lines.order_id, lines.order_line_id, lines.source_id, lines.document_no, lines.ordered_on as event_on, lines.product_id,
        lines.line_status, lines.currency, lines.quantity, lines.delivered_quantity,
        case when lines.leg = 'sell_in' then 0 else greatest(lines.distributor_id, 0) end as distributor_id,
        case when lines.leg = 'sell_in' and lines.retailer_id <= 0 then lines.distributor_id else lines.retailer_id end as member_party_id,
        {_KEPT} as quantity_kept, lines.net_amount_cents * 100 + lines.net_amount_subcents as net_subcents,
        lines.list_value_cents * 100 as list_subcents, cast(null as varchar) as event
    from mart.fct_order_lines as lines
    left join attributed on lines.order_line_id = attributed.order_line_id
    left join excess on lines.order_line_id = excess.return_id
    where lines.leg = $leg"""

LOOSE_RETURNS = f"""
    select {RETURN_ID} as order_id, lines.return_line_id as order_line_id, lines.source_id, lines.return_no as document_no,
        lines.returned_on as event_on, lines.product_id, 'confirmed' as line_status, lines.currency, -lines.quantity as quantity,
        cast(0 as decimal(18, 3)) as delivered_quantity,
        case when lines.leg = 'sell_in' then 0 else greatest(lines.distributor_id, 0) end as distributor_id,
        case when lines.leg = 'sell_in' and lines.retailer_id <= 0 then lines.distributor_id else lines.retailer_id end as member_party_id,
        -excess.quantity as quantity_kept, -(lines.net_amount_cents * 100 + lines.net_amount_subcents) as net_subcents,
        cast(null as bigint) as list_subcents, cast(null as varchar) as event
    from mart.fct_return_lines as lines inner join excess on lines.return_line_id = excess.return_id
    where lines.leg = $leg and excess.quantity > 0"""

REPORT_LINES = f"""
    select {REPORT_ID} as order_id, lines.sales_report_line_id as order_line_id, lines.source_id, lines.document_no, lines.sold_on as event_on,
        lines.product_id, 'confirmed' as line_status, lines.currency, lines.quantity, lines.quantity as delivered_quantity,
        0 as distributor_id, lines.retailer_id as member_party_id, lines.quantity as quantity_kept,
        lines.net_amount_cents * 100 + lines.net_amount_subcents as net_subcents, lines.list_value_cents * 100 as list_subcents,
        cast(null as varchar) as event
    from mart.fct_sales_report_lines as lines where lines.leg = $leg"""

EVENT_LINES = """
    select events.order_id, events.order_id as order_line_id, 'event' as source_id, events.document_no, events.event_on, -1 as product_id,
        events.line_status, '' as currency, 1 as quantity, 1 as delivered_quantity, events.distributor_id, events.member_party_id,
        1 as quantity_kept, 0 as net_subcents, 0 as list_subcents, events.event
    from reward_events as events"""


@dataclass(frozen=True, slots=True)
class Narrow:
    """Which part is asked for; None: all of it. Both name temporary tables: `documents` (order_id), `pairs` (member_party_id, event_on).

    `is_limited`: the rule is a campaign's for some members only."""

    documents: str | None = None
    pairs: str | None = None
    is_limited: bool = False


def lines_sql(leg: str, documents: str | None) -> tuple[str, Parameters]:
    """The lines of a leg in one shape. Orders under review (table `left_out`) are not among them."""
    waiting = "not exists (select 1 from left_out where left_out.order_id = found.order_id)"
    only = f" and found.order_id in (select order_id from {documents})" if documents else ""
    if leg == "event":
        return f"select * from ({EVENT_LINES}) as found where {waiting}{only}", {}
    if leg == "sell_out":
        return f"select * from ({REPORT_LINES}) as found where {waiting}{only}", {"leg": leg}
    both = f"select * from ({ORDER_LINES}) as found where {waiting}{only} union all select * from ({LOOSE_RETURNS}) as found where {waiting}{only}"
    return both, {"leg": leg}


def judged_sql(rule: Rule, lines: str, *, is_limited: bool) -> tuple[str, Parameters]:
    """Lines with their stage under a rule and the amount that its basis names. `is_limited`: only members of `taking_part` may earn."""
    parameters: Parameters = {}
    failing = ["lines.line_status = 'cancelled'", "lines.line_status <> 'confirmed'", "lines.member_party_id <= 0", "false", "false", "false",
               "false", "lines.quantity_kept = 0"]  # fmt: skip
    bound = rule.bound
    if bound.distributors:
        failing[3] = (
            "not list_contains($distributors, lines.distributor_id) and not list_contains($distributors, lines.member_party_id)"
        )
        parameters["distributors"] = list(bound.distributors)
    if bound.held_out:
        failing[3] = f"({failing[3]}) or list_contains($held_out, lines.member_party_id)"
        parameters["held_out"] = list(bound.held_out)
    if is_limited:
        failing[3] = (
            f"({failing[3]}) or lines.member_party_id not in (select member_party_id from taking_part where campaign_id = $campaign)"
        )
        parameters["campaign"] = rule.campaign_id
    chosen = [(name, column) for name, column in (("categories", "products.category"), ("brands", "products.brand"),
              ("products", "products.product_ref"), ("events", "lines.event")) if getattr(rule.selection, name)]  # fmt: skip
    if chosen:
        failing[4] = " or ".join(f"not coalesce(list_contains(${name}, {column}), false)" for name, column in chosen)
        parameters |= {name: list(getattr(rule.selection, name)) for name, _ in chosen}
    if bound.manufacturers:
        failing[4] = f"({failing[4]}) or not coalesce(list_contains($manufacturers, products.manufacturer_id), false)"
        parameters["manufacturers"] = list(bound.manufacturers)
    if rule.selection.segments:
        failing[5] = "not coalesce(list_contains($segments, members.segment), false)"
        parameters["segments"] = list(rule.selection.segments)
    if rule.money_currency and rule.leg != "event":
        failing[6] = "coalesce(lines.currency, '') <> $money_currency"
        parameters["money_currency"] = rule.money_currency
    joins = ""
    if rule.basket or bound.manufacturers or any(column.startswith("products") for _, column in chosen):
        joins += " left join mart.dim_product as products on lines.product_id = products.product_id"
    if rule.selection.segments:
        joins += " left join mart.dim_party as members on lines.member_party_id = members.party_id"
    stages = " ".join(f"when {condition} then {stage}" for stage, condition in enumerate(failing) if condition != "false")
    amount = "lines.list_subcents" if rule.is_before_discount else "lines.net_subcents"
    category = "products.category" if rule.basket else "cast(null as varchar)"
    sql = f"""
        select lines.*, {category} as category, case {stages} else {COUNTS} end as stage,
            case when lines.quantity_kept = lines.quantity then coalesce({amount}, 0) when lines.quantity = 0 then 0
                else cast(round_even(coalesce({amount}, 0) * lines.quantity_kept / lines.quantity, 0) as bigint) end as amount_subcents
        from ({lines}) as lines{joins}"""
    return sql, parameters


_SUMS = f"""cast(coalesce(sum(case when judged.stage = {COUNTS} then judged.quantity_kept end), 0) * 1000 as bigint) as quantity_milli,
            cast(coalesce(sum(case when judged.stage = {COUNTS} then judged.amount_subcents end), 0) as bigint) as amount_subcents,
            max(judged.stage) as stage"""


def documents_sql(rule: Rule, narrow: Narrow, lines: str | None = None) -> tuple[str, Parameters]:
    """One row per document and member, from the leg's lines or from `lines` of the same shape: (source_id, document_no, order_id, event_on, distributor_id, member_party_id, quantity_milli,
    amount_subcents, stage, has_basket, is_first, tier, available_on)."""
    parameters: Parameters = {}
    if lines is None:
        lines, parameters = lines_sql(rule.leg, narrow.documents)
    if rule.is_first_only and narrow.pairs:
        lines, parameters = lines_sql(rule.leg, None)
        lines = f"select * from ({lines}) as found where found.member_party_id in (select member_party_id from {narrow.pairs})"
    judged, more = judged_sql(rule, lines, is_limited=narrow.is_limited)
    parameters |= more
    has_basket = "true"
    if rule.basket:
        in_basket = "judged.quantity_kept > 0 and judged.line_status = 'confirmed' and list_contains($basket, judged.category)"
        has_basket = f"count(distinct case when {in_basket} then judged.category end) = {len(set(rule.basket))}"
        parameters["basket"] = list(rule.basket)
    first = "true"
    if rule.is_first_only:
        first = f"""row_number() over (partition by sums.member_party_id, sums.stage = {COUNTS} and sums.quantity_milli > 0
                    order by sums.event_on, sums.order_id) = 1"""
    by_day = "min(sums.event_on) over (partition by sums.source_id, sums.document_no, sums.order_id), " if rule.is_capped else ""
    condition, join, extra = _availability(rule)
    sql = f"""
        with judged as ({judged}),
        sums as (
            select judged.source_id, judged.document_no, judged.order_id, min(judged.event_on) as event_on,
                max(judged.distributor_id) as distributor_id, judged.member_party_id, {_SUMS}, {has_basket} as has_basket,
                bool_and(judged.quantity_kept <= 0 or judged.stage < {COUNTS} or judged.delivered_quantity >= judged.quantity_kept) as is_delivered
            from judged group by judged.source_id, judged.document_no, judged.order_id, judged.member_party_id
        ){extra}
        select sums.source_id, sums.document_no, sums.order_id, sums.event_on, sums.distributor_id, sums.member_party_id, sums.quantity_milli,
            sums.amount_subcents, sums.stage, sums.has_basket, {first} as is_first, tiers.tier, {condition} as available_on
        from sums
        left join tier_spans as tiers
            on sums.member_party_id = tiers.member_party_id and sums.event_on >= tiers.from_on and sums.event_on < tiers.to_on{join}
        order by {by_day}sums.source_id, sums.document_no, sums.order_id, sums.member_party_id"""
    return sql, parameters


def periods_sql(rule: Rule, narrow: Narrow) -> tuple[str, Parameters]:
    """One row per member and period (and distributor, when it pays a share): (period_on, event_on, distributor_id, member_party_id,
    quantity_milli, amount_subcents, stage, tier). The tier is the one of the period's first day."""
    lines, parameters = lines_sql(rule.leg, None)
    period = f"cast(date_trunc('{rule.grain}', judged.event_on) as date)"
    until = "" if rule.valid_to is None else " and found.event_on <= $valid_to"
    only = ""
    if narrow.pairs:
        only = f""" and (found.member_party_id, date_trunc('{rule.grain}', found.event_on)) in
            (select (member_party_id, date_trunc('{rule.grain}', event_on)) from {narrow.pairs})"""
    lines = f"select * from ({lines}) as found where found.event_on >= $valid_from{until}{only}"
    parameters["valid_from"] = rule.valid_from
    if rule.valid_to is not None:
        parameters["valid_to"] = rule.valid_to
    judged, more = judged_sql(rule, lines, is_limited=narrow.is_limited)
    parameters |= more
    by_distributor = any(name == "distributor" for name, _ in rule.funders)
    distributor = "judged.distributor_id" if by_distributor else "0"
    asked = ""
    if narrow.pairs:  # a period that lost its last line is asked for, too, so that its award can be taken back
        asked = f"""
        union
        select cast(date_trunc('{rule.grain}', event_on) as date), sellers.distributor_id, member_party_id, 0, 0, 0
        from {narrow.pairs}, ({_sellers(rule, by_distributor=by_distributor)}) as sellers where member_party_id > 0"""
    months = {"month": 1, "quarter": 3, "year": 12}[rule.grain]
    sql = f"""
        with judged as ({judged}),
        sums as (
            select {period} as period_on, {distributor} as distributor_id, judged.member_party_id, {_SUMS}
            from judged group by all{asked}
        ),
        whole as (
            select period_on, distributor_id, member_party_id, max(quantity_milli) filter (quantity_milli <> 0) as quantity_milli,
                max(amount_subcents) filter (amount_subcents <> 0) as amount_subcents, max(stage) as stage
            from sums group by period_on, distributor_id, member_party_id
        )
        select whole.period_on, cast(whole.period_on + interval {months} month - interval 1 day as date) as event_on, whole.distributor_id,
            whole.member_party_id, coalesce(whole.quantity_milli, 0), coalesce(whole.amount_subcents, 0), whole.stage, tiers.tier
        from whole
        left join tier_spans as tiers on whole.member_party_id = tiers.member_party_id
            and whole.period_on >= tiers.from_on and whole.period_on < tiers.to_on
        where whole.member_party_id > 0
        order by {"whole.period_on, " if rule.is_capped else ""}whole.member_party_id, whole.period_on, whole.distributor_id"""
    return sql, parameters


def _sellers(rule: Rule, *, by_distributor: bool) -> str:
    """Whose sales a member's period may have held: its last line may be another seller's now."""
    if not by_distributor:
        return "select 0 as distributor_id"
    if rule.bound.distributors:
        return "select unnest($distributors) as distributor_id"
    return "select 0 as distributor_id union all select party_id from mart.dim_party where kind = 'distributor'"


def _availability(rule: Rule) -> tuple[str, str, str]:
    """(expression of the day from which points can be spent, the join it needs, the CTEs before it)."""
    if rule.pending_until == "return_window":
        return f"sums.event_on + {int(rule.return_window_days)}", "", ""
    if rule.pending_until == "delivered":
        extra = """,
        goods as (
            select orders.order_id, max(delivery.delivered_on) as on_day
            from (select distinct order_id, document_no, leg, distributor_id, retailer_id from mart.fct_order_lines
                  where order_id in (select order_id from sums)) as orders
            inner join mart.fct_delivery_lines as delivery
                on orders.document_no = delivery.order_document_no and orders.leg = delivery.leg
                    and orders.distributor_id = delivery.distributor_id and orders.retailer_id = delivery.retailer_id
            group by orders.order_id
        )"""
        return "case when sums.is_delivered then goods.on_day end", " left join goods on sums.order_id = goods.order_id", extra
    if rule.pending_until == "invoice_paid":
        extra = """,
        bills as (
            select orders.order_id, case when bool_and(bill.paid_on is not null) then max(bill.paid_on) end as on_day,
                sum(bill.quantity) * 1000 as billed_milli
            from (select distinct order_id, document_no, leg, distributor_id, retailer_id from mart.fct_order_lines
                  where order_id in (select order_id from sums)) as orders
            inner join mart.fct_invoice_lines as bill
                on orders.document_no = bill.order_document_no and orders.leg = bill.leg
                    and orders.distributor_id = bill.distributor_id and orders.retailer_id = bill.retailer_id
            group by orders.order_id
        )"""
        paid = "case when bills.billed_milli >= sums.quantity_milli then bills.on_day end"
        return paid, " left join bills on sums.order_id = bills.order_id", extra
    if rule.pending_until == "sell_through":
        return "sold_on.on_day", " left join sold_on on sums.order_id = sold_on.order_id", SOLD_ON
    return "sums.event_on", "", ""


SOLD_ON = """,
        bought as (
            select lines.order_id, lines.distributor_id, lines.product_id,
                sum(greatest(lines.quantity - lines.returned_quantity, 0)) over (
                    partition by lines.distributor_id, lines.product_id order by lines.ordered_on, lines.order_id, lines.order_line_id
                ) as bought_up_to
            from mart.fct_order_lines as lines
            where lines.leg = 'sell_in' and lines.line_kind = 'order' and lines.line_status = 'confirmed' and lines.distributor_id > 0
        ),
        outflow as (
            select distributor_id, product_id, sold_on as on_day, quantity from mart.fct_sales_report_lines where leg = 'sell_through'
            union all
            select distributor_id, product_id, ordered_on, greatest(quantity - returned_quantity, 0) from mart.fct_order_lines
            where leg = 'sell_through' and line_status = 'confirmed' and line_kind = 'order' and distributor_id not in (
                select distributor_id from mart.fct_sales_report_lines where leg = 'sell_through')
        ),
        sold as (
            select distributor_id, product_id, on_day,
                sum(sum(quantity)) over (partition by distributor_id, product_id order by on_day) as sold_up_to
            from outflow group by distributor_id, product_id, on_day
        ),
        line_sold as (
            select bought.order_id, bought.bought_up_to, bought.product_id, bought.distributor_id, min(sold.on_day) as on_day
            from bought
            left join sold on bought.distributor_id = sold.distributor_id and bought.product_id = sold.product_id
                and sold.sold_up_to >= bought.bought_up_to
            where bought.order_id in (select order_id from sums)
            group by all
        ),
        sold_on as (
            select order_id, case when bool_and(on_day is not null) then max(on_day) end as on_day from line_sold group by order_id
        )"""
"""First in, first out: what was bought of a product up to and with an order is sold when as much of it was sold on, by the distributor's own
reports, or where it sends none by its orders. What was in stock before the first order counts as sold later: the rule errs late."""
