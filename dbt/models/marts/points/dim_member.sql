-- who takes part: everybody that ever earned, with the tier of the programme's day
with

members as (
    select
        lots.programme_id,
        lots.member_id,
        min(lots.earned_on) as first_earned_on,
        max(lots.earned_on) as last_earned_on
    from {{ ref('fct_point_lots') }} as lots
    group by lots.programme_id, lots.member_id
),

spans as (
    select
        tiers.programme_id,
        tiers.member_party_id,
        tiers.tier,
        tiers.from_on,
        tiers.valid_until,
        row_number() over (
            partition by tiers.programme_id, tiers.member_party_id order by tiers.from_on desc, tiers.ordinal desc
        ) as newest_rank
    from {{ ref('stg_ledger__tiers') }} as tiers
    inner join {{ ref('stg_ledger__programmes') }} as programmes
        on tiers.programme_id = programmes.programme_id and tiers.from_on <= programmes.as_of_on
)

select
    members.programme_id,
    members.member_id,
    coalesce(parties.kind, 'unknown') as member_kind,
    members.first_earned_on,
    members.last_earned_on,
    spans.tier,
    spans.from_on as tier_from_on,
    spans.valid_until as tier_valid_until,
    merges.into_party_id as merged_into_id,
    case when opt_outs.member_party_id is null then false else true end as is_opted_out
from members
left join {{ ref('dim_party') }} as parties on members.member_id = parties.party_id
left join spans
    on members.programme_id = spans.programme_id and members.member_id = spans.member_party_id and spans.newest_rank = 1
left join {{ ref('stg_ledger__merges') }} as merges on members.member_id = merges.member_party_id
left join {{ ref('stg_ledger__opt_outs') }} as opt_outs
    on members.programme_id = opt_outs.programme_id and members.member_id = opt_outs.member_party_id
