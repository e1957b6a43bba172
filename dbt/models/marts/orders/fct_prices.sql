{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='price_id', on_schema_change='fail') }}

with

{% if is_incremental() %}
touched as (
    {{ touched_keys(ref('stg_ingest__prices'), ['seller', 'buyer'], 'product') }}
),
{% endif %}

lines as (
    {{ current_feed('prices') }}
)

select
    lines._row_key as price_id,
    cast(coalesce(sellers.party_id, -1) as bigint) as seller_id,
    cast(case when lines.buyer_ref is null then 0 else coalesce(buyers.party_id, -1) end as bigint) as buyer_id,
    cast(coalesce(products.product_id, -1) as bigint) as product_id,
    lines.valid_from,
    lines.valid_to,
    lines.min_quantity,
    lines.price_cents,
    lines.price_subcents,
    lines.currency
from lines
left join {{ ref('int_parties__aliases') }} as sellers
    on lines.seller_scheme = sellers.scheme and lines.seller_ref = sellers.alias_value
left join {{ ref('int_parties__aliases') }} as buyers
    on lines.buyer_scheme = buyers.scheme and lines.buyer_ref = buyers.alias_value
left join {{ ref('int_products__aliases') }} as products
    on lines.product_scheme = products.scheme and lines.product_ref = products.alias_value
