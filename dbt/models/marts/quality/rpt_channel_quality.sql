-- how reliable the sources of its own distributors are: a manufacturer sees those whose owner trades in its products, and no counts of rows
with

trades as (
    select distinct facts.manufacturer_id, facts.distributor_id
    from {{ ref('rpt_reseller_activity') }} as facts
    where facts.manufacturer_id > 0 and facts.distributor_id > 0
)

select
    trades.manufacturer_id,
    quality.source_id,
    quality.title,
    quality.distributor_id,
    quality.last_recorded_at,
    quality.score,
    quality.parts_judged,
    quality.timeliness_share,
    quality.completeness_share,
    quality.match_share,
    quality.reconciliation_share,
    quality.uniqueness_share
from {{ ref('rpt_partner_quality') }} as quality
inner join trades on quality.distributor_id = trades.distributor_id
