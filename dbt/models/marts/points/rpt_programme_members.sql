-- members as the owner of a programme may see them. To a manufacturer points of rules on net amounts would tell what distributors charge, since
-- units are known: they are left out, and so are those of rules that nobody knows any more. A distributor knows what it charges itself
with

owners as (
    select programmes.programme_id, programmes.currency, programmes.owner_kind, programmes.owner_id
    from {{ ref('stg_ledger__programmes') }} as programmes
    where programmes.owner_id is not null
),

lots as (
    select
        lots.programme_id,
        lots.member_id,
        case when owners.owner_kind <> 'distributor' and coalesce(rules.carries_net_amounts, true) then 0 else 1 end as is_shown,
        lots.points_earned,
        lots.points_redeemed,
        lots.points_expired,
        lots.points_cancelled + lots.points_reversed as points_reversed,
        lots.points_pending + lots.points_available + lots.points_held as points_outstanding
    from {{ ref('fct_point_lots') }} as lots
    inner join owners on lots.programme_id = owners.programme_id and lots.currency = owners.currency
    left join {{ ref('stg_ledger__rules') }} as rules
        on lots.programme_id = rules.programme_id and lots.rule_id = rules.rule_id and lots.rule_version = rules.rule_version
),

points as (
    select
        lots.programme_id,
        lots.member_id,
        sum(lots.is_shown * lots.points_earned) as points_issued,
        sum(lots.is_shown * lots.points_redeemed) as points_redeemed,
        sum(lots.is_shown * lots.points_expired) as points_expired,
        sum(lots.is_shown * lots.points_reversed) as points_reversed,
        sum(lots.is_shown * lots.points_outstanding) as points_outstanding,
        max(1 - lots.is_shown) as hidden
    from lots
    group by lots.programme_id, lots.member_id
)

select
    members.programme_id,
    owners.owner_id,
    members.member_id,
    parties.party_ref as member_ref,
    parties.name as member,
    parties.region,
    parties.city,
    members.member_kind,
    members.tier,
    members.tier_from_on,
    members.tier_valid_until,
    members.merged_into_id,
    members.first_earned_on,
    members.last_earned_on,
    cast(coalesce(points.points_issued, 0) as bigint) as points_issued,
    cast(coalesce(points.points_redeemed, 0) as bigint) as points_redeemed,
    cast(coalesce(points.points_expired, 0) as bigint) as points_expired,
    cast(coalesce(points.points_reversed, 0) as bigint) as points_reversed,
    cast(coalesce(points.points_outstanding, 0) as bigint) as points_outstanding,
    coalesce(points.hidden, 0) = 1 as has_hidden_points
from {{ ref('dim_member') }} as members
inner join owners on members.programme_id = owners.programme_id
left join points on members.programme_id = points.programme_id and members.member_id = points.member_id
left join {{ ref('dim_party') }} as parties on members.member_id = parties.party_id
