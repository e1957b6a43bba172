{{ config(materialized='table') }}

with

merges as (
    -- people said that a party is part of another: its numbers are the other's. One taken back keeps its batch, so that its rows are looked at again
    select
        of_source.party_id,
        case when merges.is_undone then of_source.party_id else into_source.party_id end as into_party_id,
        case when merges.is_undone then of_source.kind else into_source.kind end as into_kind,
        merges.batch_no
    from {{ source('ingest', 'party_merges') }} as merges
    inner join {{ ref('int_parties__current') }} as of_source
        on merges.source_id = of_source.source_id and merges.party_ref = of_source.party_ref
    inner join {{ ref('int_parties__current') }} as into_source
        on merges.into_source_id = into_source.source_id and merges.into_party_ref = into_source.party_ref
),

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

as_merged as (
    select
        all_numbers.scheme,
        all_numbers.alias_value,
        coalesce(merges.into_party_id, all_numbers.party_id) as party_id,
        coalesce(merges.into_kind, all_numbers.kind) as kind,
        greatest(all_numbers.batch_no, coalesce(merges.batch_no, 0)) as batch_no
    from all_numbers
    left join merges on all_numbers.party_id = merges.party_id
),

ranked as (
    select
        as_merged.*,
        row_number() over (
            partition by as_merged.scheme, as_merged.alias_value
            order by as_merged.party_id
        ) as claim_rank,
        max(as_merged.batch_no) over (partition by as_merged.scheme, as_merged.alias_value) as newest_batch_no
    from as_merged
)

select
    ranked.scheme,
    ranked.alias_value,
    ranked.party_id,
    ranked.kind,
    ranked.newest_batch_no as batch_no
from ranked
where ranked.claim_rank = 1
