-- burned points charge the funders of their lot in their shares; the first one takes what rounding leaves (docs/loyalty.md, 17)
with

burned as (
    select
        cast(date_trunc('month', coalesce(transfers.booked_on, cast(transfers.recorded_at as date))) as date) as month_on,
        transfers.programme_id,
        coalesce(transfers.funders, '') as funders,
        transfers.lot_id,
        programmes.money_currency,
        programmes.owner_id,
        sum(case when transfers.credit_account = 'redeemed' then transfers.points else -transfers.points end) as points_redeemed,
        sum(case when transfers.credit_account = 'redeemed' then transfers.points else -transfers.points end)
            * max(programmes.point_value_subcents) as burned_subcents
    from {{ ref('stg_ledger__transfers') }} as transfers
    inner join {{ ref('stg_ledger__programmes') }} as programmes
        on transfers.programme_id = programmes.programme_id and transfers.currency = programmes.currency
    where transfers.credit_account = 'redeemed' or transfers.debit_account = 'redeemed'
    group by
        cast(date_trunc('month', coalesce(transfers.booked_on, cast(transfers.recorded_at as date))) as date),
        transfers.programme_id, coalesce(transfers.funders, ''), transfers.lot_id, programmes.money_currency,
        programmes.owner_id
),

shared as (
    select
        burned.*,
        shares.funder,
        shares.ordinal,
        cast(floor(cast(burned.burned_subcents as decimal(28, 2)) * shares.percent / 100) as bigint) as share_subcents
    from burned
    inner join {{ ref('stg_ledger__funders') }} as shares on burned.funders = shares.funders
),

charged as (
    select
        shared.*,
        case
            when shared.ordinal = 1
                then shared.burned_subcents - sum(shared.share_subcents) over (
                    partition by shared.month_on, shared.programme_id, shared.lot_id
                ) + shared.share_subcents
            else shared.share_subcents
        end as charged_subcents
    from shared
)

select
    charged.programme_id,
    charged.owner_id,
    charged.month_on,
    charged.funder,
    cast(sum(charged.charged_subcents) as bigint) as charged_subcents,
    charged.money_currency
from charged
group by charged.programme_id, charged.owner_id, charged.month_on, charged.funder, charged.money_currency
