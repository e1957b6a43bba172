with

transfers as (
    select
        moves.*,
        cast(date_trunc('month', moves.effective_at) as date) as month_on
    from {{ ref('fct_point_transfers') }} as moves
)

select
    transfers.month_on,
    transfers.programme_id,
    transfers.distributor_id,
    transfers.currency,
    cast(sum(case when transfers.kind = 'award' and transfers.debit_account = 'liability' then transfers.points else 0 end) as bigint)
        as points_awarded,
    cast(sum(case when transfers.kind = 'reversal' then transfers.points else 0 end) as bigint) as points_reversed,
    cast(sum(case when transfers.credit_account = 'redeemed' then transfers.points else 0 end) as bigint) as points_redeemed,
    cast(sum(case when transfers.credit_account = 'breakage' then transfers.points else 0 end) as bigint) as points_expired,
    cast(count(distinct transfers.retailer_id) as integer) as members
from transfers
group by transfers.month_on, transfers.programme_id, transfers.distributor_id, transfers.currency
