{% macro sum_cents(name) -%}
    {# minor units of a sum, rounded half-even once (ADR 0003) #}
    cast(sum({{ name }}_cents) + round_even(sum({{ name }}_subcents) / 100.0, 0) as bigint)
{%- endmacro %}
