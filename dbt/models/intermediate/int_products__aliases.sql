{{ config(materialized='table') }}

with

products as (
    select
        current_rows.*,
        coalesce(makers.party_id, -1) as manufacturer_id,
        greatest(current_rows._batch_no, coalesce(makers.batch_no, 0)) as batch_no
    from {{ ref('int_products__current') }} as current_rows
    left join {{ ref('int_parties__aliases') }} as makers
        on current_rows.manufacturer_scheme = makers.scheme and current_rows.manufacturer_ref = makers.alias_value
),

own_numbers as (
    select products.source_id as scheme, products.product_ref as alias_value, products.product_id, products.batch_no
    from products
),

gtins as (
    select 'gtin' as scheme, products.gtin as alias_value, products.product_id, products.batch_no
    from products
    where products.gtin is not null
),

gtins_of_14_digits as (
    -- messages pad the numbers that lists write with 8, 12 or 13 digits
    select 'gtin' as scheme, lpad(products.gtin, 14, '0') as alias_value, products.product_id, products.batch_no
    from products
    where length(products.gtin) in (8, 12, 13)
),

further_numbers as (
    select
        aliases.scheme,
        aliases.alias_value,
        products.product_id,
        greatest(aliases._batch_no, products.batch_no) as batch_no
    from ({{ current_versions('product_aliases', ref('stg_ingest__product_aliases')) }}) as aliases
    inner join products
        on aliases.source_id = products.source_id and aliases.product_ref = products.product_ref
),

all_numbers as (
    select * from own_numbers
    union all
    select * from gtins
    union all
    select * from gtins_of_14_digits
    union all
    select * from further_numbers
),

ranked as (
    select
        all_numbers.*,
        row_number() over (
            partition by all_numbers.scheme, all_numbers.alias_value
            order by all_numbers.product_id
        ) as claim_rank,
        max(all_numbers.batch_no) over (partition by all_numbers.scheme, all_numbers.alias_value) as newest_batch_no
    from all_numbers
)

select
    ranked.scheme,
    ranked.alias_value,
    ranked.product_id,
    products.manufacturer_id,
    products.list_price_cents,
    products.list_price_subcents,
    ranked.newest_batch_no as batch_no
from ranked
inner join products on ranked.product_id = products.product_id
where ranked.claim_rank = 1
