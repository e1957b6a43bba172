with

copied as (
    select * from {{ feed('ledger_tiers') }}
)

select
    copied.programme_id,
    copied.member_party_id,
    copied.ordinal,
    copied.tier,
    copied.from_on,
    copied.valid_until,
    copied.reason
from copied
