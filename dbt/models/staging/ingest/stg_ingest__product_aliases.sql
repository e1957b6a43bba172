with

landed as (
    select * from {{ feed('product_aliases') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.product_ref,
    landed.scheme,
    landed.alias_value
from landed
