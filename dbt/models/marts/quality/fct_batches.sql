-- a file that was read again has its refusals in the later batch; what that one counts as duplicates is the file's own rows
-- a file is late when its newest event was more than two days old on arrival; a source's first run brings history and is not judged
with

first_run_ids as (
    select batches.source_id, arg_min(batches.run_id, batches.batch_no) as run_id
    from {{ source('ingest', 'batches') }} as batches
    group by batches.source_id
)

select
    batches.batch_no,
    batches.source_id,
    cast(coalesce(owners.party_id, -1) as bigint) as distributor_id,
    batches.feed,
    batches.file_name,
    batches.status,
    batches.rows_read,
    batches.rows_accepted,
    batches.rows_quarantined,
    batches.rows_duplicate,
    batches.rows_corrected,
    batches.first_event_on,
    batches.last_event_on,
    batches.error_code,
    batches.error_message,
    batches.finished_at as recorded_at,
    case
        when first_run_ids.run_id is null and again.new_batch_no is null and batches.status = 'loaded' and batches.last_event_on is not null
            then cast(batches.finished_at as date) - batches.last_event_on > 2
    end as is_late,
    replays.new_batch_no as replayed_by_batch_no,
    again.new_batch_no is not null as is_replay
from {{ source('ingest', 'batches') }} as batches
left join {{ ref('int_sources__owner') }} as owners on batches.source_id = owners.source_id
left join first_run_ids on batches.source_id = first_run_ids.source_id and batches.run_id = first_run_ids.run_id
left join {{ source('ingest', 'replays') }} as replays on batches.batch_no = replays.batch_no
left join (
    select distinct marks.new_batch_no, marks.run_id
    from {{ source('ingest', 'replays') }} as marks
) as again on batches.batch_no = again.new_batch_no and batches.run_id = again.run_id
