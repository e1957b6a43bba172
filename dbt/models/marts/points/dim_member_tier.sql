-- a member's tiers as they are known now, one span after the other
with

spans as (
    select
        tiers.programme_id,
        tiers.member_party_id as member_id,
        tiers.ordinal,
        tiers.tier,
        tiers.from_on,
        tiers.valid_until,
        tiers.reason
    from {{ ref('stg_ledger__tiers') }} as tiers
)

select
    spans.programme_id,
    spans.member_id,
    spans.ordinal,
    spans.tier,
    spans.from_on,
    cast(lead(spans.from_on) over (partition by spans.programme_id, spans.member_id order by spans.ordinal) as date) as next_from_on,
    spans.valid_until,
    spans.reason
from spans
