{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='delivery_line_id', on_schema_change='fail') }}

with

{% if is_incremental() %}
touched as (
    {{ touched_keys(ref('stg_ingest__deliveries'), ['seller', 'buyer'], 'product') }}
),
{% endif %}

lines as (
    {{ current_feed('deliveries') }}
)

select
    lines._row_key as delivery_line_id,
    lines.source_id,
    lines.delivery_no,
    lines.line_no,
    lines.leg,
    cast(coalesce(products.manufacturer_id, case when lines.leg = 'sell_in' then sellers.party_id end, -1) as bigint) as manufacturer_id,
    {{ channel_parties('lines.leg', 'sellers.party_id', 'sellers.kind', 'buyers.party_id', 'buyers.kind') }},
    cast(coalesce(products.product_id, -1) as bigint) as product_id,
    lines.order_document_no,
    lines.order_line_no,
    lines.quantity,
    lines.promised_on,
    lines.shipped_on,
    lines.delivered_on,
    lines.promised_on is not null
    and lines.delivered_on is not null
    and lines.delivered_on > lines.promised_on as is_late
from lines
left join {{ ref('int_parties__aliases') }} as sellers
    on lines.seller_scheme = sellers.scheme and lines.seller_ref = sellers.alias_value
left join {{ ref('int_parties__aliases') }} as buyers
    on lines.buyer_scheme = buyers.scheme and lines.buyer_ref = buyers.alias_value
left join {{ ref('int_products__aliases') }} as products
    on lines.product_scheme = products.scheme and lines.product_ref = products.alias_value
{{ sorted_by(['distributor_id', 'shipped_on']) }}
