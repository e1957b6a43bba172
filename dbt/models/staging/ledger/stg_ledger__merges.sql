with

copied as (
    select * from {{ feed('ledger_merges') }}
)

select
    copied.member_party_id,
    copied.into_party_id
from copied
