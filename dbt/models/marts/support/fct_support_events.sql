with

events as (
    {{ current_versions('support_events', ref('stg_ingest__support_events')) }}
)

select
    events._row_key as support_event_id,
    requests.support_request_id,
    events.request_no,
    requests.distributor_id,
    requests.retailer_id,
    requests.manufacturer_id,
    events.occurred_at,
    events.status
from events
inner join {{ ref('fct_support_requests') }} as requests
    on events.source_id = requests.source_id and events.request_no = requests.request_no
{{ sorted_by(['distributor_id', 'occurred_at']) }}
