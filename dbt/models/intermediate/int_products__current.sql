with

current_rows as (
    {{ current_versions('products', ref('stg_ingest__products')) }}
)

select
    {{ surrogate_id(['current_rows.source_id', 'current_rows.product_ref']) }} as product_id,
    current_rows.*
from current_rows
