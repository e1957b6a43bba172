{% macro sorted_by(columns) -%}
    {#- readers skip what they do not ask for when rows lie together; a full build sorts, an incremental one appends -#}
    {%- if not is_incremental() %}order by {{ columns | join(', ') }}{% endif -%}
{%- endmacro %}
