{% macro generate_schema_name(custom_schema_name, node) -%}
    {# schemas are named as they are configured, in every target #}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}

{% macro feed(name) -%}
    {# the one place that says where landed feeds live #}
    {{ source('ingest', name) }}
{%- endmacro %}
