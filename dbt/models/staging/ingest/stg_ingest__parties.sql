with

landed as (
    select * from {{ feed('parties') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.party_ref,
    landed.kind,
    landed.name,
    landed.tier,
    landed.segment,
    landed.region,
    landed.city,
    landed.postal_code,
    landed.country,
    landed.status
from landed
