-- depends_on: {{ ref('int_order_lines__touched') }}
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='order_line_id', on_schema_change='fail') }}

with

{% if is_incremental() %}
touched as (
    select _row_key from {{ ref('int_order_lines__touched') }}
),
{% endif %}

lines as (
    {{ current_feed('order_lines') }}
),

headers as (
    {{ current_versions('orders', ref('stg_ingest__orders')) }}
),

confirmations as (
    select * from {{ ref('int_order_confirmations__per_order_line') }}
),

whole_answers as (
    select * from confirmations where line_no = '*'
),

changes as (
    select * from {{ ref('int_order_changes__per_order_line') }}
),

ordered as (
    -- lines as the buyer last asked for them; a change that is older than the line's own version is in it already
    select
        lines._row_key,
        lines.document_id,
        lines.source_id,
        lines.document_no,
        lines.line_no,
        lines.leg,
        lines.seller_scheme,
        lines.seller_ref,
        lines.buyer_scheme,
        lines.buyer_ref,
        lines.product_scheme,
        lines.product_ref,
        lines.ordered_on,
        coalesce(changes.promised_on, lines.promised_on) as promised_on,
        coalesce(changes.quantity, lines.quantity) as quantity,
        lines.unit,
        case
            when changes.quantity is null then lines.net_amount_cents
            when changes.net_amount_cents is not null then changes.net_amount_cents
            when lines.quantity = 0 then lines.net_amount_cents
            else cast(round_even(
                (lines.net_amount_cents + lines.net_amount_subcents / 100.0) * changes.quantity / lines.quantity, 0
            ) as bigint)
        end as net_amount_cents,
        case
            when changes.quantity is null then lines.net_amount_subcents
            else cast(coalesce(changes.net_amount_subcents, 0) as smallint)
        end as net_amount_subcents,
        lines.currency,
        lines.line_kind,
        case
            when coalesce(changes.is_cancelled, false) or coalesce(whole.is_cancelled, false) then 'cancelled'
            else lines.line_status
        end as line_status
    from lines
    left join changes
        on
            lines.document_no = changes.document_no
            and lines.line_no = changes.line_no
            and lines.leg = changes.leg
            and lines.seller_scheme = changes.seller_scheme
            and lines.seller_ref = changes.seller_ref
            and lines._version <= changes.version
    left join changes as whole
        on
            lines.document_no = whole.document_no
            and whole.line_no = '*'
            and lines.leg = whole.leg
            and lines.seller_scheme = whole.seller_scheme
            and lines.seller_ref = whole.seller_ref
            and lines._version <= whole.version
),

answered as (
    -- a line's own answer counts until a later one speaks of the whole order
    select
        ordered.*,
        coalesce(whole_answers.confirmed_on > confirmations.confirmed_on, confirmations.confirmed_on is null) as is_answered_whole,
        case when is_answered_whole then whole_answers.status else confirmations.status end as answer,
        case when is_answered_whole then whole_answers.promised_on else confirmations.promised_on end as promised_by_seller_on,
        case when not is_answered_whole then confirmations.confirmed_quantity end as confirmed_by_seller_quantity
    from ordered
    left join confirmations
        on
            ordered.document_no = confirmations.document_no
            and ordered.line_no = confirmations.line_no
            and ordered.leg = confirmations.leg
            and ordered.seller_scheme = confirmations.seller_scheme
            and ordered.seller_ref = confirmations.seller_ref
    left join whole_answers
        on
            ordered.document_no = whole_answers.document_no
            and ordered.leg = whole_answers.leg
            and ordered.seller_scheme = whole_answers.seller_scheme
            and ordered.seller_ref = whole_answers.seller_ref
),

deliveries as (
    select * from {{ ref('int_deliveries__per_order_line') }}
),

returned as (
    select * from {{ ref('int_returns__per_order_line') }}
),

resolved as (
    select
        ordered._row_key as order_line_id,
        ordered.document_id as order_id,
        ordered.source_id,
        ordered.document_no,
        ordered.line_no,
        ordered.leg,
        coalesce(products.manufacturer_id, case when ordered.leg = 'sell_in' then sellers.party_id end, -1) as manufacturer_id,
        {{ channel_parties('ordered.leg', 'sellers.party_id', 'sellers.kind', 'buyers.party_id', 'buyers.kind') }},
        coalesce(products.product_id, -1) as product_id,
        ordered.ordered_on,
        coalesce(ordered.promised_on, ordered.promised_by_seller_on, headers.promised_on, deliveries.promised_on) as promised_on,
        ordered.quantity,
        ordered.unit,
        ordered.net_amount_cents,
        ordered.net_amount_subcents,
        cast(round_even(
            ordered.quantity * (products.list_price_cents + products.list_price_subcents / 100.0), 0
        ) as bigint) as list_value_cents,
        ordered.currency,
        ordered.line_kind,
        case
            when ordered.line_status = 'cancelled' or headers.status = 'cancelled' or ordered.answer = 'rejected'
                then 'cancelled'
            when ordered.line_status = 'confirmed' or headers.status = 'confirmed' or ordered.answer = 'confirmed'
                then 'confirmed'
            else 'open'
        end as line_status,
        ordered.confirmed_by_seller_quantity,
        coalesce(deliveries.shipped_quantity, 0) as shipped_quantity,
        coalesce(deliveries.delivered_quantity, 0) as delivered_quantity,
        coalesce(deliveries.first_delivered_quantity, 0) as first_delivered_quantity,
        deliveries.first_delivered_on,
        deliveries.last_delivered_on,
        coalesce(returned.returned_quantity, 0) as returned_quantity,
        sellers.party_id is null or buyers.party_id is null as is_unknown_party,
        products.product_id is null as is_unknown_product,
        coalesce(sources.reports_deliveries, false) as reports_deliveries,
        sources.as_of_on
    from answered as ordered
    left join {{ ref('int_parties__aliases') }} as sellers
        on ordered.seller_scheme = sellers.scheme and ordered.seller_ref = sellers.alias_value
    left join {{ ref('int_parties__aliases') }} as buyers
        on ordered.buyer_scheme = buyers.scheme and ordered.buyer_ref = buyers.alias_value
    left join {{ ref('int_products__aliases') }} as products
        on ordered.product_scheme = products.scheme and ordered.product_ref = products.alias_value
    left join headers
        on
            ordered.document_no = headers.document_no
            and ordered.leg = headers.leg
            and ordered.seller_scheme = headers.seller_scheme
            and ordered.seller_ref = headers.seller_ref
            and ordered.source_id = headers.source_id
    left join deliveries
        on
            ordered.document_no = deliveries.order_document_no
            and ordered.line_no = deliveries.order_line_no
            and ordered.leg = deliveries.leg
            and ordered.seller_scheme = deliveries.seller_scheme
            and ordered.seller_ref = deliveries.seller_ref
    left join returned
        on
            ordered.document_no = returned.order_document_no
            and ordered.line_no = returned.order_line_no
            and ordered.leg = returned.leg
            and ordered.seller_scheme = returned.seller_scheme
            and ordered.seller_ref = returned.seller_ref
    left join {{ ref('int_sources__as_of') }} as sources on ordered.source_id = sources.source_id
),

judged as (
    select
        resolved.*,
        case
            when resolved.line_status = 'cancelled' then 'cancelled'
            when not resolved.reports_deliveries or resolved.line_kind = 'return' then 'not_reported'
            when resolved.delivered_quantity >= resolved.quantity then 'delivered'
            when resolved.delivered_quantity > 0 then 'partly_delivered'
            when resolved.shipped_quantity > 0 then 'in_transit'
            else 'open'
        end as delivery_status
    from resolved
)

select
    judged.order_line_id,
    cast(judged.order_id as ubigint) as order_id,
    judged.source_id,
    judged.document_no,
    judged.line_no,
    judged.leg,
    cast(judged.manufacturer_id as bigint) as manufacturer_id,
    judged.distributor_id,
    judged.retailer_id,
    cast(judged.product_id as bigint) as product_id,
    judged.ordered_on,
    judged.promised_on,
    judged.quantity,
    judged.unit,
    judged.net_amount_cents,
    judged.net_amount_subcents,
    judged.list_value_cents,
    judged.currency,
    judged.line_kind,
    judged.line_status,
    cast(case
        when judged.line_status = 'confirmed' then coalesce(judged.confirmed_by_seller_quantity, judged.quantity)
        else 0
    end as decimal(18, 3)) as confirmed_quantity,
    cast(judged.delivered_quantity as decimal(18, 3)) as delivered_quantity,
    judged.first_delivered_on,
    cast(judged.returned_quantity as decimal(18, 3)) as returned_quantity,
    judged.delivery_status,
    judged.delivery_status not in ('cancelled', 'not_reported')
    and judged.promised_on is not null
    and coalesce(
        case when judged.delivery_status = 'delivered' then judged.last_delivered_on end, judged.as_of_on
    ) > judged.promised_on as is_late,
    case
        when judged.delivery_status in ('cancelled', 'not_reported') or judged.promised_on is null then null
        when judged.first_delivered_on is not null
            then judged.first_delivered_on <= judged.promised_on and judged.first_delivered_quantity >= judged.quantity
        when judged.as_of_on > judged.promised_on then false
    end as is_on_time_in_full,
    judged.is_unknown_party,
    judged.is_unknown_product,
    cast({{ this_run() }} as integer) as run_no
from judged
{{ sorted_by(['distributor_id', 'ordered_on']) }}
