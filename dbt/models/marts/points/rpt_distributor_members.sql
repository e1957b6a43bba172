-- members as the distributor knows them that they buy from: what they earned with it, and their tier. Balances are not among it: a retailer that
-- buys from several distributors earns with all of them
with

earned as (
    select
        lots.programme_id,
        lots.distributor_id,
        lots.retailer_id,
        min(lots.earned_on) as first_earned_on,
        max(lots.earned_on) as last_earned_on,
        sum(lots.points_earned - lots.points_cancelled - lots.points_reversed) as points_earned
    from {{ ref('fct_point_lots') }} as lots
    inner join {{ ref('stg_ledger__programmes') }} as programmes
        on lots.programme_id = programmes.programme_id and lots.currency = programmes.currency
    where lots.distributor_id > 0 and lots.retailer_id > 0
    group by lots.programme_id, lots.distributor_id, lots.retailer_id
)

select
    earned.programme_id,
    earned.distributor_id,
    earned.retailer_id,
    earned.first_earned_on,
    earned.last_earned_on,
    cast(earned.points_earned as bigint) as points_earned,
    members.tier,
    members.tier_from_on,
    members.tier_valid_until
from earned
left join {{ ref('dim_member') }} as members on earned.programme_id = members.programme_id and earned.retailer_id = members.member_id
