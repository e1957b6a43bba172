-- what became of the points that were earned in a month, by the day of the event. A cohort is matured when none of its points can be redeemed any more or all of
-- its lots have passed their expiry; breakage is read off matured cohorts only (docs/loyalty.md, 18)
with

lots as (
    select
        lots.*,
        cast(date_trunc('month', lots.earned_on) as date) as cohort_on,
        programmes.as_of_on,
        programmes.owner_id
    from {{ ref('fct_point_lots') }} as lots
    inner join {{ ref('stg_ledger__programmes') }} as programmes
        on lots.programme_id = programmes.programme_id and lots.currency = programmes.currency
),

cohorts as (
    select
        lots.programme_id,
        lots.owner_id,
        lots.cohort_on,
        sum(lots.points_earned - lots.points_cancelled - lots.points_reversed - lots.points_settled) as points_issued,
        sum(lots.points_redeemed) as points_redeemed,
        sum(lots.points_expired) as points_expired,
        sum(lots.points_pending + lots.points_available + lots.points_held) as points_outstanding,
        sum(case when lots.expires_at is not null and cast(lots.expires_at as date) <= lots.as_of_on then 0 else 1 end) as lots_alive
    from lots
    group by lots.programme_id, lots.owner_id, lots.cohort_on
)

select
    cohorts.programme_id,
    cohorts.owner_id,
    cohorts.cohort_on,
    cast(cohorts.points_issued as bigint) as points_issued,
    cast(cohorts.points_redeemed as bigint) as points_redeemed,
    cast(cohorts.points_expired as bigint) as points_expired,
    cast(cohorts.points_outstanding as bigint) as points_outstanding,
    case
        when cohorts.points_issued > 0 then cast(cast(cohorts.points_redeemed as decimal(28, 6)) / cohorts.points_issued as decimal(9, 6))
    end as redemption_rate,
    case
        when cohorts.points_issued > 0 and (cohorts.points_outstanding = 0 or cohorts.lots_alive = 0)
            then cast(cast(cohorts.points_expired as decimal(28, 6)) / cohorts.points_issued as decimal(9, 6))
    end as breakage_rate,
    case when cohorts.points_outstanding = 0 or cohorts.lots_alive = 0 then true else false end as is_matured
from cohorts
