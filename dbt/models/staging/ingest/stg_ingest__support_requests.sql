with

landed as (
    select * from {{ feed('support_requests') }}
)

select
    landed._batch_no,
    landed._row_no,
    landed._recorded_at,
    landed._row_key,
    landed._version,
    landed.source_id,
    landed.request_no,
    landed.requester_scheme,
    landed.requester_ref,
    landed.product_scheme,
    landed.product_ref,
    landed.seller_scheme,
    landed.seller_ref,
    landed.category,
    landed.channel,
    landed.priority,
    landed.subject,
    landed.status,
    landed.opened_at,
    landed.first_response_at,
    landed.resolved_at,
    landed.closed_at,
    landed.reopen_count,
    landed.source_zone
from landed
