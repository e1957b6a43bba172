select
    notes.source_id,
    notes.title,
    notes.note_de,
    notes.note_en
from {{ source('ingest', 'source_notes') }} as notes
where notes.note_de is not null or notes.note_en is not null
