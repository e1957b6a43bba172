{{ config(materialized='table') }}

with

reported as (
    select
        batches.source_id,
        max(batches.last_event_on) as as_of_on,
        max(case when batches.feed = 'deliveries' and batches.rows_accepted > 0 then 1 else 0 end) = 1 as reports_deliveries
    from {{ source('ingest', 'batches') }} as batches
    where batches.status = 'loaded' and batches.feed in ('orders', 'order_lines', 'deliveries', 'order_confirmations', 'invoices')
    group by batches.source_id
)

select reported.* from reported
