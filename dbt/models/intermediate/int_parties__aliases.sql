{{ config(materialized='table') }}

with

own_numbers as (
    select
        parties.source_id as scheme,
        parties.party_ref as alias_value,
        parties.party_id,
        parties.kind,
        parties._batch_no as batch_no
    from {{ ref('int_parties__current') }} as parties
),

further_numbers as (
    select
        aliases.scheme,
        aliases.alias_value,
        parties.party_id,
        parties.kind,
        greatest(aliases._batch_no, parties._batch_no) as batch_no
    from ({{ current_versions('party_aliases', ref('stg_ingest__party_aliases')) }}) as aliases
    inner join {{ ref('int_parties__current') }} as parties
        on aliases.source_id = parties.source_id and aliases.party_ref = parties.party_ref
),

internal_ids as (
    -- what a person enters on a page is known by the internal id; no file of a partner names this scheme
    select
        'party' as scheme,
        cast(parties.party_id as varchar) as alias_value,
        parties.party_id,
        parties.kind,
        parties._batch_no as batch_no
    from {{ ref('int_parties__current') }} as parties
),

all_numbers as (
    select * from own_numbers
    union all
    select * from internal_ids
    union all
    select * from further_numbers
),

ranked as (
    select
        all_numbers.*,
        row_number() over (
            partition by all_numbers.scheme, all_numbers.alias_value
            order by all_numbers.party_id
        ) as claim_rank,
        max(all_numbers.batch_no) over (partition by all_numbers.scheme, all_numbers.alias_value) as newest_batch_no
    from all_numbers
)

select
    ranked.scheme,
    ranked.alias_value,
    ranked.party_id,
    ranked.kind,
    ranked.newest_batch_no as batch_no
from ranked
where ranked.claim_rank = 1
