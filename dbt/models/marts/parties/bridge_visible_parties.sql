with

pairs as (
    select * from {{ ref('int_trade__pairs') }}
),

makers as (
    select distinct activity.manufacturer_id, activity.distributor_id, activity.retailer_id
    from {{ ref('rpt_reseller_activity') }} as activity
    where activity.manufacturer_id > 0
),

visible as (
    select party_id as viewer_id, party_id from {{ ref('dim_party') }} where kind in ('distributor', 'retailer')
    union
    select distributor_id as viewer_id, retailer_id as party_id from pairs
    union
    select retailer_id as viewer_id, distributor_id as party_id from pairs
    union
    select distributor_id as viewer_id, manufacturer_id as party_id from makers where distributor_id > 0
    union
    select retailer_id as viewer_id, manufacturer_id as party_id from makers where retailer_id > 0
)

select
    visible.viewer_id,
    viewers.kind as viewer_kind,
    visible.party_id,
    parties.kind,
    parties.party_ref,
    parties.name,
    parties.tier,
    parties.segment,
    parties.region,
    parties.city,
    parties.postal_code,
    parties.country,
    parties.status
from visible
inner join {{ ref('dim_party') }} as viewers on visible.viewer_id = viewers.party_id
inner join {{ ref('dim_party') }} as parties on visible.party_id = parties.party_id
