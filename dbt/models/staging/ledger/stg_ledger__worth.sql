with

copied as (
    select * from {{ feed('awarded_worth') }}
)

select
    copied.programme_id,
    copied.rule_key,
    copied.cause,
    copied.member_party_id,
    copied.currency,
    copied.points,
    copied.is_capped,
    copied.order_id
from copied
