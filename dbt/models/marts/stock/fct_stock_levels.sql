{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='stock_level_id', on_schema_change='fail') }}

with

{% if is_incremental() %}
touched as (
    {{ touched_keys(ref('stg_ingest__stock'), ['holder'], 'product') }}
),
{% endif %}

lines as (
    {{ current_feed('stock') }}
)

select
    lines._row_key as stock_level_id,
    lines.source_id,
    cast(coalesce(holders.party_id, -1) as bigint) as holder_id,
    coalesce(holders.kind, 'unknown') as holder_kind,
    cast(coalesce(products.manufacturer_id, case when holders.kind = 'manufacturer' then holders.party_id end, -1) as bigint)
        as manufacturer_id,
    cast(coalesce(products.product_id, -1) as bigint) as product_id,
    lines.counted_on,
    lines.on_hand_quantity,
    lines.in_transit_quantity,
    lines.unit
from lines
left join {{ ref('int_parties__aliases') }} as holders
    on lines.holder_scheme = holders.scheme and lines.holder_ref = holders.alias_value
left join {{ ref('int_products__aliases') }} as products
    on lines.product_scheme = products.scheme and lines.product_ref = products.alias_value
{{ sorted_by(['holder_id', 'counted_on']) }}
