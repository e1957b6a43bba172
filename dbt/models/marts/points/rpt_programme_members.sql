-- members as the manufacturer of a programme may see them. Points of rules on net amounts would tell what distributors charge, since units are
-- known: they are left out, and so are those of rules that nobody knows any more
with

manufacturers as (
    select parties.party_id, parties.party_ref
    from {{ ref('dim_party') }} as parties
    where parties.kind = 'manufacturer' and not parties.is_unknown
),

owners as (
    select
        programmes.programme_id,
        programmes.currency,
        case
            when programmes.manufacturer_ref is not null then max(case when manufacturers.party_ref = programmes.manufacturer_ref then manufacturers.party_id end)
            when count(distinct manufacturers.party_id) = 1 then max(manufacturers.party_id)
        end as manufacturer_id
    from {{ ref('stg_ledger__programmes') }} as programmes
    cross join manufacturers
    group by programmes.programme_id, programmes.currency, programmes.manufacturer_ref
),

lots as (
    select
        lots.programme_id,
        lots.member_id,
        case when coalesce(rules.carries_net_amounts, true) then 0 else 1 end as is_shown,
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
    owners.manufacturer_id,
    members.member_id,
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
where owners.manufacturer_id is not null
