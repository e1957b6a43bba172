{{ config(materialized='table') }}

-- one row per payment with its parties, and what a reversal took back of it
with

current_payments as (
    {{ current_versions('payments', ref('stg_ingest__payments')) }}
),

parties as (
    select
        current_payments._row_key as payment_id,
        current_payments.source_id,
        current_payments.payment_no,
        cast(current_payments.amount_cents + round_even(current_payments.amount_subcents / 100.0, 0) as bigint) as amount_cents,
        current_payments.currency,
        current_payments.booked_on,
        current_payments.reference,
        current_payments.end_to_end_ref,
        current_payments.bank_reference,
        payees.party_id as payee_id,
        payers.party_id as payer_id,
        payees.kind as payee_kind,
        payers.kind as payer_kind,
        case
            when
                coalesce(payees.kind, '') = 'retailer'
                or (coalesce(payees.kind, '') = 'distributor' and coalesce(payers.kind, '') = 'manufacturer')
                then 'refund'
            else 'payment'
        end as payment_kind
    from current_payments
    left join {{ ref('int_parties__aliases') }} as payees
        on current_payments.payee_scheme = payees.scheme and current_payments.payee_ref = payees.alias_value
    left join {{ ref('int_parties__aliases') }} as payers
        on current_payments.payer_scheme = payers.scheme and current_payments.payer_ref = payers.alias_value
),

-- a refund goes the other way: its payer is the seller
traded as (
    select
        parties.*,
        case when parties.payment_kind = 'refund' then parties.payer_id else parties.payee_id end as seller_id,
        case when parties.payment_kind = 'refund' then parties.payee_id else parties.payer_id end as buyer_id,
        case when parties.payment_kind = 'refund' then parties.payer_kind else parties.payee_kind end as seller_kind,
        case when parties.payment_kind = 'refund' then parties.payee_kind else parties.payer_kind end as buyer_kind,
        {{ words_of("coalesce(parties.end_to_end_ref, parties.reference, '')") }} as tie
    from parties
),

placed as (
    select
        traded.*,
        case
            when traded.seller_kind = 'manufacturer' or (traded.seller_kind is null and traded.buyer_kind = 'distributor') then 'sell_in'
            else 'sell_through'
        end as leg
    from traded
),

-- what reversals take back of the payments with the same reference: the earliest first of those booked by then
reversals as (
    select
        placed.seller_id,
        placed.buyer_id,
        placed.currency,
        placed.payment_kind,
        placed.tie,
        cast(-sum(placed.amount_cents) as bigint) as reversed_cents,
        max(placed.booked_on) as last_reversed_on
    from placed
    where placed.amount_cents < 0 and placed.tie <> ''
    group by placed.seller_id, placed.buyer_id, placed.currency, placed.payment_kind, placed.tie
),

before as (
    select
        placed.payment_id,
        placed.amount_cents,
        reversals.reversed_cents,
        coalesce(sum(placed.amount_cents) over (
            partition by placed.seller_id, placed.buyer_id, placed.currency, placed.payment_kind, placed.tie
            order by placed.booked_on, placed.payment_id
            rows between unbounded preceding and 1 preceding
        ), 0) as before_cents
    from placed
    inner join reversals
        on
            placed.seller_id is not distinct from reversals.seller_id
            and placed.buyer_id is not distinct from reversals.buyer_id
            and placed.currency = reversals.currency
            and placed.payment_kind = reversals.payment_kind
            and placed.tie = reversals.tie
            and placed.booked_on <= reversals.last_reversed_on
    where placed.amount_cents > 0
),

taken_back as (
    select
        before.payment_id,
        cast(greatest(0, least(before.amount_cents, before.reversed_cents - before.before_cents)) as bigint) as taken_back_cents
    from before
),

-- and what each reversal could take back, the earliest first
found as (
    select
        placed.seller_id,
        placed.buyer_id,
        placed.currency,
        placed.payment_kind,
        placed.tie,
        cast(sum(taken_back.taken_back_cents) as bigint) as found_cents
    from placed
    inner join taken_back on placed.payment_id = taken_back.payment_id
    group by placed.seller_id, placed.buyer_id, placed.currency, placed.payment_kind, placed.tie
),

used as (
    select
        placed.payment_id,
        cast(-greatest(0, least(
            -placed.amount_cents,
            found.found_cents + coalesce(sum(placed.amount_cents) over (
                partition by placed.seller_id, placed.buyer_id, placed.currency, placed.payment_kind, placed.tie
                order by placed.booked_on, placed.payment_id
                rows between unbounded preceding and 1 preceding
            ), 0)
        )) as bigint) as taken_back_cents
    from placed
    inner join found
        on
            placed.seller_id is not distinct from found.seller_id
            and placed.buyer_id is not distinct from found.buyer_id
            and placed.currency = found.currency
            and placed.payment_kind = found.payment_kind
            and placed.tie = found.tie
    where placed.amount_cents < 0
)

select
    placed.payment_id,
    placed.source_id,
    placed.payment_no,
    placed.leg,
    placed.payment_kind,
    placed.amount_cents,
    placed.currency,
    placed.booked_on,
    placed.reference,
    placed.bank_reference,
    {{ words_of("coalesce(placed.reference, '') || ' ' || coalesce(placed.end_to_end_ref, '')") }} as words,
    placed.seller_id,
    placed.buyer_id,
    {{ channel_parties('placed.leg', 'placed.seller_id', 'placed.seller_kind', 'placed.buyer_id', 'placed.buyer_kind') }},
    coalesce(taken_back.taken_back_cents, used.taken_back_cents, 0) as taken_back_cents
from placed
left join taken_back on placed.payment_id = taken_back.payment_id
left join used on placed.payment_id = used.payment_id
