with

known as (
    select
        products.product_id,
        products.product_ref,
        products.name,
        products.brand,
        coalesce(products.category, 'unknown') as category,
        products.subcategory,
        cast(coalesce(makers.party_id, -1) as bigint) as manufacturer_id,
        products.gtin,
        products.units_per_pack,
        products.unit,
        products.list_price_cents,
        products.currency,
        false as is_unknown
    from {{ ref('int_products__current') }} as products
    left join {{ ref('int_parties__aliases') }} as makers
        on products.manufacturer_scheme = makers.scheme and products.manufacturer_ref = makers.alias_value
),

unknown as (
    select
        cast(-1 as bigint) as product_id,
        cast(null as varchar) as product_ref,
        'unknown' as name,
        cast(null as varchar) as brand,
        'unknown' as category,
        cast(null as varchar) as subcategory,
        cast(-1 as bigint) as manufacturer_id,
        cast(null as varchar) as gtin,
        cast(null as bigint) as units_per_pack,
        cast(null as varchar) as unit,
        cast(null as bigint) as list_price_cents,
        cast(null as varchar) as currency,
        true as is_unknown
)

select * from known
union all
select * from unknown
