with

copied as (
    select * from {{ feed('ledger_transfers') }}
)

select
    copied.transfer_id,
    copied.journal_id,
    copied.kind,
    copied.member_party_id,
    copied.lot_id,
    copied.points,
    copied.debit_account,
    copied.credit_account,
    copied.effective_at,
    copied.recorded_at,
    copied.programme_id,
    copied.rule_id,
    copied.rule_version,
    copied.source_id,
    copied.document_no,
    -- a cause ends with the order it stands for: programme|rule|source|document|order
    cast(nullif(regexp_extract(copied.cause, '[|]([0-9]+)$', 1), '') as ubigint) as order_id,
    copied.currency,
    copied.available_at,
    copied.expires_at
from copied
