-- the books' roll-forward by the month in which entries were booked, and what outstanding points are expected to cost:
-- unredeemed x expected redemption x unit cost (docs/loyalty.md, 18). Debt counts against what is outstanding.
with

moves as (
    select
        cast(date_trunc('month', coalesce(transfers.booked_on, cast(transfers.recorded_at as date))) as date) as month_on,
        transfers.*
    from {{ ref('stg_ledger__transfers') }} as transfers
),

monthly as (
    select
        moves.programme_id,
        moves.currency,
        moves.month_on,
        sum(case when moves.debit_account = 'liability' then moves.points else 0 end) as points_issued,
        sum(case
            when moves.credit_account = 'redeemed' then moves.points when moves.debit_account = 'redeemed' then -moves.points else 0
        end) as points_redeemed,
        sum(case
            when moves.credit_account = 'breakage' then moves.points when moves.debit_account = 'breakage' then -moves.points else 0
        end) as points_expired,
        sum(case when moves.credit_account = 'liability' then moves.points else 0 end) as points_reversed
    from moves
    group by moves.programme_id, moves.currency, moves.month_on
),

rolled as (
    select
        monthly.*,
        sum(monthly.points_issued - monthly.points_redeemed - monthly.points_expired - monthly.points_reversed) over (
            partition by monthly.programme_id, monthly.currency order by monthly.month_on
            rows between unbounded preceding and current row
        ) as points_closing
    from monthly
)

select
    rolled.programme_id,
    programmes.owner_id,
    rolled.month_on,
    cast(rolled.points_closing - rolled.points_issued + rolled.points_redeemed + rolled.points_expired + rolled.points_reversed as bigint)
        as points_opening,
    cast(rolled.points_issued as bigint) as points_issued,
    cast(rolled.points_redeemed as bigint) as points_redeemed,
    cast(rolled.points_expired as bigint) as points_expired,
    cast(rolled.points_reversed as bigint) as points_reversed,
    cast(rolled.points_closing as bigint) as points_closing,
    programmes.expected_redemption_percent,
    programmes.point_value_subcents,
    cast(round_even(
        cast(rolled.points_closing as decimal(28, 4)) * programmes.expected_redemption_percent * programmes.point_value_subcents / 10000, 0
    ) as bigint) as liability_cents,
    programmes.money_currency
from rolled
inner join {{ ref('stg_ledger__programmes') }} as programmes
    on rolled.programme_id = programmes.programme_id and rolled.currency = programmes.currency
