with

lines as (
    {{ current_versions('deliveries', ref('stg_ingest__deliveries')) }}
),

first_days as (
    select
        lines.leg,
        lines.seller_scheme,
        lines.seller_ref,
        lines.order_document_no,
        lines.order_line_no,
        min(lines.delivered_on) as first_delivered_on,
        max(lines.promised_on) as promised_on,
        sum(lines.quantity) as shipped_quantity
    from lines
    where lines.order_document_no is not null
    group by lines.leg, lines.seller_scheme, lines.seller_ref, lines.order_document_no, lines.order_line_no
)

select
    first_days.leg,
    first_days.seller_scheme,
    first_days.seller_ref,
    first_days.order_document_no,
    first_days.order_line_no,
    first_days.first_delivered_on,
    first_days.promised_on,
    cast(first_days.shipped_quantity as decimal(18, 3)) as shipped_quantity,
    cast(sum(case when lines.delivered_on is not null then lines.quantity else 0 end) as decimal(18, 3)) as delivered_quantity,
    cast(sum(case when lines.delivered_on = first_days.first_delivered_on then lines.quantity else 0 end) as decimal(18, 3))
        as first_delivered_quantity,
    max(lines.delivered_on) as last_delivered_on
from first_days
inner join lines
    on
        first_days.leg = lines.leg
        and first_days.seller_scheme = lines.seller_scheme
        and first_days.seller_ref = lines.seller_ref
        and first_days.order_document_no = lines.order_document_no
        and first_days.order_line_no = lines.order_line_no
group by
    first_days.leg, first_days.seller_scheme, first_days.seller_ref, first_days.order_document_no, first_days.order_line_no,
    first_days.first_delivered_on, first_days.promised_on, first_days.shipped_quantity
