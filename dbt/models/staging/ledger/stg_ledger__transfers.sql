with

copied as (
    select * from {{ feed('ledger_transfers') }}
)

select
    copied.transfer_id,
    copied.journal_id,
    copied.kind,
    copied.member_party_id,
    copied.owner_party_id,
    copied.lot_id,
    copied.points,
    copied.debit_account,
    copied.credit_account,
    copied.effective_at,
    copied.recorded_at,
    copied.booked_on,
    copied.programme_id,
    copied.rule_id,
    copied.rule_version,
    copied.campaign_id,
    copied.source_id,
    copied.document_no,
    copied.cause,
    copied.tier,
    copied.distributor_party_id,
    copied.reverses_journal_id,
    -- entries of an order end with it: programme|rule|source|document|order
    cast(nullif(regexp_extract(copied.cause, '[|]([0-9]{6,})$', 1), '') as ubigint) as order_id,
    copied.currency,
    copied.lot_cause,
    copied.earned_at,
    copied.available_at,
    copied.expires_at,
    copied.funders
from copied
