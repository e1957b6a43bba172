select
    notes.source_id,
    notes.title,
    min(batches.first_event_on) as first_event_on,
    max(batches.last_event_on) as last_event_on,
    max(batches.finished_at) as last_recorded_at
from {{ source('ingest', 'source_notes') }} as notes
left join {{ source('ingest', 'batches') }} as batches
    on notes.source_id = batches.source_id and batches.status = 'loaded'
group by notes.source_id, notes.title
