{% macro surrogate_id(columns) -%}
    {# 60 bits of an md5 over the natural key: the same id whatever arrived first, and no table to keep #}
    cast('0x' || substr(md5(
        {%- for column in columns -%}
        {{ column }}{% if not loop.last %} || '|' || {% endif %}
        {%- endfor -%}
    ), 1, 15) as bigint)
{%- endmacro %}
