with

copied as (
    select * from {{ feed('ledger_rules') }}
)

select
    copied.programme_id,
    copied.rule_id,
    copied.rule_version,
    copied.carries_net_amounts,
    copied.leg
from copied
