with

changes as (
    {{ current_versions('order_changes', ref('stg_ingest__order_changes')) }}
),

ranked as (
    select
        changes.*,
        row_number() over (
            partition by changes.leg, changes.seller_scheme, changes.seller_ref, changes.document_no, changes.line_no
            order by changes.changed_on desc, changes._version desc, changes.change_no desc
        ) as place,
        row_number() over (
            partition by
                changes.leg, changes.seller_scheme, changes.seller_ref, changes.document_no, changes.line_no,
                changes.quantity is null
            order by changes.changed_on desc, changes._version desc, changes.change_no desc
        ) as place_of_quantity
    from changes
    where changes.action <> 'unchanged'
)

-- the latest change of a line says whether it stands and until when; the latest one that names a quantity says how much
select
    ranked.leg,
    ranked.seller_scheme,
    ranked.seller_ref,
    ranked.document_no,
    ranked.line_no,
    max(case when ranked.place = 1 then ranked._version end) as version,
    max(case when ranked.place = 1 and ranked.action = 'cancelled' then 1 else 0 end) = 1 as is_cancelled,
    max(case when ranked.place = 1 then ranked.promised_on end) as promised_on,
    max(case when ranked.place_of_quantity = 1 and ranked.action <> 'cancelled' then ranked.quantity end) as quantity,
    max(case when ranked.place_of_quantity = 1 and ranked.quantity is not null and ranked.action <> 'cancelled'
        then ranked.net_amount_cents end) as net_amount_cents,
    max(case when ranked.place_of_quantity = 1 and ranked.quantity is not null and ranked.action <> 'cancelled'
        then ranked.net_amount_subcents end) as net_amount_subcents
from ranked
group by ranked.leg, ranked.seller_scheme, ranked.seller_ref, ranked.document_no, ranked.line_no
