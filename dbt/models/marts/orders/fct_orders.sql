{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='order_id', on_schema_change='fail') }}

with

lines as (
    select * from {{ ref('fct_order_lines') }}
    {% if is_incremental() %}
    -- places first: a scan of one column finds them, and the others are read where something is
    where rowid in (
        select places.rowid from {{ ref('fct_order_lines') }} as places
        where places.order_id in (
            select touched.order_id from {{ ref('fct_order_lines') }} as touched where touched.run_no = {{ this_run() }}
        )
    )
    {% endif %}
)

select
    lines.order_id,
    max(lines.source_id) as source_id,
    max(lines.document_no) as document_no,
    max(lines.leg) as leg,
    max(lines.distributor_id) as distributor_id,
    max(lines.retailer_id) as retailer_id,
    min(lines.ordered_on) as ordered_on,
    max(lines.promised_on) as promised_on,
    cast(count(*) as integer) as lines,
    cast(sum(lines.quantity) as decimal(18, 3)) as quantity,
    cast(sum(lines.net_amount_cents) as bigint) as net_amount_cents,
    cast(sum(lines.net_amount_subcents) as bigint) as net_amount_subcents,
    max(lines.currency) as currency,
    case
        when max(case when lines.line_status <> 'cancelled' then 1 else 0 end) = 0 then 'cancelled'
        when max(case when lines.line_status = 'open' then 1 else 0 end) = 1 then 'open'
        else 'confirmed'
    end as order_status,
    case
        when max(case when lines.delivery_status <> 'cancelled' then 1 else 0 end) = 0 then 'cancelled'
        when max(case when lines.delivery_status = 'not_reported' then 1 else 0 end) = 1 then 'not_reported'
        when max(case when lines.delivery_status not in ('delivered', 'cancelled') then 1 else 0 end) = 0 then 'delivered'
        when max(lines.delivered_quantity) > 0 then 'partly_delivered'
        when max(case when lines.delivery_status = 'in_transit' then 1 else 0 end) = 1 then 'in_transit'
        else 'open'
    end as delivery_status,
    min(lines.first_delivered_on) as first_delivered_on,
    max(lines.first_delivered_on) as last_delivered_on,
    max(case when lines.is_late then 1 else 0 end) = 1 as is_late,
    cast(sum(case when lines.is_late then 1 else 0 end) as integer) as lines_late,
    cast({{ this_run() }} as integer) as run_no
from lines
group by lines.order_id
{{ sorted_by(['distributor_id', 'ordered_on']) }}
