with

known as (
    select
        parties.party_id,
        parties.party_ref,
        parties.kind,
        parties.name,
        parties.tier,
        parties.segment,
        parties.region,
        parties.city,
        parties.postal_code,
        parties.country,
        coalesce(parties.status, 'active') as status,
        false as is_unknown
    from {{ ref('int_parties__current') }} as parties
    where
        not exists (
            select 1
            from {{ source('ingest', 'party_merges') }} as merges
            where merges.source_id = parties.source_id and merges.party_ref = parties.party_ref and not merges.is_undone
        )
),

unknown as (
    select
        cast(-1 as bigint) as party_id,
        cast(null as varchar) as party_ref,
        'unknown' as kind,
        'unknown' as name,
        cast(null as varchar) as tier,
        cast(null as varchar) as segment,
        cast(null as varchar) as region,
        cast(null as varchar) as city,
        cast(null as varchar) as postal_code,
        cast(null as varchar) as country,
        'active' as status,
        true as is_unknown
)

select * from known
union all
select * from unknown
