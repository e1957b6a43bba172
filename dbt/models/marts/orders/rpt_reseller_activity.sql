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
    {% if is_incremental() %}
    where order_lines.ordered_on in ({{ days_of_months(ref('int_order_months__touched')) }})
    {% endif %}
)

select
    lines.month_on,
    lines.leg,
    lines.manufacturer_id,
    lines.distributor_id,
    lines.retailer_id,
    lines.currency,
    cast(count(distinct case when lines.line_kind = 'order' and lines.line_status <> 'cancelled' then lines.order_id end) as integer)
        as orders,
    cast(count(*) as integer) as lines,
    cast(sum(case when lines.line_kind = 'return' then 1 else 0 end) as integer) as return_lines,
    cast(sum(case when lines.line_status <> 'cancelled' then lines.quantity else 0 end) as decimal(18, 3)) as quantity,
    cast(sum(case when lines.line_status <> 'cancelled' then lines.net_amount_cents else 0 end) as bigint) as net_amount_cents,
    cast(sum(case when lines.line_status <> 'cancelled' then lines.net_amount_subcents else 0 end) as bigint) as net_amount_subcents,
    cast(sum(case when lines.line_status <> 'cancelled' then lines.list_value_cents else 0 end) as bigint) as list_value_cents,
    cast(sum(case when lines.delivery_status in ('open', 'partly_delivered') then 1 else 0 end) as integer) as lines_open,
    cast(sum(case when lines.delivery_status = 'in_transit' then 1 else 0 end) as integer) as lines_in_transit,
    cast(sum(case when lines.delivery_status = 'delivered' then 1 else 0 end) as integer) as lines_delivered,
    cast(sum(case when lines.delivery_status = 'cancelled' then 1 else 0 end) as integer) as lines_cancelled,
    cast(sum(case when lines.is_on_time_in_full is not null then 1 else 0 end) as integer) as lines_with_promise,
    cast(sum(case when lines.is_late then 1 else 0 end) as integer) as lines_late,
    cast(sum(case when lines.is_on_time_in_full then 1 else 0 end) as integer) as lines_on_time_in_full,
    min(lines.ordered_on) as first_ordered_on,
    max(lines.ordered_on) as last_ordered_on
from lines
group by lines.month_on, lines.leg, lines.manufacturer_id, lines.distributor_id, lines.retailer_id, lines.currency
{{ sorted_by(['manufacturer_id', 'distributor_id', 'month_on']) }}
