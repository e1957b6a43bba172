-- how many members hold which tier on the programme's day; who is part of another member is not counted twice
with

members as (
    select * from {{ ref('dim_member') }} as members
    where members.merged_into_id is null
)

select
    members.programme_id,
    programmes.owner_id,
    coalesce(members.tier, '–') as tier,
    cast(count(*) as integer) as members
from members
inner join {{ ref('stg_ledger__programmes') }} as programmes on members.programme_id = programmes.programme_id
group by members.programme_id, programmes.owner_id, coalesce(members.tier, '–')
