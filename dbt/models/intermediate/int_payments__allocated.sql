{{ config(materialized='table') }}

-- one row per payment or credit note and invoice that it settles. In rounds: each offers what it has left to the oldest due invoice it names that is
-- still open; an invoice takes offers in the order of their days until it is settled; credit notes come before payments. Who is left with
-- something goes on to its next invoice. The rule looks at days and keys only, so the order in which files arrive does not matter.
with recursive

rounds as (
    select
        named.settlement_id,
        named.settled_by,
        named.booked_on,
        named.invoice_id,
        named.due_rank,
        named.offered_cents as left_cents,
        named.owed_cents as open_cents,
        cast(0 as bigint) as taken_cents,
        0 as round_no
    from {{ ref('int_payments__named_invoices') }} as named
    union all
    select
        taken.settlement_id,
        taken.settled_by,
        taken.booked_on,
        taken.invoice_id,
        taken.due_rank,
        cast(taken.left_cents - taken.taken_of_settlement_cents as bigint) as left_cents,
        cast(taken.open_cents - taken.taken_of_invoice_cents as bigint) as open_cents,
        cast(taken.taken_cents as bigint) as taken_cents,
        taken.round_no + 1 as round_no
    from (
        select
            shares.*,
            sum(shares.taken_cents) over (partition by shares.settlement_id, shares.settled_by) as taken_of_settlement_cents,
            sum(shares.taken_cents) over (partition by shares.invoice_id) as taken_of_invoice_cents
        from (
            select
                offers.settlement_id,
                offers.settled_by,
                offers.booked_on,
                offers.invoice_id,
                offers.due_rank,
                offers.left_cents,
                offers.open_cents,
                offers.round_no,
                greatest(0, least(offers.offer_cents, offers.open_cents - coalesce(sum(offers.offer_cents) over (
                    partition by offers.invoice_id
                    order by offers.settled_by, offers.booked_on, offers.settlement_id
                    rows between unbounded preceding and 1 preceding
                ), 0))) as taken_cents
            from (
                select
                    rounds.*,
                    case
                        when rounds.due_rank = min(rounds.due_rank) over (partition by rounds.settlement_id, rounds.settled_by)
                            then rounds.left_cents
                        else 0
                    end as offer_cents
                from rounds
                where rounds.left_cents > 0 and rounds.open_cents > 0
            ) as offers
        ) as shares
    ) as taken
)

select
    rounds.settlement_id,
    rounds.settled_by,
    rounds.invoice_id,
    rounds.booked_on,
    cast(sum(rounds.taken_cents) as bigint) as allocated_cents
from rounds
where rounds.taken_cents > 0
group by rounds.settlement_id, rounds.settled_by, rounds.invoice_id, rounds.booked_on
