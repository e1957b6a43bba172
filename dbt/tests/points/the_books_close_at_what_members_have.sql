{{ config(tags=['books']) }}

-- the roll-forward's last month and the members' balances are the same points
with

last_months as (
    select
        liability.programme_id,
        max(liability.month_on) as month_on
    from {{ ref('rpt_programme_liability') }} as liability
    group by liability.programme_id
),

members as (
    select
        points.programme_id,
        points.currency,
        sum(points.points_pending + points.points_available + points.points_held - points.points_debt) as points_outstanding
    from {{ ref('rpt_member_points') }} as points
    group by points.programme_id, points.currency
)

select
    liability.programme_id,
    liability.points_closing,
    members.points_outstanding
from {{ ref('rpt_programme_liability') }} as liability
inner join last_months on liability.programme_id = last_months.programme_id and liability.month_on = last_months.month_on
inner join {{ ref('stg_ledger__programmes') }} as programmes on liability.programme_id = programmes.programme_id
left join members on liability.programme_id = members.programme_id and programmes.currency = members.currency
where liability.points_closing <> coalesce(members.points_outstanding, 0)
