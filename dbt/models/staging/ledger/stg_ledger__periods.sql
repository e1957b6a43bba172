with

copied as (
    select * from {{ feed('awarded_periods') }}
)

select
    copied.programme_id,
    copied.rule_key,
    copied.rule_id,
    copied.cause,
    copied.member_party_id,
    copied.distributor_party_id,
    copied.currency,
    copied.ends_on,
    copied.quantity_milli,
    copied.amount_subcents,
    copied.points
from copied
