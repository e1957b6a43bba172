{{ config(materialized='table') }}

-- one row per payment or credit note and invoice that it names. The first 80 words of a reference are looked at; an invoice number
-- may be spread over five of them; where one number lies within another, the longer one is meant
{% set words_max = 80 %}
with

invoices as (
    select
        documents.*,
        {{ compact('documents.invoice_no') }} as number_key
    from {{ ref('int_invoices__documents') }} as documents
    where documents.owed_cents > 0 and documents.seller_id is not null
),

payments as (
    select
        resolved.payment_id as settlement_id,
        'payment' as settled_by,
        resolved.seller_id,
        resolved.buyer_id,
        resolved.currency,
        resolved.booked_on,
        cast(resolved.amount_cents - resolved.taken_back_cents as bigint) as offered_cents,
        resolved.words
    from {{ ref('int_payments__resolved') }} as resolved
    where resolved.payment_kind = 'payment' and resolved.amount_cents > resolved.taken_back_cents and resolved.seller_id is not null
),

credit_notes as (
    select
        cast(documents.invoice_id as ubigint) as settlement_id,
        'credit_note' as settled_by,
        documents.seller_id,
        documents.buyer_id,
        documents.currency,
        documents.invoiced_on as booked_on,
        cast(-documents.owed_cents as bigint) as offered_cents,
        {{ compact('documents.credited_invoice_no') }} as number_key
    from {{ ref('int_invoices__documents') }} as documents
    where documents.owed_cents < 0 and documents.credited_invoice_no is not null and documents.seller_id is not null
),

places as (
    {% for n in range(1, words_max + 1) -%}
    select {{ n }} as place{{ '' if loop.last else ' union all' }}
    {% endfor %}
),

words as (
    select
        payments.settlement_id,
        places.place,
        split_part(payments.words, ' ', places.place) as word
    from payments
    inner join places on split_part(payments.words, ' ', places.place) <> ''
),

following as (
    select
        words.settlement_id,
        words.place,
        words.word as one,
        {% for n in range(1, 5) -%}
        lead(words.word, {{ n }}) over (partition by words.settlement_id order by words.place) as next_{{ n }}{{ '' if loop.last else ',' }}
        {% endfor %}
    from words
),

spans as (
    select following.settlement_id, following.place, following.place as last_place, following.one as number_key from following
    union all
    select following.settlement_id, following.place, following.place + 1, following.one || following.next_1 from following
    where following.next_1 is not null
    union all
    select following.settlement_id, following.place, following.place + 2, following.one || following.next_1 || following.next_2 from following
    where following.next_2 is not null
    union all
    select
        following.settlement_id,
        following.place,
        following.place + 3,
        following.one || following.next_1 || following.next_2 || following.next_3
    from following
    where following.next_3 is not null
    union all
    select
        following.settlement_id,
        following.place,
        following.place + 4,
        following.one || following.next_1 || following.next_2 || following.next_3 || following.next_4
    from following
    where following.next_4 is not null
),

found as (
    select
        payments.settlement_id,
        payments.settled_by,
        payments.booked_on,
        payments.offered_cents,
        spans.place,
        spans.last_place,
        invoices.invoice_id
    from spans
    inner join payments on spans.settlement_id = payments.settlement_id
    inner join invoices
        on
            spans.number_key = invoices.number_key
            and payments.seller_id = invoices.seller_id
            and payments.currency = invoices.currency
            -- who pays for somebody else is not guessed
            and (payments.buyer_id is null or payments.buyer_id = invoices.buyer_id)
),

within_others as (
    select distinct
        inner_one.settlement_id,
        inner_one.place,
        inner_one.last_place
    from found as inner_one
    inner join found as outer_one
        on
            inner_one.settlement_id = outer_one.settlement_id
            and inner_one.place >= outer_one.place
            and inner_one.last_place <= outer_one.last_place
            and inner_one.last_place - inner_one.place < outer_one.last_place - outer_one.place
),

named as (
    select distinct
        found.settlement_id,
        found.settled_by,
        found.booked_on,
        found.offered_cents,
        found.invoice_id
    from found
    left join within_others
        on
            found.settlement_id = within_others.settlement_id
            and found.place = within_others.place
            and found.last_place = within_others.last_place
    where within_others.settlement_id is null
    union all
    select
        credit_notes.settlement_id,
        credit_notes.settled_by,
        credit_notes.booked_on,
        credit_notes.offered_cents,
        invoices.invoice_id
    from credit_notes
    inner join invoices
        on
            credit_notes.number_key = invoices.number_key
            and credit_notes.seller_id = invoices.seller_id
            and credit_notes.currency = invoices.currency
            and credit_notes.buyer_id is not distinct from invoices.buyer_id
)

select
    named.settlement_id,
    named.settled_by,
    named.booked_on,
    named.offered_cents,
    named.invoice_id,
    invoices.owed_cents,
    cast(row_number() over (
        partition by named.settlement_id
        order by coalesce(invoices.due_on, invoices.invoiced_on), invoices.invoiced_on, invoices.invoice_no, invoices.invoice_id
    ) as integer) as due_rank
from named
inner join invoices on named.invoice_id = invoices.invoice_id
