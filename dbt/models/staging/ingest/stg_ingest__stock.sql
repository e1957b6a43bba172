with

landed as (
    select * from {{ feed('stock') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.holder_scheme,
    landed.holder_ref,
    landed.product_scheme,
    landed.product_ref,
    landed.counted_on,
    landed.on_hand_quantity,
    landed.in_transit_quantity,
    landed.unit
from landed
