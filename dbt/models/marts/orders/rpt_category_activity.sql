-- depends_on: {{ ref('int_order_months__touched') }}
{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='fail',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where month_on in (select months.month_on from {{ ref('int_order_months__touched') }} as months){% endif %}"
) }}

with

lines as (
    select
        order_lines.*,
        cast(date_trunc('month', order_lines.ordered_on) as date) as month_on
    from {{ ref('fct_order_lines') }} as order_lines
    where
        order_lines.line_status <> 'cancelled'
        {% if is_incremental() %}
        and order_lines.ordered_on in ({{ days_of_months(ref('int_order_months__touched')) }})
        {% endif %}
)

select
    lines.month_on,
    lines.leg,
    lines.manufacturer_id,
    lines.distributor_id,
    coalesce(products.category, 'unknown') as category,
    lines.currency,
    cast(count(*) as integer) as lines,
    cast(sum(lines.quantity) as decimal(18, 3)) as quantity,
    cast(sum(lines.net_amount_cents) as bigint) as net_amount_cents,
    cast(sum(lines.net_amount_subcents) as bigint) as net_amount_subcents,
    cast(sum(lines.list_value_cents) as bigint) as list_value_cents
from lines
left join {{ ref('dim_product') }} as products on lines.product_id = products.product_id
group by
    lines.month_on, lines.leg, lines.manufacturer_id, lines.distributor_id, coalesce(products.category, 'unknown'), lines.currency
