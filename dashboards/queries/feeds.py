"""What a distributor asks about its own files and their quality, and the manufacturer about everybody's quality."""

from __future__ import annotations

from core.scope import Role
from dashboards.queries.model import Query

_D, _M = frozenset({Role.DISTRIBUTOR}), frozenset({Role.MANUFACTURER})

CAUSES = Query("d_refused_causes", _D, """
    select error_code, feed, coalesce(column_name, '–') as column_name, max(expected) as expected,
        cast(count(distinct (batch_no, row_no)) as integer) as rows_refused, max(quarantined_at) as quarantined_at
    from fct_quarantined_rows where resolution is null group by error_code, feed, coalesce(column_name, '–')
    order by rows_refused desc, error_code limit 1000""")  # fmt: skip

REFUSED = Query("d_refused_rows", _D, """
    select batch_no, row_no, file_name, feed, line_no, column_name, error_code, found, expected, raw_text, quarantined_at, resolution
    from fct_quarantined_rows
    where finding_no = 1 and ($error_code is null or error_code = $error_code) and ($with_resolved is not null or resolution is null)
    order by quarantined_at desc, batch_no desc, row_no limit 1000""", ("error_code", "with_resolved"))  # fmt: skip

FILES = Query("d_files", _D, """
    select recorded_at, file_name, feed,
        case when replayed_by_batch_no is not null and status <> 'loaded' then 'replayed' else status end as status, rows_read, rows_accepted, rows_quarantined, rows_duplicate, rows_corrected, last_event_on,
        coalesce(is_late, false) as is_late, error_message
    from fct_batches order by batch_no desc limit 1000""")  # fmt: skip

FINDINGS = Query("d_document_findings", _D, """
    select found_at, file_name, case when is_fatal then 'message_refused' else 'noted' end as status, error_code, message_no,
        document_type, document_no as document, place, found, expected
    from fct_document_findings where $error_code is null or error_code = $error_code
    order by found_at desc, file_name, finding_no limit 1000""", ("error_code",))  # fmt: skip

QUALITY = Query("d_quality", _D, """
    select title, cast(score as double) as score, parts_judged, last_recorded_at, cast(timeliness_share as double) as timeliness_share,
        cast(completeness_share as double) as completeness_share, cast(match_share as double) as match_share,
        cast(reconciliation_share as double) as reconciliation_share, cast(uniqueness_share as double) as uniqueness_share,
        files_judged, files_late, rows_read, rows_quarantined, rows_resolved, rows_duplicate, lines, lines_unmatched
    from rpt_partner_quality order by title limit 1000""")  # fmt: skip

LATE_FILES = Query(
    "d_late_files",
    _D,
    """
    select recorded_at, file_name, feed, last_event_on, rows_read from fct_batches where is_late order by batch_no desc limit 1000""",
)

DUPLICATES = Query("d_duplicates", _D, """
    select recorded_at, file_name, feed, rows_read, rows_duplicate from fct_batches
    where status = 'loaded' and rows_duplicate > 0 order by batch_no desc limit 1000""")  # fmt: skip

UNMATCHED = Query("d_unmatched", _D, """
    select kind as reference_kind, scheme, ref, cast(sum(lines) as bigint) as lines, string_agg(distinct feed, ', ' order by feed) as feeds
    from fct_unmatched_references group by kind, scheme, ref order by lines desc, scheme, ref limit 1000""")  # fmt: skip

VARIANCES = Query("d_stock_variances", _D, """
    select p.name as product, r.opened_on, r.counted_on, cast(r.opening_quantity as double) as opening_quantity,
        cast(r.received_quantity as double) as received_quantity, cast(r.returned_quantity as double) as returned_quantity,
        cast(r.sold_quantity as double) as sold_quantity, cast(r.expected_quantity as double) as expected_quantity,
        cast(r.reported_quantity as double) as reported_quantity, cast(r.variance_quantity as double) as variance_quantity
    from rpt_stock_reconciliation as r inner join dim_product as p on r.product_id = p.product_id
    where r.variance_quantity <> 0 order by abs(r.variance_quantity) desc, p.name, r.counted_on limit 1000""")  # fmt: skip

PARTNER_QUALITY = Query("m_quality", _M, """
    select q.title, coalesce(p.name, '–') as partner, cast(q.score as double) as score, q.last_recorded_at,
        cast(100 * q.timeliness_share as double) as timeliness_percent, cast(100 * q.completeness_share as double) as completeness_percent,
        cast(100 * q.match_share as double) as match_percent, cast(100 * q.reconciliation_share as double) as reconciliation_percent,
        cast(100 * q.uniqueness_share as double) as uniqueness_percent, q.parts_judged
    from rpt_channel_quality as q left join dim_party as p on q.distributor_id = p.party_id
    order by q.score nulls last, q.title limit 1000""")  # fmt: skip

MATCHES = Query("m_matches", _M, """
    select left_source_id, left_ref, coalesce(left_source, left_source_id) as left_source, left_name, left_city, left_postal_code,
        right_source_id, right_ref, coalesce(right_source, right_source_id) as right_source, right_name, right_city, right_postal_code,
        party_kind, cast(100 * score as double) as score_percent, reasons
    from fct_match_candidates order by score desc, left_name, left_source_id, left_ref limit 1000""")  # fmt: skip

FEED_QUERIES = (MATCHES, CAUSES, REFUSED, FINDINGS, FILES, QUALITY, LATE_FILES, DUPLICATES, UNMATCHED, VARIANCES, PARTNER_QUALITY)
