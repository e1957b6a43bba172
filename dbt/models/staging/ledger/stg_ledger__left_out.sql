with

copied as (
    select * from {{ feed('awards_left_out') }}
)

select
    copied.programme as programme_id,
    copied.order_id
from copied
