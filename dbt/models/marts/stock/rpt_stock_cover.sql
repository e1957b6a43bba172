-- weeks of supply: on hand / mean weekly outflow of the holder's own leg over the 8 weeks before the count;
-- weeks without any report of the holder leave the mean and show as `weeks_reported`
with

counts as (
    select
        levels.*,
        row_number() over (partition by levels.holder_id, levels.product_id order by levels.counted_on desc, levels.stock_level_id desc)
            as count_rank
    from {{ ref('fct_stock_levels') }} as levels
),

latest as (
    select * from counts where count_rank = 1
),

newest_counts as (
    select latest.holder_id, max(latest.counted_on) as newest_on from latest group by latest.holder_id
),

outflows as (
    select
        lines.distributor_id as holder_id,
        lines.product_id,
        lines.ordered_on as moved_on,
        lines.quantity
    from {{ ref('fct_order_lines') }} as lines
    inner join newest_counts as counted on lines.distributor_id = counted.holder_id
    where
        lines.leg = 'sell_through' and lines.line_status <> 'cancelled'
        and lines.ordered_on > counted.newest_on - interval 56 day
    union all
    select
        case when reports.leg = 'sell_out' then reports.retailer_id else reports.distributor_id end as holder_id,
        reports.product_id,
        reports.sold_on as moved_on,
        reports.quantity
    from {{ ref('fct_sales_report_lines') }} as reports
),

weekly as (
    select
        latest.holder_id,
        latest.product_id,
        cast(floor((latest.counted_on - outflows.moved_on) / 7.0) as integer) as weeks_ago,
        sum(outflows.quantity) as quantity
    from latest
    inner join outflows on latest.holder_id = outflows.holder_id and latest.product_id = outflows.product_id
    where outflows.moved_on <= latest.counted_on and outflows.moved_on > latest.counted_on - interval 56 day
    group by latest.holder_id, latest.product_id, cast(floor((latest.counted_on - outflows.moved_on) / 7.0) as integer)
),

reported_weeks as (
    select weekly.holder_id, cast(count(distinct weekly.weeks_ago) as integer) as weeks_reported
    from weekly
    group by weekly.holder_id
),

means as (
    select
        weekly.holder_id,
        weekly.product_id,
        cast(sum(weekly.quantity) / max(reported_weeks.weeks_reported) as decimal(18, 3)) as weekly_outflow_quantity
    from weekly
    inner join reported_weeks on weekly.holder_id = reported_weeks.holder_id
    group by weekly.holder_id, weekly.product_id
)

select
    latest.holder_id,
    latest.holder_kind,
    latest.manufacturer_id,
    latest.product_id,
    latest.counted_on,
    latest.on_hand_quantity,
    latest.in_transit_quantity,
    coalesce(means.weekly_outflow_quantity, cast(0 as decimal(18, 3))) as weekly_outflow_quantity,
    coalesce(reported_weeks.weeks_reported, 0) as weeks_reported,
    case
        when means.weekly_outflow_quantity > 0
            then cast(latest.on_hand_quantity / means.weekly_outflow_quantity as decimal(18, 2))
    end as weeks_of_supply,
    case
        when reported_weeks.weeks_reported is null then 'no_report'
        when coalesce(means.weekly_outflow_quantity, 0) <= 0 then 'no_movement'
        else 'moving'
    end as movement
from latest
left join means on latest.holder_id = means.holder_id and latest.product_id = means.product_id
left join reported_weeks on latest.holder_id = reported_weeks.holder_id
