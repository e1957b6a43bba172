with

current_rows as (
    {{ current_versions('parties', ref('stg_ingest__parties')) }}
)

select
    {{ surrogate_id(['current_rows.source_id', 'current_rows.party_ref']) }} as party_id,
    current_rows.*
from current_rows
