-- is the programme alive: who earned or spent in a month, and what was issued, redeemed and expired by the day of the event
with

moves as (
    select
        cast(date_trunc('month', transfers.effective_at) as date) as month_on,
        programmes.owner_id,
        transfers.*
    from {{ ref('stg_ledger__transfers') }} as transfers
    inner join {{ ref('stg_ledger__programmes') }} as programmes
        on transfers.programme_id = programmes.programme_id and transfers.currency = programmes.currency
)

select
    moves.programme_id,
    moves.owner_id,
    moves.month_on,
    cast(count(distinct case when moves.kind in ('award', 'redeem', 'hold') then moves.member_party_id end) as integer) as members_active,
    cast(count(distinct case when moves.kind in ('redeem', 'hold') then moves.member_party_id end) as integer) as members_redeeming,
    cast(sum(case when moves.debit_account = 'liability' then moves.points else 0 end) as bigint) as points_issued,
    cast(sum(case when moves.credit_account = 'liability' then moves.points else 0 end) as bigint) as points_reversed,
    cast(sum(case
        when moves.credit_account = 'redeemed' then moves.points when moves.debit_account = 'redeemed' then -moves.points else 0
    end) as bigint) as points_redeemed,
    cast(sum(case
        when moves.credit_account = 'breakage' then moves.points when moves.debit_account = 'breakage' then -moves.points else 0
    end) as bigint) as points_expired
from moves
group by moves.programme_id, moves.owner_id, moves.month_on
