with

copied as (
    select * from {{ feed('ledger_opt_outs') }}
)

select
    copied.programme_id,
    copied.member_party_id
from copied
