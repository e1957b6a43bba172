with

copied as (
    select * from {{ feed('ledger_programmes') }}
)

select
    copied.programme_id,
    copied.version,
    copied.title_de,
    copied.title_en,
    copied.currency,
    copied.status_currency,
    copied.money_currency,
    copied.point_value_subcents,
    copied.expected_redemption_percent,
    copied.as_of_on,
    copied.owner_kind,
    copied.owner_id
from copied
