{{ config(materialized='table') }}

-- months whose monthly figures this build has to count again: of every version of each touched line, so that a line
-- that moved to another month leaves its old one
select distinct cast(date_trunc('month', versions.ordered_on) as date) as month_on
from {{ ref('stg_ingest__order_lines') }} as versions
where versions._row_key in (select touched._row_key from {{ ref('int_order_lines__touched') }} as touched)
