"""What is published, column by column, and who may see which rows and columns of it.

This is the one list that the publisher, the `Reader` and the tests share. A relation, role or column that is not
listed here cannot be read: default is deny.

Row rule: `rows[role]` names the columns of which one must be among the asker's parties (`None`: all rows).
Column rule: a column in `hidden[role]` does not exist for that role. Distributors' net amounts and prices are theirs and their
buyers': the manufacturer sees sell-through in pieces and at its own list price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from core.scope import Role

UNKNOWN_ID = -1
"""`party_id` and `product_id` of what no master record explains yet; kept, parked and counted."""

NO_PARTY_ID = 0
"""`distributor_id` or `retailer_id` of a row whose leg has no such party."""


@dataclass(frozen=True, slots=True)
class Served:
    """One published relation: columns as (name, DuckDB type), and who sees what."""

    name: str
    grain: str
    columns: tuple[tuple[str, str], ...]
    rows: Mapping[Role, tuple[str, ...] | None]
    hidden: Mapping[Role, frozenset[str]] = field(default_factory=dict)


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.strip().split(" ", 1) for part in text.replace("\n", " ").split(";") if part.strip())
    return tuple((name, sql_type.strip()) for name, sql_type in pairs)


M, D, R, O = Role.MANUFACTURER, Role.DISTRIBUTOR, Role.RETAILER, Role.OPERATOR  # noqa: E741
_MANUFACTURER, _DISTRIBUTOR, _RETAILER = ("manufacturer_id",), ("distributor_id",), ("retailer_id",)
_OWNER: dict[Role, tuple[str, ...] | None] = {M: ("owner_id",), D: ("owner_id",), O: None}
"""A points programme is its owner's to see: of a manufacturer, or of a distributor of its own."""
_ALL_THREE: dict[Role, tuple[str, ...] | None] = {M: _MANUFACTURER, D: _DISTRIBUTOR, R: _RETAILER, O: None}
_CHANNEL: dict[Role, tuple[str, ...] | None] = {D: _DISTRIBUTOR, R: _RETAILER, O: None}
_NET = frozenset({"net_amount_cents", "net_amount_subcents"})

SERVED: Mapping[str, Served] = MappingProxyType({served.name: served for served in (
    Served("dim_party", "one row per party the asker may know of", _columns("""
        party_id BIGINT; party_ref VARCHAR; kind VARCHAR; name VARCHAR; tier VARCHAR; segment VARCHAR; region VARCHAR;
        city VARCHAR; postal_code VARCHAR; country VARCHAR; status VARCHAR; is_unknown BOOLEAN"""),
        {M: None, O: None}),
    Served("bridge_visible_parties", "one row per viewer and party it trades with, itself included", _columns("""
        viewer_id BIGINT; viewer_kind VARCHAR; party_id BIGINT; kind VARCHAR; party_ref VARCHAR; name VARCHAR; tier VARCHAR;
        segment VARCHAR; region VARCHAR; city VARCHAR; postal_code VARCHAR; country VARCHAR; status VARCHAR"""),
        {D: ("viewer_id",), R: ("viewer_id",), O: None}),
    Served("dim_product", "one row per product", _columns("""
        product_id BIGINT; product_ref VARCHAR; name VARCHAR; brand VARCHAR; category VARCHAR; subcategory VARCHAR;
        manufacturer_id BIGINT; gtin VARCHAR; units_per_pack BIGINT; unit VARCHAR; list_price_cents BIGINT;
        currency VARCHAR; is_unknown BOOLEAN"""),
        {M: _MANUFACTURER, D: None, R: None, O: None}, {R: frozenset({"list_price_cents"})}),
    Served("fct_order_lines", "one row per order line (all legs that are ordered)", _columns("""
        order_line_id UBIGINT; order_id UBIGINT; source_id VARCHAR; document_no VARCHAR; line_no VARCHAR; leg VARCHAR;
        manufacturer_id BIGINT; distributor_id BIGINT; retailer_id BIGINT; product_id BIGINT; ordered_on DATE;
        promised_on DATE; quantity DECIMAL(18,3); unit VARCHAR; net_amount_cents BIGINT; net_amount_subcents SMALLINT;
        list_value_cents BIGINT; currency VARCHAR; line_kind VARCHAR; line_status VARCHAR;
        confirmed_quantity DECIMAL(18,3); delivered_quantity DECIMAL(18,3); first_delivered_on DATE;
        returned_quantity DECIMAL(18,3); delivery_status VARCHAR; is_late BOOLEAN; is_on_time_in_full BOOLEAN;
        is_unknown_party BOOLEAN; is_unknown_product BOOLEAN; run_no INTEGER"""),
        _ALL_THREE, {M: _NET | {"document_no", "line_no", "source_id"}}),
    Served("fct_orders", "one row per order document", _columns("""
        order_id UBIGINT; source_id VARCHAR; document_no VARCHAR; leg VARCHAR; distributor_id BIGINT; retailer_id BIGINT;
        ordered_on DATE; promised_on DATE; lines INTEGER; quantity DECIMAL(18,3); net_amount_cents BIGINT;
        net_amount_subcents BIGINT; currency VARCHAR; order_status VARCHAR; delivery_status VARCHAR;
        first_delivered_on DATE; last_delivered_on DATE; is_late BOOLEAN; lines_late INTEGER; run_no INTEGER"""),
        _CHANNEL),
    Served("fct_delivery_lines", "one row per delivery line", _columns("""
        delivery_line_id UBIGINT; source_id VARCHAR; delivery_no VARCHAR; line_no VARCHAR; leg VARCHAR;
        manufacturer_id BIGINT; distributor_id BIGINT; retailer_id BIGINT; product_id BIGINT; order_document_no VARCHAR;
        order_line_no VARCHAR; quantity DECIMAL(18,3); promised_on DATE; shipped_on DATE; delivered_on DATE; is_late BOOLEAN"""),
        _ALL_THREE, {M: frozenset({"delivery_no", "line_no", "source_id", "order_document_no", "order_line_no"})}),
    Served("fct_receipt_lines", "one row per line that a buyer reports as received", _columns("""
        receipt_line_id UBIGINT; source_id VARCHAR; receipt_no VARCHAR; line_no VARCHAR; leg VARCHAR;
        manufacturer_id BIGINT; distributor_id BIGINT; retailer_id BIGINT; product_id BIGINT; delivery_no VARCHAR;
        delivery_line_id UBIGINT; order_document_no VARCHAR; order_line_no VARCHAR; ordered_quantity DECIMAL(18,3);
        shipped_quantity DECIMAL(18,3); accepted_quantity DECIMAL(18,3); rejected_quantity DECIMAL(18,3); reason VARCHAR;
        received_on DATE; recorded_at TIMESTAMP"""),
        _ALL_THREE, {M: frozenset({"receipt_no", "line_no", "source_id", "delivery_no", "delivery_line_id", "order_document_no", "order_line_no"})}),
    Served("fct_invoice_lines", "one row per invoice line", _columns("""
        invoice_line_id UBIGINT; source_id VARCHAR; invoice_no VARCHAR; line_no VARCHAR; leg VARCHAR;
        distributor_id BIGINT; retailer_id BIGINT; product_id BIGINT; order_document_no VARCHAR; order_line_no VARCHAR;
        quantity DECIMAL(18,3); net_amount_cents BIGINT; net_amount_subcents SMALLINT; currency VARCHAR; invoiced_on DATE; due_on DATE;
        paid_on DATE; invoice_id BIGINT"""),
        _CHANNEL),
    Served("fct_invoices", "one row per invoice or credit note", _columns("""
        invoice_id BIGINT; source_id VARCHAR; invoice_no VARCHAR; leg VARCHAR; distributor_id BIGINT; retailer_id BIGINT;
        currency VARCHAR; invoiced_on DATE; due_on DATE; owed_cents BIGINT; credited_cents BIGINT; paid_cents BIGINT;
        open_cents BIGINT; paid_on DATE; payment_status VARCHAR"""),
        _CHANNEL),
    Served("fct_payments", "one row per payment", _columns("""
        payment_id UBIGINT; source_id VARCHAR; payment_no VARCHAR; leg VARCHAR; distributor_id BIGINT; retailer_id BIGINT;
        payment_kind VARCHAR; amount_cents BIGINT; currency VARCHAR; booked_on DATE; reference VARCHAR; bank_reference VARCHAR;
        taken_back_cents BIGINT; allocated_cents BIGINT; unallocated_cents BIGINT"""),
        _CHANNEL),
    Served("fct_payment_allocations", "one row per payment or credit note and invoice that it settles", _columns("""
        invoice_id BIGINT; settlement_id UBIGINT; settled_by VARCHAR; distributor_id BIGINT; retailer_id BIGINT;
        allocated_cents BIGINT; currency VARCHAR; booked_on DATE"""),
        _CHANNEL),
    Served("fct_return_lines", "one row per return line of the returns feed", _columns("""
        return_line_id UBIGINT; source_id VARCHAR; return_no VARCHAR; line_no VARCHAR; leg VARCHAR;
        manufacturer_id BIGINT; distributor_id BIGINT; retailer_id BIGINT; product_id BIGINT; order_document_no VARCHAR;
        order_line_no VARCHAR; quantity DECIMAL(18,3); net_amount_cents BIGINT; net_amount_subcents SMALLINT;
        currency VARCHAR; returned_on DATE; reason VARCHAR"""),
        _ALL_THREE, {M: _NET | {"return_no", "line_no", "source_id", "order_document_no", "order_line_no"}}),
    Served("fct_sales_report_lines", "one row per line of the sell_through and sell_out feeds", _columns("""
        sales_report_line_id UBIGINT; source_id VARCHAR; document_no VARCHAR; line_no VARCHAR; leg VARCHAR;
        manufacturer_id BIGINT; distributor_id BIGINT; retailer_id BIGINT; product_id BIGINT; sold_on DATE;
        quantity DECIMAL(18,3); net_amount_cents BIGINT; net_amount_subcents SMALLINT; list_value_cents BIGINT;
        currency VARCHAR; is_unknown_party BOOLEAN; is_unknown_product BOOLEAN; run_no INTEGER"""),
        _ALL_THREE, {M: _NET | {"document_no", "line_no", "source_id"}}),
    Served("fct_stock_levels", "one row per holder, product and count", _columns("""
        stock_level_id UBIGINT; source_id VARCHAR; holder_id BIGINT; holder_kind VARCHAR; manufacturer_id BIGINT;
        product_id BIGINT; counted_on DATE; on_hand_quantity DECIMAL(18,3); in_transit_quantity DECIMAL(18,3); unit VARCHAR"""),
        {M: _MANUFACTURER, D: ("holder_id",), R: ("holder_id",), O: None}),
    Served("fct_support_requests", "one row per support request in its latest state", _columns("""
        support_request_id UBIGINT; source_id VARCHAR; request_no VARCHAR; requester_id BIGINT; requester_kind VARCHAR;
        manufacturer_id BIGINT; distributor_id BIGINT; retailer_id BIGINT; product_id BIGINT; category VARCHAR;
        channel VARCHAR; priority VARCHAR; subject VARCHAR; status VARCHAR; opened_at TIMESTAMP;
        first_response_at TIMESTAMP; resolved_at TIMESTAMP; closed_at TIMESTAMP; reopen_count BIGINT; source_zone VARCHAR;
        is_open BOOLEAN; resolution_hours DECIMAL(18,2); status_changes INTEGER"""),
        _ALL_THREE),
    Served("fct_support_events", "one row per change of state of a support request", _columns("""
        support_event_id UBIGINT; support_request_id UBIGINT; request_no VARCHAR; distributor_id BIGINT;
        retailer_id BIGINT; manufacturer_id BIGINT; occurred_at TIMESTAMP; status VARCHAR"""),
        _ALL_THREE),
    Served("fct_prices", "one row per price a seller grants", _columns("""
        price_id UBIGINT; seller_id BIGINT; buyer_id BIGINT; product_id BIGINT; valid_from DATE; valid_to DATE;
        min_quantity DECIMAL(18,3); price_cents BIGINT; price_subcents SMALLINT; currency VARCHAR"""),
        {D: ("seller_id",), R: ("buyer_id",), O: None}),
    Served("rpt_reseller_activity", "one row per month, leg, manufacturer, distributor, retailer and currency", _columns("""
        month_on DATE; leg VARCHAR; manufacturer_id BIGINT; distributor_id BIGINT; retailer_id BIGINT; currency VARCHAR;
        orders INTEGER; lines INTEGER; return_lines INTEGER; quantity DECIMAL(18,3); net_amount_cents BIGINT;
        net_amount_subcents BIGINT; list_value_cents BIGINT; lines_open INTEGER; lines_in_transit INTEGER;
        lines_delivered INTEGER; lines_cancelled INTEGER; lines_with_promise INTEGER; lines_late INTEGER;
        lines_on_time_in_full INTEGER; first_ordered_on DATE; last_ordered_on DATE"""),
        _ALL_THREE, {M: _NET}),
    Served("rpt_category_activity", "one row per month, leg, manufacturer, distributor, category and currency", _columns("""
        month_on DATE; leg VARCHAR; manufacturer_id BIGINT; distributor_id BIGINT; category VARCHAR; currency VARCHAR;
        lines INTEGER; quantity DECIMAL(18,3); net_amount_cents BIGINT; net_amount_subcents BIGINT; list_value_cents BIGINT"""),
        {M: _MANUFACTURER, D: _DISTRIBUTOR, O: None}, {M: _NET}),
    Served("rpt_support_load", "one row per month, manufacturer, distributor, product category, topic and priority", _columns("""
        month_on DATE; manufacturer_id BIGINT; distributor_id BIGINT; product_category VARCHAR; category VARCHAR;
        priority VARCHAR; requests INTEGER; requests_open INTEGER; requests_reopened INTEGER; resolution_hours_total DECIMAL(18,2);
        requests_resolved INTEGER"""),
        {M: _MANUFACTURER, D: _DISTRIBUTOR, O: None}),
    Served("rpt_stock_cover", "one row per holder and product at its latest count", _columns("""
        holder_id BIGINT; holder_kind VARCHAR; manufacturer_id BIGINT; product_id BIGINT; counted_on DATE;
        on_hand_quantity DECIMAL(18,3); in_transit_quantity DECIMAL(18,3); weekly_outflow_quantity DECIMAL(18,3);
        weeks_reported INTEGER; weeks_of_supply DECIMAL(18,2); movement VARCHAR"""),
        {M: _MANUFACTURER, D: ("holder_id",), R: ("holder_id",), O: None}),
    Served("fct_point_transfers", "one row per transfer of points", _columns("""
        transfer_id BIGINT; journal_id BIGINT; kind VARCHAR; retailer_id BIGINT; distributor_id BIGINT; lot_id BIGINT;
        points BIGINT; debit_account VARCHAR; credit_account VARCHAR; effective_at TIMESTAMP; recorded_at TIMESTAMP;
        programme_id VARCHAR; rule_id VARCHAR; rule_version INTEGER; source_id VARCHAR; document_no VARCHAR; currency VARCHAR"""),
        {R: _RETAILER, D: _DISTRIBUTOR, O: None}),
    Served("rpt_member_points", "one row per member party, programme and point currency", _columns("""
        member_id BIGINT; member_kind VARCHAR; programme_id VARCHAR; currency VARCHAR; points_available BIGINT;
        points_pending BIGINT; points_held BIGINT; points_earned BIGINT; points_reversed BIGINT; points_spent BIGINT;
        points_expired BIGINT; points_debt BIGINT; last_earned_on DATE"""),
        {R: ("member_id",), D: ("member_id",), O: None}),
    Served("rpt_points_monthly", "one row per month, programme, distributor and point currency", _columns("""
        month_on DATE; programme_id VARCHAR; distributor_id BIGINT; currency VARCHAR; points_awarded BIGINT;
        points_reversed BIGINT; points_redeemed BIGINT; points_expired BIGINT; members INTEGER"""),
        {D: _DISTRIBUTOR, O: None}),
    Served("rpt_programme_members", "one row per programme and member, for the programme's owner", _columns("""
        programme_id VARCHAR; owner_id BIGINT; member_id BIGINT; member_ref VARCHAR; member VARCHAR; region VARCHAR; city VARCHAR;
        member_kind VARCHAR; tier VARCHAR; tier_from_on DATE; tier_valid_until DATE; merged_into_id BIGINT; first_earned_on DATE;
        last_earned_on DATE; points_issued BIGINT; points_redeemed BIGINT; points_expired BIGINT; points_reversed BIGINT; points_outstanding BIGINT; has_hidden_points BOOLEAN"""),
        _OWNER),
    Served("rpt_distributor_members", "one row per programme, distributor and retailer that earned with it", _columns("""
        programme_id VARCHAR; distributor_id BIGINT; retailer_id BIGINT; first_earned_on DATE; last_earned_on DATE;
        points_earned BIGINT; tier VARCHAR; tier_from_on DATE; tier_valid_until DATE"""),
        _CHANNEL),
    Served("rpt_period_progress", "one row per rule, member and period that still runs", _columns("""
        programme_id VARCHAR; rule_key VARCHAR; rule_id VARCHAR; cause VARCHAR; member_id BIGINT; distributor_id BIGINT;
        currency VARCHAR; ends_on DATE; quantity_milli BIGINT; amount_subcents BIGINT; points_so_far BIGINT"""),
        {R: ("member_id",), O: None}),
    Served("fct_match_candidates", "one row per pair of parties of different sources that may be one company", _columns("""
        left_source_id VARCHAR; left_ref VARCHAR; left_source VARCHAR; left_name VARCHAR; left_city VARCHAR;
        left_postal_code VARCHAR; right_source_id VARCHAR; right_ref VARCHAR; right_source VARCHAR; right_name VARCHAR;
        right_city VARCHAR; right_postal_code VARCHAR; party_kind VARCHAR; score DECIMAL(18,4); reasons VARCHAR"""),
        {M: None, O: None}),
    Served("fct_batches", "one row per file and feed that was read", _columns("""
        batch_no INTEGER; source_id VARCHAR; distributor_id BIGINT; feed VARCHAR; file_name VARCHAR; status
        VARCHAR; rows_read BIGINT; rows_accepted BIGINT; rows_quarantined BIGINT; rows_duplicate BIGINT;
        rows_corrected BIGINT; first_event_on DATE; last_event_on DATE; error_code VARCHAR; error_message
        VARCHAR; recorded_at TIMESTAMP; is_late BOOLEAN; replayed_by_batch_no INTEGER; is_replay BOOLEAN"""),
        {D: _DISTRIBUTOR, O: None}),
    Served("fct_quarantined_rows", "one row per refused row and finding", _columns("""
        batch_no INTEGER; row_no INTEGER; finding_no INTEGER; source_id VARCHAR; distributor_id BIGINT; feed
        VARCHAR; file_name VARCHAR; file_status VARCHAR; line_no INTEGER; column_name VARCHAR; error_code
        VARCHAR; found VARCHAR; expected VARCHAR; message VARCHAR; raw_text VARCHAR; quarantined_at TIMESTAMP;
        resolution VARCHAR; resolved_at TIMESTAMP; resolved_by_batch_no INTEGER; row_layout VARCHAR"""),
        {D: _DISTRIBUTOR, O: None}),
    Served("fct_document_findings", "one row per finding in a file of documents", _columns("""
        source_id VARCHAR; distributor_id BIGINT; file_name VARCHAR; file_sha256 VARCHAR; finding_no INTEGER; message_no INTEGER;
        document_type VARCHAR; document_no VARCHAR; error_code VARCHAR; place VARCHAR; found VARCHAR; expected VARCHAR;
        is_fatal BOOLEAN; found_at TIMESTAMP"""),
        {D: _DISTRIBUTOR, O: None}),
    Served("fct_unmatched_references", "one row per source, feed, kind and number that no master record explains", _columns("""
        source_id VARCHAR; distributor_id BIGINT; feed VARCHAR; kind VARCHAR; scheme VARCHAR; ref VARCHAR;
        lines BIGINT"""),
        {D: _DISTRIBUTOR, O: None}),
    Served("rpt_stock_reconciliation", "one row per source, distributor, product and pair of counts", _columns("""
        source_id VARCHAR; distributor_id BIGINT; product_id BIGINT; opened_on DATE; counted_on DATE;
        opening_quantity DECIMAL(18,3); received_quantity DECIMAL(18,3); returned_quantity DECIMAL(18,3);
        sold_quantity DECIMAL(18,3); expected_quantity DECIMAL(18,3); reported_quantity DECIMAL(18,3);
        variance_quantity DECIMAL(18,3)"""),
        {D: _DISTRIBUTOR, O: None}),
    Served("rpt_partner_quality", "one row per source", _columns("""
        source_id VARCHAR; title VARCHAR; distributor_id BIGINT; last_recorded_at TIMESTAMP; score
        DECIMAL(18,1); parts_judged INTEGER; timeliness_share DECIMAL(18,4); completeness_share DECIMAL(18,4);
        match_share DECIMAL(18,4); reconciliation_share DECIMAL(18,4); uniqueness_share DECIMAL(18,4);
        files_judged BIGINT; files_late BIGINT; rows_read BIGINT; rows_quarantined BIGINT; rows_resolved
        BIGINT; rows_duplicate BIGINT; lines BIGINT; lines_unmatched BIGINT"""),
        {D: _DISTRIBUTOR, O: None}),
    Served("rpt_channel_quality", "one row per manufacturer and source of its distributors", _columns("""
        manufacturer_id BIGINT; source_id VARCHAR; title VARCHAR; distributor_id BIGINT; last_recorded_at TIMESTAMP;
        score DECIMAL(18,1); parts_judged INTEGER; timeliness_share DECIMAL(18,4); completeness_share DECIMAL(18,4);
        match_share DECIMAL(18,4); reconciliation_share DECIMAL(18,4); uniqueness_share DECIMAL(18,4)"""),
        {M: _MANUFACTURER, O: None}),
    Served("fct_point_lots", "one row per lot of points", _columns("""
        lot_id BIGINT; programme_id VARCHAR; currency VARCHAR; member_id BIGINT; retailer_id BIGINT; distributor_id BIGINT;
        rule_id VARCHAR; rule_version INTEGER; campaign_id VARCHAR; tier VARCHAR; funders VARCHAR; booked_on DATE; earned_on DATE;
        available_at TIMESTAMP; expires_at TIMESTAMP; points_earned BIGINT; points_pending BIGINT; points_available BIGINT;
        points_held BIGINT; points_redeemed BIGINT; points_expired BIGINT; points_cancelled BIGINT; points_reversed BIGINT;
        points_settled BIGINT"""),
        {R: _RETAILER, D: _DISTRIBUTOR, O: None}),
    Served("dim_member", "one row per programme and member", _columns("""
        programme_id VARCHAR; member_id BIGINT; member_kind VARCHAR; first_earned_on DATE; last_earned_on DATE; tier VARCHAR;
        tier_from_on DATE; tier_valid_until DATE; merged_into_id BIGINT; is_opted_out BOOLEAN"""),
        {R: ("member_id",), D: ("member_id",), O: None}),
    Served("dim_member_tier", "one row per programme, member and span of a tier", _columns("""
        programme_id VARCHAR; member_id BIGINT; ordinal INTEGER; tier VARCHAR; from_on DATE; next_from_on DATE; valid_until DATE;
        reason VARCHAR"""),
        {O: None}),
    Served("rpt_programme_health", "one row per programme and month of the event", _columns("""
        programme_id VARCHAR; owner_id BIGINT; month_on DATE; members_active INTEGER; members_redeeming INTEGER; points_issued BIGINT;
        points_reversed BIGINT; points_redeemed BIGINT; points_expired BIGINT"""),
        _OWNER),
    Served("rpt_programme_tiers", "one row per programme and tier", _columns("""
        programme_id VARCHAR; owner_id BIGINT; tier VARCHAR; members INTEGER"""),
        _OWNER),
    Served("rpt_programme_liability", "one row per programme and month of the books", _columns("""
        programme_id VARCHAR; owner_id BIGINT; month_on DATE; points_opening BIGINT; points_issued BIGINT; points_redeemed BIGINT;
        points_expired BIGINT; points_reversed BIGINT; points_closing BIGINT; expected_redemption_percent INTEGER;
        point_value_subcents BIGINT; liability_cents BIGINT; money_currency VARCHAR"""),
        _OWNER),
    Served("rpt_programme_funders", "one row per programme, month of the books and funder", _columns("""
        programme_id VARCHAR; owner_id BIGINT; month_on DATE; funder VARCHAR; charged_subcents BIGINT; money_currency VARCHAR"""),
        _OWNER),
    Served("rpt_breakage", "one row per programme and month of issue", _columns("""
        programme_id VARCHAR; owner_id BIGINT; cohort_on DATE; points_issued BIGINT; points_redeemed BIGINT; points_expired BIGINT;
        points_outstanding BIGINT; redemption_rate DECIMAL(9,6); breakage_rate DECIMAL(9,6); is_matured BOOLEAN"""),
        _OWNER),
    Served("rpt_points_revenue", "one row per programme and month of the orders", _columns("""
        programme_id VARCHAR; owner_id BIGINT; month_on DATE; goods_cents BIGINT; points_value_cents BIGINT; allocated_cents BIGINT;
        recognised_cents BIGINT; money_currency VARCHAR"""),
        _OWNER),
    Served("rpt_feed_summary", "one row per source, feed and leg", _columns("""
        source_id VARCHAR; feed VARCHAR; leg VARCHAR; currency VARCHAR; documents BIGINT; lines BIGINT; return_lines BIGINT;
        net_amount_cents BIGINT; first_event_on DATE; last_event_on DATE; lines_unknown_party BIGINT;
        lines_unknown_product BIGINT; rows_quarantined BIGINT"""),
        {O: None}),
    Served("dim_source", "one row per source", _columns("""
        source_id VARCHAR; title VARCHAR; first_event_on DATE; last_event_on DATE; last_recorded_at TIMESTAMP"""),
        {M: None, O: None}),
    Served("dim_mapping_note", "one row per source whose profile declares a mapping that everybody must be told", _columns("""
        source_id VARCHAR; title VARCHAR; note_de VARCHAR; note_en VARCHAR"""),
        {M: None, D: None, R: None, O: None}),
)})  # fmt: skip
"""All published relations by name."""
