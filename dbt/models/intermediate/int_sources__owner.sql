-- whose source it is, as the profile declares; -1 while nobody knows the number
{{ config(materialized='table') }}

select
    notes.source_id,
    notes.title,
    cast(coalesce(owners.party_id, -1) as bigint) as party_id
from {{ source('ingest', 'source_notes') }} as notes
left join {{ ref('int_parties__aliases') }} as owners
    on notes.owner_scheme = owners.scheme and notes.owner_ref = owners.alias_value
