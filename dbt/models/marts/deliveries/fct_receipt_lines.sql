{{ config(materialized='table') }}

-- one row per receipt line with the delivery line it answers and what was ordered; where several could be meant, none is
with

receipts as (
    select
        lines._row_key as receipt_line_id,
        lines._recorded_at as recorded_at,
        lines.source_id,
        lines.receipt_no,
        lines.line_no,
        lines.leg,
        cast(coalesce(products.manufacturer_id, case when lines.leg = 'sell_in' then sellers.party_id end, -1) as bigint) as manufacturer_id,
        {{ channel_parties('lines.leg', 'sellers.party_id', 'sellers.kind', 'buyers.party_id', 'buyers.kind') }},
        cast(coalesce(products.product_id, -1) as bigint) as product_id,
        lines.delivery_no,
        lines.order_document_no,
        lines.order_line_no,
        lines.despatched_quantity,
        lines.accepted_quantity,
        coalesce(lines.rejected_quantity, 0) as rejected_quantity,
        lines.received_on,
        lines.reason
    from ({{ current_versions('receipts', ref('stg_ingest__receipts')) }}) as lines
    left join {{ ref('int_parties__aliases') }} as sellers
        on lines.seller_scheme = sellers.scheme and lines.seller_ref = sellers.alias_value
    left join {{ ref('int_parties__aliases') }} as buyers
        on lines.buyer_scheme = buyers.scheme and lines.buyer_ref = buyers.alias_value
    left join {{ ref('int_products__aliases') }} as products
        on lines.product_scheme = products.scheme and lines.product_ref = products.alias_value
),

-- delivery lines under that number between these two: of the same order line, else of the same product
candidates as (
    select
        receipts.receipt_line_id,
        shipped.delivery_line_id,
        shipped.quantity,
        shipped.order_document_no,
        shipped.order_line_no,
        coalesce(
            receipts.order_document_no = shipped.order_document_no and receipts.order_line_no = shipped.order_line_no, false
        ) as is_same_order_line
    from receipts
    inner join {{ ref('fct_delivery_lines') }} as shipped
        on
            receipts.delivery_no = shipped.delivery_no
            and receipts.leg = shipped.leg
            and receipts.distributor_id = shipped.distributor_id
            and receipts.retailer_id = shipped.retailer_id
            and receipts.manufacturer_id = shipped.manufacturer_id
    where
        receipts.distributor_id >= 0
        and receipts.retailer_id >= 0
        and (
            (receipts.product_id = shipped.product_id and receipts.product_id <> -1)
            or (receipts.order_document_no = shipped.order_document_no and receipts.order_line_no = shipped.order_line_no)
        )
),

ranked as (
    select
        candidates.*,
        count(*) over (partition by candidates.receipt_line_id, candidates.is_same_order_line) as rivals,
        row_number() over (partition by candidates.receipt_line_id order by candidates.is_same_order_line desc) as place
    from candidates
),

answered as (
    select
        receipts.*,
        ranked.delivery_line_id,
        ranked.quantity as delivery_quantity,
        coalesce(receipts.order_document_no, ranked.order_document_no) as known_order_no,
        coalesce(receipts.order_line_no, ranked.order_line_no) as known_order_line_no
    from receipts
    left join ranked
        on receipts.receipt_line_id = ranked.receipt_line_id and ranked.place = 1 and ranked.rivals = 1
),

ordered as (
    select
        lines.leg,
        lines.distributor_id,
        lines.retailer_id,
        lines.document_no,
        lines.line_no,
        max(lines.quantity) as ordered_quantity
    from {{ ref('fct_order_lines') }} as lines
    where lines.document_no in (select answered.known_order_no from answered)
    group by lines.leg, lines.distributor_id, lines.retailer_id, lines.document_no, lines.line_no
    having count(*) = 1
)

select
    answered.receipt_line_id,
    answered.source_id,
    answered.receipt_no,
    answered.line_no,
    answered.leg,
    answered.manufacturer_id,
    answered.distributor_id,
    answered.retailer_id,
    answered.product_id,
    answered.delivery_no,
    answered.delivery_line_id,
    answered.known_order_no as order_document_no,
    answered.known_order_line_no as order_line_no,
    ordered.ordered_quantity,
    coalesce(answered.delivery_quantity, answered.despatched_quantity) as shipped_quantity,
    answered.accepted_quantity,
    answered.rejected_quantity,
    answered.reason,
    answered.received_on,
    answered.recorded_at
from answered
left join ordered
    on
        answered.leg = ordered.leg
        and answered.distributor_id = ordered.distributor_id
        and answered.retailer_id = ordered.retailer_id
        and answered.known_order_no = ordered.document_no
        and answered.known_order_line_no = ordered.line_no
