-- expected closing = opening + sell_in received + returns in - sell_through; variance = reported - expected. Only between two counts of a
-- distributor for which receipts are reported at all: without them every sale would look like a difference
with

counts as (
    select
        levels.holder_id,
        levels.product_id,
        levels.source_id,
        levels.counted_on,
        sum(levels.on_hand_quantity) as on_hand_quantity
    from {{ ref('fct_stock_levels') }} as levels
    where levels.holder_kind = 'distributor' and levels.product_id <> -1
    group by levels.holder_id, levels.product_id, levels.source_id, levels.counted_on
),

spans as (
    select
        counts.*,
        lag(counts.counted_on) over same_stock as opened_on,
        lag(counts.on_hand_quantity) over same_stock as opening_quantity
    from counts
    window same_stock as (partition by counts.holder_id, counts.product_id, counts.source_id order by counts.counted_on)
),

movements as (
    select deliveries.distributor_id as holder_id, deliveries.product_id, deliveries.delivered_on as moved_on, deliveries.quantity as quantity_in,
        0 as quantity_out, 0 as quantity_returned
    from {{ ref('fct_delivery_lines') }} as deliveries
    where deliveries.leg = 'sell_in' and deliveries.delivered_on is not null
    union all
    select deliveries.distributor_id, deliveries.product_id, deliveries.shipped_on, 0, deliveries.quantity, 0
    from {{ ref('fct_delivery_lines') }} as deliveries
    where deliveries.leg = 'sell_through'
    union all
    select returned.distributor_id, returned.product_id, returned.returned_on, 0, 0, returned.quantity
    from {{ ref('fct_return_lines') }} as returned
    where returned.leg = 'sell_through'
),

reporting as (
    select distinct movements.holder_id
    from movements
    where movements.quantity_in > 0
),

moved as (
    select
        spans.holder_id,
        spans.product_id,
        spans.source_id,
        spans.counted_on,
        sum(movements.quantity_in) as received_quantity,
        sum(movements.quantity_out) as sold_quantity,
        sum(movements.quantity_returned) as returned_quantity
    from spans
    inner join movements
        on
            spans.holder_id = movements.holder_id
            and spans.product_id = movements.product_id
            and movements.moved_on > spans.opened_on
            and movements.moved_on <= spans.counted_on
    group by spans.holder_id, spans.product_id, spans.source_id, spans.counted_on
),

compared as (
    select
        spans.*,
        coalesce(moved.received_quantity, 0) as received_quantity,
        coalesce(moved.sold_quantity, 0) as sold_quantity,
        coalesce(moved.returned_quantity, 0) as returned_quantity
    from spans
    inner join reporting on spans.holder_id = reporting.holder_id
    left join moved
        on
            spans.holder_id = moved.holder_id
            and spans.product_id = moved.product_id
            and spans.source_id = moved.source_id
            and spans.counted_on = moved.counted_on
    where spans.opened_on is not null
)

select
    compared.source_id,
    cast(compared.holder_id as bigint) as distributor_id,
    cast(compared.product_id as bigint) as product_id,
    compared.opened_on,
    compared.counted_on,
    cast(compared.opening_quantity as decimal(18, 3)) as opening_quantity,
    cast(compared.received_quantity as decimal(18, 3)) as received_quantity,
    cast(compared.returned_quantity as decimal(18, 3)) as returned_quantity,
    cast(compared.sold_quantity as decimal(18, 3)) as sold_quantity,
    cast(compared.opening_quantity + compared.received_quantity + compared.returned_quantity - compared.sold_quantity as decimal(18, 3))
        as expected_quantity,
    cast(compared.on_hand_quantity as decimal(18, 3)) as reported_quantity,
    cast(
        compared.on_hand_quantity
        - (compared.opening_quantity + compared.received_quantity + compared.returned_quantity - compared.sold_quantity) as decimal(18, 3)
    ) as variance_quantity
from compared
