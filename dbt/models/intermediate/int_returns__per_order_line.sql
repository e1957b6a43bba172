with

lines as (
    {{ current_versions('returns', ref('stg_ingest__returns')) }}
)

select
    lines.leg,
    lines.seller_scheme,
    lines.seller_ref,
    lines.order_document_no,
    lines.order_line_no,
    cast(sum(lines.quantity) as decimal(18, 3)) as returned_quantity
from lines
where lines.order_document_no is not null
group by lines.leg, lines.seller_scheme, lines.seller_ref, lines.order_document_no, lines.order_line_no
