-- a balance is a fold over transfers: what came into an account less what left it.
-- debt is the member's whose entry it is; everything else belongs to the owner of the lot, also when members are merged
with

moves as (
    select
        case when transfers.credit_account = 'debt' then transfers.member_party_id else transfers.owner_party_id end as member_party_id,
        transfers.programme_id,
        transfers.currency,
        transfers.credit_account as account,
        transfers.points as points,
        transfers.kind,
        transfers.effective_at
    from {{ ref('stg_ledger__transfers') }} as transfers
    union all
    select
        case when transfers.debit_account = 'debt' then transfers.member_party_id else transfers.owner_party_id end as member_party_id,
        transfers.programme_id,
        transfers.currency,
        transfers.debit_account as account,
        -transfers.points as points,
        transfers.kind,
        transfers.effective_at
    from {{ ref('stg_ledger__transfers') }} as transfers
),

members as (
    select
        moves.member_party_id,
        moves.programme_id,
        moves.currency,
        sum(case when moves.account = 'available' then moves.points else 0 end) as points_available,
        sum(case when moves.account = 'pending' then moves.points else 0 end) as points_pending,
        sum(case when moves.account = 'held' then moves.points else 0 end) as points_held,
        sum(case when moves.account = 'liability' and moves.kind = 'award' then -moves.points else 0 end) as points_earned,
        sum(case when moves.account = 'liability' and moves.kind = 'reversal' then moves.points else 0 end) as points_reversed,
        sum(case when moves.account = 'redeemed' then moves.points else 0 end) as points_spent,
        sum(case when moves.account = 'breakage' then moves.points else 0 end) as points_expired,
        sum(case when moves.account = 'debt' then -moves.points else 0 end) as points_debt,
        max(case when moves.kind = 'award' then moves.effective_at end) as last_earned_at
    from moves
    group by moves.member_party_id, moves.programme_id, moves.currency
)

select
    members.member_party_id as member_id,
    coalesce(parties.kind, 'unknown') as member_kind,
    members.programme_id,
    members.currency,
    cast(members.points_available as bigint) as points_available,
    cast(members.points_pending as bigint) as points_pending,
    cast(members.points_held as bigint) as points_held,
    cast(members.points_earned as bigint) as points_earned,
    cast(members.points_reversed as bigint) as points_reversed,
    cast(members.points_spent as bigint) as points_spent,
    cast(members.points_expired as bigint) as points_expired,
    cast(members.points_debt as bigint) as points_debt,
    cast(members.last_earned_at as date) as last_earned_on
from members
left join {{ ref('dim_party') }} as parties on members.member_party_id = parties.party_id
