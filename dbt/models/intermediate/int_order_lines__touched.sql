{{ config(materialized='table') }}

-- keys of the order lines that this build has to write: new or corrected lines, lines that a confirmation, change, delivery,
-- return or header speaks of, lines whose party or product was explained since, and lines that became late since
with

touched as (
    {{ touched_keys(ref('stg_ingest__order_lines'), ['seller', 'buyer'], 'product') }}
),

answers as (
    select leg, seller_scheme, seller_ref, document_no, line_no
    from {{ ref('stg_ingest__order_confirmations') }}
    where _batch_no > {{ since_batch() }}
    union
    select leg, seller_scheme, seller_ref, document_no, line_no
    from {{ ref('stg_ingest__order_changes') }}
    where _batch_no > {{ since_batch() }} and line_no <> '*'
    union
    select leg, seller_scheme, seller_ref, order_document_no as document_no, order_line_no as line_no
    from {{ ref('stg_ingest__deliveries') }}
    where _batch_no > {{ since_batch() }} and order_document_no is not null
    union
    select leg, seller_scheme, seller_ref, order_document_no as document_no, order_line_no as line_no
    from {{ ref('stg_ingest__returns') }}
    where _batch_no > {{ since_batch() }} and order_document_no is not null
),

answered as (
    select lines._row_key
    from {{ ref('stg_ingest__order_lines') }} as lines
    inner join answers
        on
            lines.document_no = answers.document_no
            and lines.line_no = answers.line_no
            and lines.leg = answers.leg
            and lines.seller_scheme = answers.seller_scheme
            and lines.seller_ref = answers.seller_ref
),

whole_orders as (
    select leg, seller_scheme, seller_ref, document_no
    from {{ ref('stg_ingest__order_changes') }}
    where _batch_no > {{ since_batch() }} and line_no = '*'
    union
    select leg, seller_scheme, seller_ref, document_no
    from {{ ref('stg_ingest__order_confirmations') }}
    where _batch_no > {{ since_batch() }} and line_no = '*'
),

spoken_of as (
    select lines._row_key
    from {{ ref('stg_ingest__order_lines') }} as lines
    inner join whole_orders
        on
            lines.document_no = whole_orders.document_no
            and lines.leg = whole_orders.leg
            and lines.seller_scheme = whole_orders.seller_scheme
            and lines.seller_ref = whole_orders.seller_ref
),

headed as (
    select lines._row_key
    from {{ ref('stg_ingest__order_lines') }} as lines
    inner join {{ ref('stg_ingest__orders') }} as headers
        on
            lines.document_no = headers.document_no
            and lines.leg = headers.leg
            and lines.seller_scheme = headers.seller_scheme
            and lines.seller_ref = headers.seller_ref
            and lines.source_id = headers.source_id
    where headers._batch_no > {{ since_batch() }}
),

due as (
    select lines._row_key
    from {{ ref('stg_ingest__order_lines') }} as lines
    inner join {{ source('ingest', 'open_promises') }} as promises on lines._row_key = promises.order_line_id
    inner join {{ ref('int_sources__as_of') }} as sources on promises.source_id = sources.source_id
    where promises.promised_on < sources.as_of_on
)

select _row_key from touched
union
select _row_key from answered
union
select _row_key from spoken_of
union
select _row_key from headed
union
select _row_key from due
