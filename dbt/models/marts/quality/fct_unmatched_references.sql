-- numbers that no master record explains, with the lines that wait for them. Facts say which rows: the feeds are only read for those
with

order_rows as (
    select facts.order_line_id as row_key
    from {{ ref('fct_order_lines') }} as facts
    where facts.is_unknown_party or facts.is_unknown_product
),

sales_rows as (
    select facts.sales_report_line_id as row_key
    from {{ ref('fct_sales_report_lines') }} as facts
    where facts.is_unknown_party or facts.is_unknown_product
),

delivery_rows as (
    select facts.delivery_line_id as row_key
    from {{ ref('fct_delivery_lines') }} as facts
    where facts.distributor_id = -1 or facts.retailer_id = -1 or facts.product_id = -1
),

receipt_rows as (
    select facts.receipt_line_id as row_key
    from {{ ref('fct_receipt_lines') }} as facts
    where facts.distributor_id = -1 or facts.retailer_id = -1 or facts.product_id = -1
),

stock_rows as (
    select facts.stock_level_id as row_key
    from {{ ref('fct_stock_levels') }} as facts
    where facts.holder_id = -1 or facts.product_id = -1
),

invoice_rows as (
    select facts.invoice_line_id as row_key
    from {{ ref('fct_invoice_lines') }} as facts
    where facts.distributor_id = -1 or facts.retailer_id = -1 or facts.product_id = -1
),

return_rows as (
    select facts.return_line_id as row_key
    from {{ ref('fct_return_lines') }} as facts
    where facts.distributor_id = -1 or facts.retailer_id = -1 or facts.product_id = -1
),

payment_rows as (
    select facts.payment_id as row_key
    from {{ ref('fct_payments') }} as facts
    where facts.distributor_id = -1 or facts.retailer_id = -1
),

request_rows as (
    select facts.support_request_id as row_key
    from {{ ref('fct_support_requests') }} as facts
    where facts.requester_id = -1 or facts.product_id = -1
),

named as (
    {% for feed, rows, parties, has_product in [
        ('order_lines', 'order_rows', ['seller', 'buyer'], true), ('deliveries', 'delivery_rows', ['seller', 'buyer'], true),
        ('receipts', 'receipt_rows', ['seller', 'buyer'], true), ('returns', 'return_rows', ['seller', 'buyer'], true),
        ('invoices', 'invoice_rows', ['seller', 'buyer'], true), ('payments', 'payment_rows', ['payee', 'payer'], false),
        ('support_requests', 'request_rows', ['requester'], true), ('sell_through', 'sales_rows', ['seller', 'buyer'], true),
        ('sell_out', 'sales_rows', ['seller'], true), ('stock', 'stock_rows', ['holder'], true),
    ] %}
    {% for party in parties %}
    select lines.source_id, '{{ feed }}' as feed, 'party' as kind, lines.{{ party }}_scheme as scheme, lines.{{ party }}_ref as ref
    from {{ ref('stg_ingest__' ~ feed) }} as lines
    where lines._row_key in (select row_key from {{ rows }})
    {% if has_product or not loop.last %}union all{% endif %}
    {% endfor %}
    {% if has_product %}
    select lines.source_id, '{{ feed }}' as feed, 'product' as kind, lines.product_scheme as scheme, lines.product_ref as ref
    from {{ ref('stg_ingest__' ~ feed) }} as lines
    where lines._row_key in (select row_key from {{ rows }})
    {% endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counted as (
    select named.source_id, named.feed, named.kind, named.scheme, named.ref, count(*) as lines
    from named
    group by named.source_id, named.feed, named.kind, named.scheme, named.ref
)

select
    counted.source_id,
    cast(coalesce(owners.party_id, -1) as bigint) as distributor_id,
    counted.feed,
    counted.kind,
    counted.scheme,
    counted.ref,
    cast(counted.lines as bigint) as lines
from counted
left join {{ ref('int_parties__aliases') }} as parties
    on counted.kind = 'party' and counted.scheme = parties.scheme and counted.ref = parties.alias_value
left join {{ ref('int_products__aliases') }} as products
    on counted.kind = 'product' and counted.scheme = products.scheme and counted.ref = products.alias_value
left join {{ ref('int_sources__owner') }} as owners on counted.source_id = owners.source_id
where parties.party_id is null and products.product_id is null and counted.ref is not null
