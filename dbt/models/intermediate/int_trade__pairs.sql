{{ config(materialized='table') }}

-- one row per distributor and retailer that trade: said by a master, or seen in orders or sales reports
with

declared as (
    select sellers.party_id as distributor_id, buyers.party_id as retailer_id
    from ({{ current_versions('trade_relations', ref('stg_ingest__trade_relations')) }}) as relations
    inner join {{ ref('int_parties__aliases') }} as sellers
        on relations.seller_scheme = sellers.scheme and relations.seller_ref = sellers.alias_value
    inner join {{ ref('int_parties__aliases') }} as buyers
        on relations.buyer_scheme = buyers.scheme and relations.buyer_ref = buyers.alias_value
    where sellers.kind = 'distributor' and buyers.kind = 'retailer' and relations.valid_to is null
),

ordered as (
    select distinct activity.distributor_id, activity.retailer_id
    from {{ ref('rpt_reseller_activity') }} as activity
    where activity.leg = 'sell_through' and activity.distributor_id > 0 and activity.retailer_id > 0
),

reported as (
    select distinct reports.distributor_id, reports.retailer_id
    from {{ ref('fct_sales_report_lines') }} as reports
    where reports.leg = 'sell_through' and reports.distributor_id > 0 and reports.retailer_id > 0
)

select * from declared
union
select * from ordered
union
select * from reported
