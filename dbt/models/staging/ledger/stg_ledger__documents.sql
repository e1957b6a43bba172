with

copied as (
    select * from {{ feed('awarded_documents') }}
)

select
    copied.leg,
    copied.order_id,
    copied.member_party_id,
    copied.event_on
from copied
