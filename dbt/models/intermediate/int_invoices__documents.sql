{{ config(materialized='table') }}

-- one row per invoice or credit note, with what it asks for (negative: what it gives back)
with

lines as (
    {{ current_versions('invoices', ref('stg_ingest__invoices')) }}
),

documents as (
    select
        lines.source_id,
        lines.leg,
        lines.seller_scheme,
        lines.seller_ref,
        lines.invoice_no,
        max(lines.buyer_scheme) as buyer_scheme,
        max(lines.buyer_ref) as buyer_ref,
        max(lines.currency) as currency,
        min(lines.invoiced_on) as invoiced_on,
        min(lines.due_on) as due_on,
        cast(coalesce(max(lines.payable_amount_cents), {{ sum_cents('lines.net_amount') }}) as bigint) as owed_cents,
        max(lines.credited_invoice_no) as credited_invoice_no,
        case when count(lines.paid_on) = count(*) then max(lines.paid_on) end as reported_paid_on
    from lines
    group by lines.source_id, lines.leg, lines.seller_scheme, lines.seller_ref, lines.invoice_no
)

select
    {{ surrogate_id(['documents.source_id', 'documents.leg', 'documents.seller_scheme', 'documents.seller_ref', 'documents.invoice_no']) }}
        as invoice_id,
    documents.source_id,
    documents.invoice_no,
    documents.leg,
    documents.currency,
    documents.invoiced_on,
    documents.due_on,
    documents.owed_cents,
    documents.credited_invoice_no,
    documents.reported_paid_on,
    sellers.party_id as seller_id,
    buyers.party_id as buyer_id,
    {{ channel_parties('documents.leg', 'sellers.party_id', 'sellers.kind', 'buyers.party_id', 'buyers.kind') }}
from documents
left join {{ ref('int_parties__aliases') }} as sellers
    on documents.seller_scheme = sellers.scheme and documents.seller_ref = sellers.alias_value
left join {{ ref('int_parties__aliases') }} as buyers
    on documents.buyer_scheme = buyers.scheme and documents.buyer_ref = buyers.alias_value
