-- every feed with facts, per leg and currency; master data by its rows; refused rows stand on the first row of their feed
with

order_documents as (
    select orders.source_id, orders.leg, orders.currency, count(*) as documents
    from {{ ref('fct_orders') }} as orders
    group by orders.source_id, orders.leg, orders.currency
),

order_lines as (
    select
        facts.source_id,
        facts.leg,
        facts.currency,
        count(*) as lines,
        sum(case when facts.line_kind = 'return' then 1 else 0 end) as return_lines,
        {{ sum_cents('facts.net_amount') }} as net_amount_cents,
        min(facts.ordered_on) as first_event_on,
        max(facts.ordered_on) as last_event_on,
        sum(case when facts.is_unknown_party then 1 else 0 end) as lines_unknown_party,
        sum(case when facts.is_unknown_product then 1 else 0 end) as lines_unknown_product
    from {{ ref('fct_order_lines') }} as facts
    group by facts.source_id, facts.leg, facts.currency
),

counted as (
    select
        order_lines.source_id,
        'order_lines' as feed,
        order_lines.leg,
        order_lines.currency,
        cast(coalesce(order_documents.documents, 0) as bigint) as documents,
        cast(order_lines.lines as bigint) as lines,
        cast(order_lines.return_lines as bigint) as return_lines,
        order_lines.net_amount_cents,
        order_lines.first_event_on,
        order_lines.last_event_on,
        cast(order_lines.lines_unknown_party as bigint) as lines_unknown_party,
        cast(order_lines.lines_unknown_product as bigint) as lines_unknown_product
    from order_lines
    left join order_documents
        on
            order_lines.source_id = order_documents.source_id
            and order_lines.leg = order_documents.leg
            and order_lines.currency = order_documents.currency
    union all
    select
        facts.source_id,
        'deliveries' as feed,
        facts.leg as leg,
        cast(null as varchar) as currency,
        cast(count(distinct facts.delivery_no) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(0 as bigint) as return_lines,
        cast(null as bigint) as net_amount_cents,
        min(facts.shipped_on) as first_event_on,
        max(facts.shipped_on) as last_event_on,
        cast(sum(case when facts.distributor_id = -1 or facts.retailer_id = -1 then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(sum(case when facts.product_id = -1 then 1 else 0 end) as bigint) as lines_unknown_product
    from {{ ref('fct_delivery_lines') }} as facts
    group by facts.source_id, facts.leg
    union all
    select
        facts.source_id,
        'receipts' as feed,
        facts.leg as leg,
        cast(null as varchar) as currency,
        cast(count(distinct facts.receipt_no) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(0 as bigint) as return_lines,
        cast(null as bigint) as net_amount_cents,
        min(facts.received_on) as first_event_on,
        max(facts.received_on) as last_event_on,
        cast(sum(case when facts.distributor_id = -1 or facts.retailer_id = -1 then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(sum(case when facts.product_id = -1 then 1 else 0 end) as bigint) as lines_unknown_product
    from {{ ref('fct_receipt_lines') }} as facts
    group by facts.source_id, facts.leg
    union all
    select
        facts.source_id,
        'invoices' as feed,
        facts.leg as leg,
        facts.currency as currency,
        cast(count(distinct facts.invoice_no) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(0 as bigint) as return_lines,
        {{ sum_cents('facts.net_amount') }} as net_amount_cents,
        min(facts.invoiced_on) as first_event_on,
        max(facts.invoiced_on) as last_event_on,
        cast(sum(case when facts.distributor_id = -1 or facts.retailer_id = -1 then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(sum(case when facts.product_id = -1 then 1 else 0 end) as bigint) as lines_unknown_product
    from {{ ref('fct_invoice_lines') }} as facts
    group by facts.source_id, facts.leg, facts.currency
    union all
    select
        facts.source_id,
        'payments' as feed,
        facts.leg as leg,
        facts.currency as currency,
        cast(count(*) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(sum(case when facts.amount_cents < 0 then 1 else 0 end) as bigint) as return_lines,
        cast(sum(facts.amount_cents) as bigint) as net_amount_cents,
        min(facts.booked_on) as first_event_on,
        max(facts.booked_on) as last_event_on,
        cast(sum(case when facts.distributor_id = -1 or facts.retailer_id = -1 then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(0 as bigint) as lines_unknown_product
    from {{ ref('fct_payments') }} as facts
    group by facts.source_id, facts.leg, facts.currency
    union all
    select
        facts.source_id,
        'returns' as feed,
        facts.leg as leg,
        facts.currency as currency,
        cast(count(distinct facts.return_no) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(count(*) as bigint) as return_lines,
        {{ sum_cents('facts.net_amount') }} as net_amount_cents,
        min(facts.returned_on) as first_event_on,
        max(facts.returned_on) as last_event_on,
        cast(sum(case when facts.distributor_id = -1 or facts.retailer_id = -1 then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(sum(case when facts.product_id = -1 then 1 else 0 end) as bigint) as lines_unknown_product
    from {{ ref('fct_return_lines') }} as facts
    group by facts.source_id, facts.leg, facts.currency
    union all
    select
        facts.source_id,
        'sell_through' as feed,
        facts.leg as leg,
        facts.currency as currency,
        cast(count(distinct facts.document_no) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(0 as bigint) as return_lines,
        {{ sum_cents('facts.net_amount') }} as net_amount_cents,
        min(facts.sold_on) as first_event_on,
        max(facts.sold_on) as last_event_on,
        cast(sum(case when facts.is_unknown_party then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(sum(case when facts.is_unknown_product then 1 else 0 end) as bigint) as lines_unknown_product
    from {{ ref('fct_sales_report_lines') }} as facts
    where facts.leg = 'sell_through'
    group by facts.source_id, facts.leg, facts.currency
    union all
    select
        facts.source_id,
        'sell_out' as feed,
        facts.leg as leg,
        facts.currency as currency,
        cast(count(distinct facts.document_no) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(0 as bigint) as return_lines,
        {{ sum_cents('facts.net_amount') }} as net_amount_cents,
        min(facts.sold_on) as first_event_on,
        max(facts.sold_on) as last_event_on,
        cast(sum(case when facts.is_unknown_party then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(sum(case when facts.is_unknown_product then 1 else 0 end) as bigint) as lines_unknown_product
    from {{ ref('fct_sales_report_lines') }} as facts
    where facts.leg = 'sell_out'
    group by facts.source_id, facts.leg, facts.currency
    union all
    select
        facts.source_id,
        'stock' as feed,
        cast(null as varchar) as leg,
        cast(null as varchar) as currency,
        cast(count(distinct facts.counted_on) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(0 as bigint) as return_lines,
        cast(null as bigint) as net_amount_cents,
        min(facts.counted_on) as first_event_on,
        max(facts.counted_on) as last_event_on,
        cast(sum(case when facts.holder_id = -1 then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(sum(case when facts.product_id = -1 then 1 else 0 end) as bigint) as lines_unknown_product
    from {{ ref('fct_stock_levels') }} as facts
    group by facts.source_id
    union all
    select
        facts.source_id,
        'support_requests' as feed,
        cast(null as varchar) as leg,
        cast(null as varchar) as currency,
        cast(count(*) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(0 as bigint) as return_lines,
        cast(null as bigint) as net_amount_cents,
        cast(min(facts.opened_at) as date) as first_event_on,
        cast(max(facts.opened_at) as date) as last_event_on,
        cast(sum(case when facts.requester_id = -1 then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(sum(case when facts.product_id = -1 then 1 else 0 end) as bigint) as lines_unknown_product
    from {{ ref('fct_support_requests') }} as facts
    group by facts.source_id
    union all
    select
        facts.source_id,
        'support_events' as feed,
        cast(null as varchar) as leg,
        cast(null as varchar) as currency,
        cast(count(distinct events.support_request_id) as bigint) as documents,
        cast(count(*) as bigint) as lines,
        cast(0 as bigint) as return_lines,
        cast(null as bigint) as net_amount_cents,
        cast(min(events.occurred_at) as date) as first_event_on,
        cast(max(events.occurred_at) as date) as last_event_on,
        cast(sum(case when facts.requester_id = -1 then 1 else 0 end) as bigint) as lines_unknown_party,
        cast(sum(case when facts.product_id = -1 then 1 else 0 end) as bigint) as lines_unknown_product
    from {{ ref('fct_support_events') }} as events
    inner join {{ ref('fct_support_requests') }} as facts on events.support_request_id = facts.support_request_id
    group by facts.source_id
),

refused as (
    select quarantine.source_id, quarantine.feed, count(*) as rows_quarantined
    from (
        select distinct rows_refused.batch_no, rows_refused.row_no, rows_refused.source_id, rows_refused.feed
        from {{ source('ingest', 'quarantine') }} as rows_refused
        left join {{ source('ingest', 'replays') }} as replays on rows_refused.batch_no = replays.batch_no
        where replays.batch_no is null
    ) as quarantine
    group by quarantine.source_id, quarantine.feed
),

loaded as (
    select batches.source_id, batches.feed, sum(batches.rows_accepted) as rows_accepted
    from {{ source('ingest', 'batches') }} as batches
    group by batches.source_id, batches.feed
),

master_rows as (
    select
        loaded.source_id,
        loaded.feed,
        cast(null as varchar) as leg,
        cast(null as varchar) as currency,
        cast(null as bigint) as documents,
        cast(loaded.rows_accepted as bigint) as lines,
        cast(0 as bigint) as return_lines,
        cast(null as bigint) as net_amount_cents,
        cast(null as date) as first_event_on,
        cast(null as date) as last_event_on,
        cast(0 as bigint) as lines_unknown_party,
        cast(0 as bigint) as lines_unknown_product
    from loaded
    where not exists (select 1 from counted where counted.source_id = loaded.source_id and counted.feed = loaded.feed)
),

all_rows as (
    select * from counted
    union all
    select * from master_rows
),

ranked as (
    select
        all_rows.*,
        row_number() over (partition by all_rows.source_id, all_rows.feed order by all_rows.leg, all_rows.currency) as row_rank
    from all_rows
)

select
    ranked.source_id,
    ranked.feed,
    ranked.leg,
    ranked.currency,
    ranked.documents,
    ranked.lines,
    ranked.return_lines,
    ranked.net_amount_cents,
    ranked.first_event_on,
    ranked.last_event_on,
    ranked.lines_unknown_party,
    ranked.lines_unknown_product,
    cast(case when ranked.row_rank = 1 then coalesce(refused.rows_quarantined, 0) else 0 end as bigint) as rows_quarantined
from ranked
left join refused on ranked.source_id = refused.source_id and ranked.feed = refused.feed
