-- points that came in together, and what became of them: the states of a lot always add up to what was earned
with

moves as (
    select * from {{ ref('stg_ledger__transfers') }} as transfers
    where transfers.lot_id is not null
),

opened as (
    select
        moves.lot_id,
        moves.owner_party_id,
        moves.programme_id,
        moves.currency,
        moves.distributor_party_id,
        moves.rule_id,
        moves.rule_version,
        moves.campaign_id,
        moves.tier,
        coalesce(moves.funders, '') as funders,
        coalesce(moves.booked_on, cast(moves.recorded_at as date)) as booked_on,
        moves.earned_at,
        moves.available_at,
        moves.expires_at,
        moves.points
    from moves
    where moves.debit_account = 'liability'
),

states as (
    select
        moves.lot_id,
        sum(case when moves.credit_account = 'pending' then moves.points when moves.debit_account = 'pending' then -moves.points else 0 end)
            as points_pending,
        sum(case
            when moves.credit_account = 'available' then moves.points when moves.debit_account = 'available' then -moves.points else 0
        end) as points_available,
        sum(case when moves.credit_account = 'held' then moves.points when moves.debit_account = 'held' then -moves.points else 0 end)
            as points_held,
        sum(case
            when moves.credit_account = 'redeemed' then moves.points when moves.debit_account = 'redeemed' then -moves.points else 0
        end) as points_redeemed,
        sum(case
            when moves.credit_account = 'breakage' then moves.points when moves.debit_account = 'breakage' then -moves.points else 0
        end) as points_expired,
        sum(case when moves.credit_account = 'liability' and moves.debit_account = 'pending' then moves.points else 0 end)
            as points_cancelled,
        sum(case when moves.credit_account = 'liability' and moves.debit_account <> 'pending' then moves.points else 0 end)
            as points_reversed,
        sum(case when moves.credit_account = 'debt' then moves.points else 0 end) as points_settled
    from moves
    group by moves.lot_id
)

select
    opened.lot_id,
    opened.programme_id,
    opened.currency,
    opened.owner_party_id as member_id,
    cast(case when parties.kind = 'retailer' then opened.owner_party_id else 0 end as bigint) as retailer_id,
    cast(case
        when parties.kind = 'distributor' then opened.owner_party_id else coalesce(opened.distributor_party_id, 0)
    end as bigint) as distributor_id,
    opened.rule_id,
    opened.rule_version,
    opened.campaign_id,
    opened.tier,
    opened.funders,
    opened.booked_on,
    cast(opened.earned_at as date) as earned_on,
    coalesce(terms.available_at, opened.available_at) as available_at,
    coalesce(terms.expires_at, opened.expires_at) as expires_at,
    opened.points as points_earned,
    cast(states.points_pending as bigint) as points_pending,
    cast(states.points_available as bigint) as points_available,
    cast(states.points_held as bigint) as points_held,
    cast(states.points_redeemed as bigint) as points_redeemed,
    cast(states.points_expired as bigint) as points_expired,
    cast(states.points_cancelled as bigint) as points_cancelled,
    cast(states.points_reversed as bigint) as points_reversed,
    cast(states.points_settled as bigint) as points_settled
from opened
inner join states on opened.lot_id = states.lot_id
left join {{ ref('stg_ledger__lot_terms') }} as terms on opened.lot_id = terms.lot_id
left join {{ ref('dim_party') }} as parties on opened.owner_party_id = parties.party_id
