{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='invoice_line_id', on_schema_change='fail') }}

with

{% if is_incremental() %}
touched as (
    {{ touched_keys(ref('stg_ingest__invoices'), ['seller', 'buyer'], 'product') }}
    -- and what was paid, or is open again, since
    union
    select known.invoice_line_id as _row_key
    from {{ this }} as known
    inner join {{ ref('int_invoices__settled') }} as settled on known.invoice_id = settled.invoice_id
    where known.paid_on is distinct from settled.paid_on
),
{% endif %}

lines as (
    {{ current_feed('invoices') }}
)

select
    lines._row_key as invoice_line_id,
    lines.source_id,
    lines.invoice_no,
    lines.line_no,
    lines.leg,
    {{ channel_parties('lines.leg', 'sellers.party_id', 'sellers.kind', 'buyers.party_id', 'buyers.kind') }},
    cast(coalesce(products.product_id, -1) as bigint) as product_id,
    lines.order_document_no,
    lines.order_line_no,
    lines.quantity,
    lines.net_amount_cents,
    lines.net_amount_subcents,
    lines.currency,
    lines.invoiced_on,
    lines.due_on,
    coalesce(settled.paid_on, lines.paid_on) as paid_on,
    {{ surrogate_id(['lines.source_id', 'lines.leg', 'lines.seller_scheme', 'lines.seller_ref', 'lines.invoice_no']) }} as invoice_id
from lines
left join {{ ref('int_invoices__settled') }} as settled
    on settled.invoice_id
    = {{ surrogate_id(['lines.source_id', 'lines.leg', 'lines.seller_scheme', 'lines.seller_ref', 'lines.invoice_no']) }}
left join {{ ref('int_parties__aliases') }} as sellers
    on lines.seller_scheme = sellers.scheme and lines.seller_ref = sellers.alias_value
left join {{ ref('int_parties__aliases') }} as buyers
    on lines.buyer_scheme = buyers.scheme and lines.buyer_ref = buyers.alias_value
left join {{ ref('int_products__aliases') }} as products
    on lines.product_scheme = products.scheme and lines.product_ref = products.alias_value
{{ sorted_by(['distributor_id', 'invoiced_on']) }}
