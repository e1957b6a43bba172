with

landed as (
    select * from {{ feed('support_events') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.request_no,
    landed.event_no,
    landed.occurred_at,
    landed.status,
    landed.source_zone
from landed
