{{ config(tags=['books']) }}

-- from orders to the ledger: each document has exactly what it is worth under each rule, returns taken off; only a cap leaves less
with

held as (
    select
        transfers.cause,
        transfers.member_party_id,
        transfers.currency,
        sum(case
            when transfers.debit_account = 'liability' then transfers.points
            when transfers.credit_account = 'liability' then -transfers.points
            else 0
        end) as points_held
    from {{ ref('stg_ledger__transfers') }} as transfers
    where transfers.kind in ('award', 'reversal') and transfers.rule_id is not null
    group by transfers.cause, transfers.member_party_id, transfers.currency
)

select
    worth.cause,
    worth.member_party_id,
    worth.currency,
    worth.points,
    held.points_held
from {{ ref('stg_ledger__worth') }} as worth
left join held
    on worth.cause = held.cause and worth.member_party_id = held.member_party_id and worth.currency = held.currency
where
    coalesce(held.points_held, 0) <> worth.points
    and not (worth.is_capped and coalesce(held.points_held, 0) < worth.points)
