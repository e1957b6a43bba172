with

parties as (
    select parties.source_id, parties.party_ref, parties.name, parties.city, parties.postal_code
    from {{ ref('int_parties__current') }} as parties
),

notes as (
    select notes.source_id, notes.title
    from {{ source('ingest', 'source_notes') }} as notes
)

select
    candidates.left_source_id,
    candidates.left_ref,
    left_notes.title as left_source,
    left_parties.name as left_name,
    left_parties.city as left_city,
    left_parties.postal_code as left_postal_code,
    candidates.right_source_id,
    candidates.right_ref,
    right_notes.title as right_source,
    right_parties.name as right_name,
    right_parties.city as right_city,
    right_parties.postal_code as right_postal_code,
    candidates.kind as party_kind,
    cast(candidates.score as decimal(18, 4)) as score,
    candidates.reasons
from {{ source('ingest', 'match_candidates') }} as candidates
inner join parties as left_parties
    on candidates.left_source_id = left_parties.source_id and candidates.left_ref = left_parties.party_ref
inner join parties as right_parties
    on candidates.right_source_id = right_parties.source_id and candidates.right_ref = right_parties.party_ref
left join notes as left_notes on candidates.left_source_id = left_notes.source_id
left join notes as right_notes on candidates.right_source_id = right_notes.source_id
