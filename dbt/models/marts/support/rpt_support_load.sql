select
    cast(date_trunc('month', requests.opened_at) as date) as month_on,
    requests.manufacturer_id,
    requests.distributor_id,
    coalesce(products.category, 'unknown') as product_category,
    requests.category,
    requests.priority,
    cast(count(*) as integer) as requests,
    cast(sum(case when requests.is_open then 1 else 0 end) as integer) as requests_open,
    cast(sum(case when requests.reopen_count > 0 then 1 else 0 end) as integer) as requests_reopened,
    cast(sum(coalesce(requests.resolution_hours, 0)) as decimal(18, 2)) as resolution_hours_total,
    cast(sum(case when requests.resolution_hours is not null then 1 else 0 end) as integer) as requests_resolved
from {{ ref('fct_support_requests') }} as requests
left join {{ ref('dim_product') }} as products on requests.product_id = products.product_id
group by
    cast(date_trunc('month', requests.opened_at) as date), requests.manufacturer_id, requests.distributor_id,
    coalesce(products.category, 'unknown'), requests.category, requests.priority
