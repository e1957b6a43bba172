-- points that are still there were earned by an order that is still confirmed
with

held as (
    select
        lots.lot_id,
        lots.points_earned - lots.points_cancelled - lots.points_reversed - lots.points_settled as points_kept
    from {{ ref('fct_point_lots') }} as lots
),

awards as (
    select
        transfers.lot_id,
        transfers.order_id,
        transfers.document_no
    from {{ ref('stg_ledger__transfers') }} as transfers
    where transfers.kind = 'award' and transfers.debit_account = 'liability' and transfers.order_id is not null
),

live as (
    select distinct lines.order_id
    from {{ ref('fct_order_lines') }} as lines
    where lines.line_status = 'confirmed'
)

select
    awards.lot_id,
    awards.document_no
from awards
inner join held on awards.lot_id = held.lot_id
left join live on awards.order_id = live.order_id
where held.points_kept > 0 and live.order_id is null
