with

answers as (
    {{ current_versions('order_confirmations', ref('stg_ingest__order_confirmations')) }}
)

-- line `*` answers for all lines of its order. A line may be part accepted, part on back order, part rejected: it counts as rejected when every part is, as confirmed when one is
select
    answers.leg,
    answers.seller_scheme,
    answers.seller_ref,
    answers.document_no,
    answers.line_no,
    case
        when max(case when answers.status in ('confirmed', 'changed', 'substituted') then 1 else 0 end) = 1 then 'confirmed'
        when max(case when answers.status <> 'rejected' then 1 else 0 end) = 0 then 'rejected'
        else 'waiting'
    end as status,
    max(answers.confirmed_on) as confirmed_on,
    cast(sum(case when answers.status in ('confirmed', 'changed', 'substituted') then answers.confirmed_quantity else 0 end)
        as decimal(18, 3)) as confirmed_quantity,
    max(case when answers.status <> 'rejected' then answers.promised_on end) as promised_on
from answers
group by answers.leg, answers.seller_scheme, answers.seller_ref, answers.document_no, answers.line_no
