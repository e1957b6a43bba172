with

landed as (
    select * from {{ feed('products') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.product_ref,
    landed.name,
    landed.brand,
    landed.category,
    landed.subcategory,
    landed.manufacturer_scheme,
    landed.manufacturer_ref,
    landed.gtin,
    landed.units_per_pack,
    landed.unit,
    landed.list_price_cents,
    landed.list_price_subcents,
    landed.currency
from landed
