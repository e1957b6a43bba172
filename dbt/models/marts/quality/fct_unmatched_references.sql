-- numbers that no master record explains, with the lines that wait for them. Facts say which rows: the feeds are only read for those
{% set sides = 'distributor_id = -1 or retailer_id = -1' %}
{% set flags = 'is_unknown_party or is_unknown_product' %}
with

named as (
    {% for feed, fact, key, waits, roles in [
        ('order_lines', 'fct_order_lines', 'order_line_id', flags, ['seller', 'buyer', 'product']),
        ('sell_through', 'fct_sales_report_lines', 'sales_report_line_id', flags, ['seller', 'buyer', 'product']),
        ('sell_out', 'fct_sales_report_lines', 'sales_report_line_id', flags, ['seller', 'product']),
        ('deliveries', 'fct_delivery_lines', 'delivery_line_id', sides ~ ' or product_id = -1', ['seller', 'buyer', 'product']),
        ('receipts', 'fct_receipt_lines', 'receipt_line_id', sides ~ ' or product_id = -1', ['seller', 'buyer', 'product']),
        ('returns', 'fct_return_lines', 'return_line_id', sides ~ ' or product_id = -1', ['seller', 'buyer', 'product']),
        ('invoices', 'fct_invoice_lines', 'invoice_line_id', sides ~ ' or product_id = -1', ['seller', 'buyer', 'product']),
        ('payments', 'fct_payments', 'payment_id', sides, ['payee', 'payer']),
        ('support_requests', 'fct_support_requests', 'support_request_id', 'requester_id = -1 or product_id = -1', ['requester', 'product']),
        ('stock', 'fct_stock_levels', 'stock_level_id', 'holder_id = -1 or product_id = -1', ['holder', 'product']),
    ] %}
    {% for role in roles %}
    select
        lines.source_id, '{{ feed }}' as feed, '{{ 'product' if role == 'product' else 'party' }}' as kind,
        lines.{{ role }}_scheme as scheme, lines.{{ role }}_ref as ref
    from {{ ref('stg_ingest__' ~ feed) }} as lines
    where lines._row_key in (select facts.{{ key }} from {{ ref(fact) }} as facts where {{ waits }})
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
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
