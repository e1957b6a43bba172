{{ config(tags=['books']) }}

-- statements of funders add up to the burned value
with

burned as (
    select
        liability.programme_id,
        liability.month_on,
        liability.points_redeemed * liability.point_value_subcents as burned_subcents
    from {{ ref('rpt_programme_liability') }} as liability
),

charged as (
    select
        funders.programme_id,
        funders.month_on,
        sum(funders.charged_subcents) as charged_subcents
    from {{ ref('rpt_programme_funders') }} as funders
    group by funders.programme_id, funders.month_on
)

select
    burned.programme_id,
    burned.month_on,
    burned.burned_subcents,
    charged.charged_subcents
from burned
left join charged on burned.programme_id = charged.programme_id and burned.month_on = charged.month_on
where burned.burned_subcents <> coalesce(charged.charged_subcents, 0)
