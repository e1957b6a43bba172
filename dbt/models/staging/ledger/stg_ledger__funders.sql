with

copied as (
    select * from {{ feed('ledger_funders') }}
)

select
    copied.funders,
    copied.funder,
    copied.percent,
    copied.ordinal
from copied
