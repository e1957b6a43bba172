{{ config(tags=['books']) }}

-- what the ledger gave for an order, less what it took back, is nothing once no line of that order is confirmed any more
with

decided as (
    select
        transfers.cause,
        transfers.order_id,
        sum(case
            when transfers.debit_account = 'liability' then transfers.points
            when transfers.credit_account = 'liability' then -transfers.points
            else 0
        end) as points_kept
    from {{ ref('stg_ledger__transfers') }} as transfers
    where transfers.kind in ('award', 'reversal') and transfers.order_id is not null
    group by transfers.cause, transfers.order_id
)

-- causes of a period or an event end with other numbers than an order's; asking per award spares counting every order
select
    decided.cause,
    decided.points_kept
from decided
where
    decided.points_kept > 0
    and exists (select 1 from {{ ref('fct_orders') }} as orders where orders.order_id = decided.order_id)
    and not exists (
        select 1 from {{ ref('fct_order_lines') }} as lines where lines.order_id = decided.order_id and lines.line_status = 'confirmed'
    )
