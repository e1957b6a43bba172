{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='return_line_id', on_schema_change='fail') }}

with

{% if is_incremental() %}
touched as (
    {{ touched_keys(ref('stg_ingest__returns'), ['seller', 'buyer'], 'product') }}
),
{% endif %}

lines as (
    {{ current_feed('returns') }}
)

select
    lines._row_key as return_line_id,
    lines.source_id,
    lines.return_no,
    lines.line_no,
    lines.leg,
    cast(coalesce(products.manufacturer_id, case when lines.leg = 'sell_in' then sellers.party_id end, -1) as bigint) as manufacturer_id,
    {{ channel_parties('lines.leg', 'sellers.party_id', 'sellers.kind', 'buyers.party_id', 'buyers.kind') }},
    cast(coalesce(products.product_id, -1) as bigint) as product_id,
    lines.order_document_no,
    lines.order_line_no,
    lines.quantity,
    lines.net_amount_cents,
    lines.net_amount_subcents,
    lines.currency,
    lines.returned_on,
    lines.reason
from lines
left join {{ ref('int_parties__aliases') }} as sellers
    on lines.seller_scheme = sellers.scheme and lines.seller_ref = sellers.alias_value
left join {{ ref('int_parties__aliases') }} as buyers
    on lines.buyer_scheme = buyers.scheme and lines.buyer_ref = buyers.alias_value
left join {{ ref('int_products__aliases') }} as products
    on lines.product_scheme = products.scheme and lines.product_ref = products.alias_value
