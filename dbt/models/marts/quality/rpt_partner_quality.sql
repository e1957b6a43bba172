-- five shares between 0 and 1, each null where nothing can be judged; the score is their mean in hundredths. Every missing part stands in rows:
-- late files and duplicates in fct_batches, refused rows in fct_quarantined_rows, unknown numbers in fct_unmatched_references, variances in
-- rpt_stock_reconciliation. A file that was refused in part and read again counts once: its refusals are those of the later reading
with

recent as (
    select batches.*
    from {{ ref('fct_batches') }} as batches
    inner join (
        select newest.source_id, max(newest.recorded_at) as recorded_at
        from {{ ref('fct_batches') }} as newest
        group by newest.source_id
    ) as newest_of_source on batches.source_id = newest_of_source.source_id
    where batches.recorded_at > newest_of_source.recorded_at - interval 90 day
),

files as (
    select
        recent.source_id,
        max(recent.distributor_id) as distributor_id,
        max(recent.recorded_at) as last_recorded_at,
        count(recent.is_late) as files_judged,
        sum(case when recent.is_late then 1 else 0 end) as files_late,
        sum(
            case when recent.status in ('loaded', 'held') then recent.rows_read else 0 end
            - case when recent.replayed_by_batch_no is not null and recent.status in ('loaded', 'held') then recent.rows_quarantined else 0 end
            - case when recent.is_replay and recent.status in ('loaded', 'held') then recent.rows_duplicate else 0 end
        ) as rows_read,
        sum(case when recent.replayed_by_batch_no is null and recent.status in ('loaded', 'held') then recent.rows_quarantined else 0 end)
            as rows_quarantined,
        sum(case when recent.status = 'loaded' and not recent.is_replay then recent.rows_duplicate else 0 end) as rows_duplicate
    from recent
    group by recent.source_id
),

repaired as (
    select refused.source_id, count(*) as rows_resolved
    from {{ ref('fct_quarantined_rows') }} as refused
    inner join recent on refused.batch_no = recent.batch_no
    where refused.finding_no = 1 and refused.resolution = 'repair' and recent.replayed_by_batch_no is null
    group by refused.source_id
),

lines as (
    select
        summary.source_id,
        sum(summary.lines) as lines,
        sum(summary.lines_unknown_party + summary.lines_unknown_product) as lines_unmatched
    from {{ ref('rpt_feed_summary') }} as summary
    where summary.lines_unknown_party is not null and summary.feed not in ('parties', 'party_aliases', 'products', 'product_aliases', 'trade_relations')
    group by summary.source_id
),

stock as (
    select
        spans.source_id,
        sum(abs(spans.variance_quantity)) as variance_quantity,
        sum(abs(spans.opening_quantity) + spans.received_quantity + spans.returned_quantity + spans.sold_quantity) as moved_quantity
    from {{ ref('rpt_stock_reconciliation') }} as spans
    group by spans.source_id
),

shares as (
    select
        files.*,
        coalesce(repaired.rows_resolved, 0) as rows_resolved,
        coalesce(lines.lines, 0) as lines,
        coalesce(lines.lines_unmatched, 0) as lines_unmatched,
        case when files.files_judged > 0 then 1.0 - 1.0 * files.files_late / files.files_judged end as timeliness_share,
        case when files.rows_read > 0 then 1.0 - 1.0 * (files.rows_quarantined - coalesce(repaired.rows_resolved, 0)) / files.rows_read end
            as completeness_share,
        case when lines.lines > 0 then greatest(0, 1.0 - 1.0 * lines.lines_unmatched / lines.lines) end as match_share,
        case when stock.moved_quantity > 0 then greatest(0, 1.0 - 1.0 * stock.variance_quantity / stock.moved_quantity) end
            as reconciliation_share,
        case when files.rows_read > 0 then 1.0 - 1.0 * files.rows_duplicate / files.rows_read end as uniqueness_share
    from files
    left join repaired on files.source_id = repaired.source_id
    left join lines on files.source_id = lines.source_id
    left join stock on files.source_id = stock.source_id
),

judged as (
    select
        shares.*,
        case when shares.timeliness_share is null then 0 else 1 end + case when shares.completeness_share is null then 0 else 1 end
        + case when shares.match_share is null then 0 else 1 end + case when shares.reconciliation_share is null then 0 else 1 end
        + case when shares.uniqueness_share is null then 0 else 1 end as parts,
        coalesce(shares.timeliness_share, 0) + coalesce(shares.completeness_share, 0) + coalesce(shares.match_share, 0)
        + coalesce(shares.reconciliation_share, 0) + coalesce(shares.uniqueness_share, 0) as sum_of_shares
    from shares
)

select
    judged.source_id,
    owners.title,
    cast(judged.distributor_id as bigint) as distributor_id,
    judged.last_recorded_at,
    cast(case when judged.parts > 0 then 100.0 * judged.sum_of_shares / judged.parts end as decimal(18, 1)) as score,
    cast(judged.parts as integer) as parts_judged,
    cast(judged.timeliness_share as decimal(18, 4)) as timeliness_share,
    cast(judged.completeness_share as decimal(18, 4)) as completeness_share,
    cast(judged.match_share as decimal(18, 4)) as match_share,
    cast(judged.reconciliation_share as decimal(18, 4)) as reconciliation_share,
    cast(judged.uniqueness_share as decimal(18, 4)) as uniqueness_share,
    cast(judged.files_judged as bigint) as files_judged,
    cast(judged.files_late as bigint) as files_late,
    cast(judged.rows_read as bigint) as rows_read,
    cast(judged.rows_quarantined as bigint) as rows_quarantined,
    cast(judged.rows_resolved as bigint) as rows_resolved,
    cast(judged.rows_duplicate as bigint) as rows_duplicate,
    cast(judged.lines as bigint) as lines,
    cast(judged.lines_unmatched as bigint) as lines_unmatched
from judged
inner join {{ ref('int_sources__owner') }} as owners on judged.source_id = owners.source_id
