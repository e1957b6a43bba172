with

landed as (
    select * from {{ feed('packages') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.leg,
    landed.delivery_no,
    landed.package_no,
    landed.seller_scheme,
    landed.seller_ref,
    landed.parent_package_no,
    landed.sscc,
    landed.package_kind
from landed
