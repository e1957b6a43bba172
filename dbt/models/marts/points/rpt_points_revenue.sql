-- what the points of a month of orders are worth in the books of whoever promised them. IFRS 15.74-80: the price of goods sold with
-- points is split by relative stand-alone values (goods at list price, points at point value x expected redemption); IFRS 15.B39-B43:
-- the points' part is revenue as they are redeemed, redeemed / expected to be redeemed. A changed expectation catches up: the revenue of
-- a period is the recognised amount now less the amount recognised before
with

lots as (
    select
        cast(date_trunc('month', lots.earned_on) as date) as month_on,
        lots.programme_id,
        sum(lots.points_earned - lots.points_cancelled - lots.points_reversed - lots.points_settled) as points_issued,
        sum(lots.points_redeemed) as points_redeemed
    from {{ ref('fct_point_lots') }} as lots
    inner join {{ ref('stg_ledger__programmes') }} as programmes
        on lots.programme_id = programmes.programme_id and lots.currency = programmes.currency
    group by cast(date_trunc('month', lots.earned_on) as date), lots.programme_id
),

earning_orders as (
    select distinct
        transfers.programme_id,
        transfers.order_id,
        cast(date_trunc('month', transfers.effective_at) as date) as month_on
    from {{ ref('stg_ledger__transfers') }} as transfers
    where transfers.kind = 'award' and transfers.order_id is not null
),

goods as (
    select
        earning_orders.programme_id,
        earning_orders.month_on,
        sum(lines.list_value_cents) as goods_cents
    from earning_orders
    inner join {{ ref('fct_order_lines') }} as lines on earning_orders.order_id = lines.order_id
    where lines.line_status = 'confirmed'
    group by earning_orders.programme_id, earning_orders.month_on
),

valued as (
    select
        lots.programme_id,
        lots.month_on,
        programmes.money_currency,
        programmes.owner_id,
        coalesce(goods.goods_cents, 0) as goods_cents,
        lots.points_issued,
        lots.points_redeemed,
        cast(lots.points_issued as decimal(28, 4)) * programmes.expected_redemption_percent / 100 as points_expected,
        cast(lots.points_issued as decimal(28, 4)) * programmes.expected_redemption_percent * programmes.point_value_subcents / 10000
            as points_value_cents
    from lots
    inner join {{ ref('stg_ledger__programmes') }} as programmes on lots.programme_id = programmes.programme_id
    left join goods on lots.programme_id = goods.programme_id and lots.month_on = goods.month_on
),

allocated as (
    select
        valued.*,
        case
            when valued.goods_cents + valued.points_value_cents > 0
                then cast(round_even(
                    cast(valued.goods_cents as double) * valued.points_value_cents / (valued.goods_cents + valued.points_value_cents), 0
                ) as bigint)
            else 0
        end as allocated_cents
    from valued
)

select
    allocated.programme_id,
    allocated.owner_id,
    allocated.month_on,
    cast(allocated.goods_cents as bigint) as goods_cents,
    cast(round_even(allocated.points_value_cents, 0) as bigint) as points_value_cents,
    cast(allocated.allocated_cents as bigint) as allocated_cents,
    cast(case
        when allocated.points_expected <= 0 then 0
        when allocated.points_redeemed >= allocated.points_expected then allocated.allocated_cents
        else round_even(cast(allocated.allocated_cents as double) * allocated.points_redeemed / allocated.points_expected, 0)
    end as bigint) as recognised_cents,
    allocated.money_currency
from allocated
