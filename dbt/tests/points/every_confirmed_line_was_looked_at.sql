{{ config(tags=['books']) }}

-- no order is forgotten: each confirmed line of a known buyer in a leg that earns stands, with its buyer and day, in what was evaluated.
-- Runs that follow each other within seconds look at lines written since the books were compared last, one in fifteen minutes at all
with

earning as (
    select distinct rules.leg
    from {{ ref('stg_ledger__rules') }} as rules
    where rules.leg in ('sell_in', 'sell_through')
),

waiting as (
    select distinct left_out.order_id
    from {{ ref('stg_ledger__left_out') }} as left_out
),

lines as (
    select distinct
        lines.leg,
        lines.order_id,
        lines.ordered_on,
        case when lines.leg = 'sell_in' and lines.retailer_id <= 0 then lines.distributor_id else lines.retailer_id end as member_party_id
    from {{ ref('fct_order_lines') }} as lines
    inner join earning on lines.leg = earning.leg
    left join waiting on lines.order_id = waiting.order_id
    where lines.line_status = 'confirmed' and waiting.order_id is null and lines.run_no > {{ books_since_run() }}
)

select
    lines.leg,
    lines.order_id,
    lines.member_party_id,
    lines.ordered_on
from lines
left join {{ ref('stg_ledger__documents') }} as documents
    on lines.leg = documents.leg and lines.order_id = documents.order_id and lines.member_party_id = documents.member_party_id
        and lines.ordered_on = documents.event_on
where lines.member_party_id > 0 and documents.order_id is null
