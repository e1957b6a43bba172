-- what was found in documents: a fatal finding refused its message (without message_no: the whole file), the others are warnings
with

numbered as (
    select
        found.*,
        row_number() over (
            partition by found.source_id, found.file_name, found.file_sha256
            order by coalesce(found.message_no, 0), found.error_code, found.place, found.found, found.expected
        ) as finding_no
    from {{ source('ingest', 'document_findings') }} as found
),

messages as (
    select
        books.source_id,
        books.file_name,
        books.file_sha256,
        books.message_no,
        max(books.document_type) as document_type,
        max(books.document_no) as document_no
    from {{ source('ingest', 'messages') }} as books
    group by books.source_id, books.file_name, books.file_sha256, books.message_no
)

select
    numbered.source_id,
    cast(coalesce(owners.party_id, -1) as bigint) as distributor_id,
    numbered.file_name,
    numbered.file_sha256,
    cast(numbered.finding_no as integer) as finding_no,
    numbered.message_no,
    messages.document_type,
    messages.document_no,
    numbered.error_code,
    numbered.place,
    numbered.found,
    numbered.expected,
    numbered.is_fatal,
    numbered.found_at
from numbered
left join messages
    on
        numbered.source_id = messages.source_id
        and numbered.file_name = messages.file_name
        and numbered.file_sha256 = messages.file_sha256
        and numbered.message_no = messages.message_no
left join {{ ref('int_sources__owner') }} as owners on numbered.source_id = owners.source_id
