with

files as (
    select batches.batch_no, batches.file_name, batches.status
    from {{ source('ingest', 'batches') }} as batches
),

numbered as (
    select
        refused.*,
        row_number() over (partition by refused.batch_no, refused.row_no order by refused.error_code, refused.column_name, refused.found) as finding_no
    from {{ source('ingest', 'quarantine') }} as refused
)

select
    refused.batch_no,
    refused.row_no,
    cast(refused.finding_no as integer) as finding_no,
    refused.source_id,
    cast(coalesce(owners.party_id, -1) as bigint) as distributor_id,
    refused.feed,
    files.file_name,
    files.status as file_status,
    refused.line_no,
    refused.column_name,
    refused.error_code,
    refused.found,
    refused.expected,
    refused.message,
    refused.raw_text,
    refused.quarantined_at,
    coalesce(done.kind, case when replays.batch_no is not null then 'replay' end) as resolution,
    coalesce(done.done_at, replays.replayed_at) as resolved_at,
    coalesce(done.new_batch_no, replays.new_batch_no) as resolved_by_batch_no,
    refused.row_layout
from numbered as refused
inner join files on refused.batch_no = files.batch_no
left join {{ ref('int_sources__owner') }} as owners on refused.source_id = owners.source_id
left join {{ source('ingest', 'quarantine_done') }} as done
    on refused.batch_no = done.batch_no and refused.row_no = done.row_no
left join {{ source('ingest', 'replays') }} as replays on refused.batch_no = replays.batch_no
