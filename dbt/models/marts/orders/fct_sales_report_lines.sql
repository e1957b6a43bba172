{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='sales_report_line_id', on_schema_change='fail') }}

with

{% if is_incremental() %}
touched as (
    {{ touched_keys(ref('stg_ingest__sell_through'), ['seller', 'buyer'], 'product') }}
    union
    {{ touched_keys(ref('stg_ingest__sell_out'), ['seller'], 'product') }}
),
{% endif %}

lines as (
    select
        sell_through._row_key as sales_report_line_id,
        sell_through.source_id,
        sell_through.document_no,
        sell_through.line_no,
        'sell_through' as leg,
        sell_through.seller_scheme,
        sell_through.seller_ref,
        sell_through.buyer_scheme as buyer_scheme,
        sell_through.buyer_ref as buyer_ref,
        sell_through.product_scheme,
        sell_through.product_ref,
        sell_through.sold_on,
        sell_through.quantity,
        sell_through.net_amount_cents,
        sell_through.net_amount_subcents,
        sell_through.currency
    from ({{ current_versions('sell_through', ref('stg_ingest__sell_through')) }}) as sell_through
    {% if is_incremental() %}where sell_through._row_key in (select touched._row_key from touched){% endif %}
    union all
    select
        sell_out._row_key as sales_report_line_id,
        sell_out.source_id,
        sell_out.document_no,
        sell_out.line_no,
        'sell_out' as leg,
        sell_out.seller_scheme,
        sell_out.seller_ref,
        cast(null as varchar) as buyer_scheme,
        cast(null as varchar) as buyer_ref,
        sell_out.product_scheme,
        sell_out.product_ref,
        sell_out.sold_on,
        sell_out.quantity,
        sell_out.net_amount_cents,
        sell_out.net_amount_subcents,
        sell_out.currency
    from ({{ current_versions('sell_out', ref('stg_ingest__sell_out')) }}) as sell_out
    {% if is_incremental() %}where sell_out._row_key in (select touched._row_key from touched){% endif %}
)

select
    lines.sales_report_line_id,
    lines.source_id,
    lines.document_no,
    lines.line_no,
    lines.leg,
    cast(coalesce(products.manufacturer_id, -1) as bigint) as manufacturer_id,
    {{ channel_parties('lines.leg', 'sellers.party_id', 'sellers.kind', 'buyers.party_id', 'buyers.kind') }},
    cast(coalesce(products.product_id, -1) as bigint) as product_id,
    lines.sold_on,
    lines.quantity,
    lines.net_amount_cents,
    lines.net_amount_subcents,
    cast(round_even(
        lines.quantity * (products.list_price_cents + products.list_price_subcents / 100.0), 0
    ) as bigint) as list_value_cents,
    lines.currency,
    sellers.party_id is null or (lines.leg = 'sell_through' and buyers.party_id is null) as is_unknown_party,
    products.product_id is null as is_unknown_product,
    cast({{ this_run() }} as integer) as run_no
from lines
left join {{ ref('int_parties__aliases') }} as sellers
    on lines.seller_scheme = sellers.scheme and lines.seller_ref = sellers.alias_value
left join {{ ref('int_parties__aliases') }} as buyers
    on lines.buyer_scheme = buyers.scheme and lines.buyer_ref = buyers.alias_value
left join {{ ref('int_products__aliases') }} as products
    on lines.product_scheme = products.scheme and lines.product_ref = products.alias_value
{{ sorted_by(['leg', 'distributor_id', 'sold_on']) }}
