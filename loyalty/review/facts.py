"""Set-based queries over `mart` that find the few documents worth a decision. Thresholds that only narrow are in SQL; scoring decides.

Quantities are units of the documents' own lines. Days are event dates. `{who}` narrows to some members, `{when}` to documents that may be in a new pair.
"""

from __future__ import annotations

LOADING = """
    with newest as (select max(ordered_on) as today from mart.fct_order_lines where leg = $leg),
    lines as (
        select {member} as member, order_id, source_id, document_no, distributor_id, product_id, ordered_on, quantity, returned_quantity,
            cast(date_trunc('quarter', ordered_on) as date) as quarter_on,
            cast(date_trunc('quarter', ordered_on) + interval 3 month as date) as next_quarter_on
        from mart.fct_order_lines where leg = $leg and line_kind = 'order' and line_status = 'confirmed' and {member} > 0 {who}
    ), quarters as (
        select member, quarter_on, next_quarter_on, sum(quantity) as quantity,
            coalesce(sum(quantity) filter (ordered_on >= next_quarter_on - $tail_days), 0) as tail
        from lines group by all
    ), habits as (
        select *, count(*) over before as quarters_before, sum(quantity) over before / 52 as mean_week, max(tail) over before as highest_tail
        from quarters window before as (partition by member order by quarter_on rows between 4 preceding and 1 preceding)
    ), suspects as (
        select habits.* from habits, newest
        where tail > 0 and tail >= $weeks_ratio * mean_week and next_quarter_on > today - $window_days
            and quarters_before >= $quarters_min
    ), tails as (
        select suspects.member, suspects.quarter_on, lines.order_id, lines.source_id, lines.document_no, lines.distributor_id,
            min(lines.ordered_on) as ordered_on, sum(lines.returned_quantity) as returned
        from suspects inner join lines on lines.member = suspects.member and lines.quarter_on = suspects.quarter_on
            and lines.ordered_on >= lines.next_quarter_on - $tail_days
        group by all
    ), sold as (
        select suspects.member, suspects.quarter_on, sum(outflow.quantity) filter (outflow.sold_on >= suspects.next_quarter_on - $tail_days
                and outflow.sold_on < suspects.next_quarter_on + $follow_up_days
                and outflow.product_id in (select lines.product_id from lines where lines.member = suspects.member
                    and lines.quarter_on = suspects.quarter_on and lines.ordered_on >= lines.next_quarter_on - $tail_days)) as quantity
        from suspects inner join ({outflow}) as outflow on outflow.member = suspects.member group by all
    )
    select tails.order_id, tails.source_id, tails.document_no, tails.member, tails.distributor_id, tails.ordered_on, suspects.quarters_before,
        suspects.tail, suspects.mean_week, suspects.highest_tail, sum(tails.returned) over (partition by tails.member, tails.quarter_on),
        case when sold.member is null then null else coalesce(sold.quantity, 0) end,
        newest.today >= suspects.next_quarter_on + $follow_up_days, suspects.next_quarter_on
    from tails inner join suspects using (member, quarter_on) left join sold using (member, quarter_on), newest order by tails.order_id
"""

SELL_OUT = "select retailer_id as member, sold_on, product_id, quantity from mart.fct_sales_report_lines where leg = 'sell_out'"
SELL_THROUGH = """
    select distributor_id as member, ordered_on as sold_on, product_id, quantity from mart.fct_order_lines
    where leg = 'sell_through' and line_kind = 'order' and line_status = 'confirmed'
    union all select distributor_id, sold_on, product_id, quantity from mart.fct_sales_report_lines where leg = 'sell_through'
"""

SELLER = "and distributor_id = $seller"
"""A distributor's programme looks at its own sales only."""

WHO = "and {member} in (select unnest($members))"
NEW_OR_LIKE_NEW = """and rowid in (
                with new_orders as (select distinct order_id from mart.fct_order_lines where run_no > $since_run),
                new_lines as (
                    select {member} as member, product_id, quantity, ordered_on, source_id, count(*) over (partition by order_id) as lines
                    from mart.fct_order_lines where leg = $leg and rowid in (
                        select places.rowid from mart.fct_order_lines as places where places.order_id in (select order_id from new_orders))
                ),
                wanted as (
                    select order_id from new_orders union all
                    select likely.order_id from mart.fct_order_lines as likely semi join new_lines on likely.{member} = new_lines.member
                        and likely.product_id = new_lines.product_id and likely.quantity = new_lines.quantity
                        and (likely.source_id <> new_lines.source_id or new_lines.lines >= $lines_min)
                    where likely.leg = $leg and likely.ordered_on >= (select min(ordered_on) from new_lines) - $days
                        and likely.ordered_on <= (select max(ordered_on) from new_lines) + $days
                )
                select places.rowid from mart.fct_order_lines as places where places.order_id in (select order_id from wanted))"""
"""Whole documents that changed after a run, and those that share a line with one of them, as equal documents do; short ones only from another source."""

CIRCLES = """
    with newest as (select max(ordered_on) as today from mart.fct_order_lines where leg = $leg),
    lines as (
        select {member} as member, order_id, source_id, document_no, distributor_id, product_id, min(ordered_on) as ordered_on,
            sum(quantity) as quantity, sum(least(returned_quantity, quantity)) as returned
        from mart.fct_order_lines, newest
        where leg = $leg and line_kind = 'order' and line_status = 'confirmed' and {member} > 0 and ordered_on > today - $window_days
            -- only who returned a named order can have bought it again
            and {member} in (select {member} from mart.fct_return_lines where leg = $leg and order_document_no is not null) {who}
        group by all
    ), documents as (
        select member, order_id, source_id, document_no, distributor_id, min(ordered_on) as ordered_on, sum(quantity) as quantity,
            sum(returned) as returned
        from lines group by all
    ), back as (
        select documents.member, documents.order_id, documents.ordered_on, documents.quantity, documents.distributor_id,
            documents.returned / documents.quantity as share, max(returns.returned_on) as returned_on
        from documents inner join mart.fct_return_lines as returns
            on returns.leg = $leg and returns.order_document_no = documents.document_no and returns.distributor_id = documents.distributor_id
            and returns.{member_name} = documents.member
        where documents.returned >= $returned_share * documents.quantity group by all
    ), pairs as (
        select back.order_id as first_order_id, documents.order_id, documents.source_id, documents.document_no, documents.member,
            documents.distributor_id, documents.ordered_on, documents.quantity, back.share, back.ordered_on as first_on, back.returned_on,
            back.quantity as first_quantity
        from back inner join documents on documents.member = back.member and documents.distributor_id = back.distributor_id
            and documents.order_id <> back.order_id and documents.ordered_on between back.returned_on and back.returned_on + $circle_days
    ), repeats as (
        select pairs.first_order_id, pairs.order_id, sum(least(first.quantity, again.quantity)) as quantity
        from pairs inner join lines as first on first.order_id = pairs.first_order_id and first.member = pairs.member
        inner join lines as again on again.order_id = pairs.order_id and again.member = pairs.member and again.product_id = first.product_id
        group by all
    )
    select pairs.order_id, pairs.source_id, pairs.document_no, pairs.member, pairs.distributor_id, pairs.ordered_on, pairs.share,
        repeats.quantity / pairs.first_quantity as overlap, date_diff('day', pairs.returned_on, pairs.ordered_on), pairs.first_on,
        pairs.returned_on, pairs.quantity, pairs.first_quantity
    from pairs inner join repeats using (first_order_id, order_id)
    where repeats.quantity >= $overlap_share * pairs.first_quantity order by pairs.member, pairs.ordered_on, pairs.order_id
"""
"""One row per purchase that was returned and the purchase that repeats it."""

DUPLICATES = """
    with newest as (select max(ordered_on) as today from mart.fct_order_lines where leg = $leg),
    documents as (
        select {member} as member, order_id, source_id, document_no, max(distributor_id) as distributor_id, min(ordered_on) as ordered_on,
            count(*) as lines, max(currency) as currency,
            list_sort(list(concat_ws('|', product_id, quantity, net_amount_cents))) as contents
        from mart.fct_order_lines, newest
        where leg = $leg and line_kind = 'order' and line_status = 'confirmed' and {member} > 0 and product_id > 0
            and ordered_on > today - $window_days {who} {when}
        group by {member}, order_id, source_id, document_no
    )
    select again.order_id, again.source_id, again.document_no, again.member, again.distributor_id, again.ordered_on, again.lines,
        date_diff('day', first.ordered_on, again.ordered_on), again.source_id <> first.source_id, first.document_no,
        first.ordered_on
    from documents as again inner join documents as first on first.member = again.member and first.contents = again.contents
        and first.currency is not distinct from again.currency and first.order_id <> again.order_id
        and again.ordered_on - first.ordered_on between 0 and $days
        and (first.ordered_on, first.source_id, first.document_no) < (again.ordered_on, again.source_id, again.document_no)
    where again.source_id <> first.source_id or again.lines >= $lines_min
    order by again.order_id, first.ordered_on
"""
"""One row per document and each earlier one that it repeats."""
