with

copied as (
    select * from {{ feed('ledger_lot_terms') }}
)

select
    copied.lot_id,
    copied.journal_id,
    copied.available_at,
    copied.expires_at
from copied
