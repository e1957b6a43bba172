with

landed as (
    select * from {{ feed('payments') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.payment_no,
    landed.payee_scheme,
    landed.payee_ref,
    landed.payer_scheme,
    landed.payer_ref,
    landed.amount_cents,
    landed.amount_subcents,
    landed.currency,
    landed.booked_on,
    landed.reference,
    landed.end_to_end_ref,
    landed.bank_reference
from landed
