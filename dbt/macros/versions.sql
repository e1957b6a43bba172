{% macro current_versions(feed_name, relation) %}
    {#- the highest version of each row; keys with one version are not sorted -#}
    select
        rows_of_feed.*
    from {{ relation }} as rows_of_feed
    left join (
        select
            ranked._row_key,
            ranked._batch_no,
            ranked._row_no
        from (
            select
                versions._row_key,
                versions._batch_no,
                versions._row_no,
                row_number() over (
                    partition by versions._row_key
                    order by versions._version desc, versions._batch_no desc, versions._row_no desc
                ) as version_rank
            from {{ relation }} as versions
            where versions._row_key in (
                select corrected._row_key from {{ source('ingest', 'corrected_keys') }} as corrected where corrected.feed = '{{ feed_name }}'
            )
        ) as ranked
        where ranked.version_rank = 1
    ) as newest
        on rows_of_feed._row_key = newest._row_key
    where
        newest._row_key is null
        or (rows_of_feed._batch_no = newest._batch_no and rows_of_feed._row_no = newest._row_no)
{% endmacro %}

{% macro since_batch() -%}
    (select state.since_batch from {{ source('ingest', 'transform_state') }} as state)
{%- endmacro %}

{% macro books_since_run() -%}
    {#- -1, or the run after whose lines the books were not compared with orders yet -#}
    (select state.books_since_run from {{ source('ingest', 'transform_state') }} as state)
{%- endmacro %}

{% macro this_run() -%}
    (select state.run_no from {{ source('ingest', 'transform_state') }} as state)
{%- endmacro %}

{% macro touched_keys(relation, party_columns, product_column=none) %}
    {#- keys of rows that came since the last build, or whose party or product number was explained since -#}
    select new_rows._row_key
    from {{ relation }} as new_rows
    where new_rows._batch_no > {{ since_batch() }}
    {% for party in party_columns %}
    union
    select parked._row_key
    from {{ relation }} as parked
    inner join {{ ref('int_parties__aliases') }} as aliases
        on parked.{{ party }}_scheme = aliases.scheme and parked.{{ party }}_ref = aliases.alias_value
    where aliases.batch_no > {{ since_batch() }}
    {% endfor %}
    {% if product_column %}
    union
    select parked._row_key
    from {{ relation }} as parked
    inner join {{ ref('int_products__aliases') }} as aliases
        on parked.{{ product_column }}_scheme = aliases.scheme and parked.{{ product_column }}_ref = aliases.alias_value
    where aliases.batch_no > {{ since_batch() }}
    {% endif %}
{% endmacro %}

{% macro channel_parties(leg, seller_id, seller_kind, buyer_id, buyer_kind) %}
    {#- distributor and retailer of a row by its leg; -1 unknown, 0 the leg has none -#}
        cast(case
            when {{ leg }} = 'sell_through' then coalesce({{ seller_id }}, -1)
            when {{ leg }} = 'sell_in' and {{ buyer_kind }} = 'retailer' then 0
            when {{ leg }} = 'sell_in' then coalesce({{ buyer_id }}, -1)
            else 0
        end as bigint) as distributor_id,
        cast(case
            when {{ leg }} = 'sell_through' then coalesce({{ buyer_id }}, -1)
            when {{ leg }} = 'sell_in' and {{ buyer_kind }} = 'retailer' then {{ buyer_id }}
            when {{ leg }} = 'sell_in' then 0
            else coalesce({{ seller_id }}, -1)
        end as bigint) as retailer_id
{% endmacro %}

{% macro current_feed(feed_name) %}
    {#- current versions; in an incremental run only of touched keys (the model names them in a CTE `touched`) -#}
    {% set relation = ref('stg_ingest__' ~ feed_name) %}
    select current_rows.* from ({{ current_versions(feed_name, relation) }}) as current_rows
    {% if is_incremental() %}
    where
        current_rows._row_key in (select touched._row_key from touched)
        -- no version of them came earlier than this: a scan skips all that lies before
        and current_rows._batch_no >= (
            select min(places._batch_no) from {{ relation }} as places where places._row_key in (select touched._row_key from touched)
        )
    {% endif %}
{% endmacro %}

{% macro days_of_months(months) -%}
    {#- every day of the months of a relation: against the stored column itself, so that a scan skips what lies in other months -#}
    select cast(unnest(generate_series(months.month_on, last_day(months.month_on), interval 1 day)) as date) as day_on
    from {{ months }} as months
{%- endmacro %}
