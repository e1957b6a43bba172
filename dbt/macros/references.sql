{% macro words_of(text) -%}
    {#- capital letters and digits, everything else one space: "R-2026/001, 7" becomes "R 2026 001 7" -#}
    trim(regexp_replace(upper(coalesce({{ text }}, '')), '[^A-Z0-9]+', ' ', 'g'))
{%- endmacro %}

{% macro compact(text) -%}
    {#- capital letters and digits alone, in which numbers compare however they are written -#}
    regexp_replace(upper({{ text }}), '[^A-Z0-9]+', '', 'g')
{%- endmacro %}
