{{ config(tags=['books']) }}

-- from the ledger to orders: what it holds for a document under a rule that is evaluated, some document is worth. Orders under review wait
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
),

evaluated as (
    select distinct transfers.cause
    from {{ ref('stg_ledger__transfers') }} as transfers
    inner join {{ ref('stg_ledger__rules') }} as rules on transfers.programme_id = rules.programme_id and transfers.rule_id = rules.rule_id
    left join {{ ref('stg_ledger__left_out') }} as waiting
        on transfers.programme_id = waiting.programme_id and transfers.order_id = waiting.order_id
    where waiting.order_id is null
)

select
    held.cause,
    held.member_party_id,
    held.currency,
    held.points_held
from held
inner join evaluated on held.cause = evaluated.cause
left join {{ ref('stg_ledger__worth') }} as worth
    on held.cause = worth.cause and held.member_party_id = worth.member_party_id and held.currency = worth.currency
where held.points_held <> 0 and worth.cause is null
