"""Who may read what: the expected cells, written by hand from the promises of docs/security.md. The program's own list is compared with this.

own   rows in which the asker's party stands, no others        all   every row        -   the relation does not exist for the role
Columns after a bar do not exist for the role.
"""

from __future__ import annotations

from core.scope import Role

M, D, R = Role.MANUFACTURER, Role.DISTRIBUTOR, Role.RETAILER
NET = "net_amount_cents net_amount_subcents"
NUMBERS = "document_no line_no source_id"

CELLS: dict[str, dict[Role, str]] = {
    "dim_party": {M: "all", D: "-", R: "-"},
    "bridge_visible_parties": {M: "-", D: "own", R: "own"},
    "dim_product": {M: "own", D: "all", R: "all | list_price_cents"},
    "fct_order_lines": {M: f"own | {NET} {NUMBERS}", D: "own", R: "own"},
    "fct_orders": {M: "-", D: "own", R: "own"},
    "fct_delivery_lines": {M: "own | delivery_no line_no source_id order_document_no order_line_no", D: "own", R: "own"},
    "fct_invoice_lines": {M: "-", D: "own", R: "own"},
    "fct_invoices": {M: "-", D: "own", R: "own"},
    "fct_payments": {M: "-", D: "own", R: "own"},
    "fct_payment_allocations": {M: "-", D: "own", R: "own"},
    "fct_receipt_lines": {
        M: "own | receipt_no line_no source_id delivery_no delivery_line_id order_document_no order_line_no",
        D: "own",
        R: "own",
    },
    "fct_return_lines": {M: f"own | {NET} return_no line_no source_id order_document_no order_line_no", D: "own", R: "own"},
    "fct_sales_report_lines": {M: f"own | {NET} {NUMBERS}", D: "own", R: "own"},
    "fct_stock_levels": {M: "own", D: "own", R: "own"},
    "fct_support_requests": {M: "own", D: "own", R: "own"},
    "fct_support_events": {M: "own", D: "own", R: "own"},
    "fct_prices": {M: "-", D: "own", R: "own"},
    "rpt_reseller_activity": {M: f"own | {NET}", D: "own", R: "own"},
    "rpt_category_activity": {M: f"own | {NET}", D: "own", R: "-"},
    "rpt_support_load": {M: "own", D: "own", R: "-"},
    "rpt_stock_cover": {M: "own", D: "own", R: "own"},
    "fct_point_transfers": {M: "-", D: "own", R: "own"},
    "rpt_member_points": {M: "-", D: "own", R: "own"},
    "rpt_points_monthly": {M: "-", D: "own", R: "-"},
    "rpt_programme_members": {M: "own", D: "own", R: "-"},
    "rpt_period_progress": {M: "-", D: "-", R: "own"},
    "rpt_distributor_members": {M: "-", D: "own", R: "own"},
    "fct_match_candidates": {M: "all", D: "-", R: "-"},
    "fct_batches": {M: "-", D: "own", R: "-"},
    "fct_quarantined_rows": {M: "-", D: "own", R: "-"},
    "fct_document_findings": {M: "-", D: "own", R: "-"},
    "fct_unmatched_references": {M: "-", D: "own", R: "-"},
    "rpt_stock_reconciliation": {M: "-", D: "own", R: "-"},
    "rpt_partner_quality": {M: "-", D: "own", R: "-"},
    "rpt_channel_quality": {M: "own", D: "-", R: "-"},
    "fct_point_lots": {M: "-", D: "own", R: "own"},
    "dim_member": {M: "-", D: "own", R: "own"},
    "dim_member_tier": {M: "-", D: "-", R: "-"},
    "rpt_programme_health": {M: "own", D: "own", R: "-"},
    "rpt_programme_tiers": {M: "own", D: "own", R: "-"},
    "rpt_programme_liability": {M: "own", D: "own", R: "-"},
    "rpt_programme_funders": {M: "own", D: "own", R: "-"},
    "rpt_breakage": {M: "own", D: "own", R: "-"},
    "rpt_points_revenue": {M: "own", D: "own", R: "-"},
    "rpt_feed_summary": {M: "-", D: "-", R: "-"},
    "dim_source": {M: "all", D: "-", R: "-"},
    "dim_mapping_note": {M: "all", D: "all", R: "all"},
}

OWNER_COLUMNS: dict[str, dict[Role, str]] = {
    "bridge_visible_parties": {D: "viewer_id", R: "viewer_id"},
    "fct_stock_levels": {D: "holder_id", R: "holder_id"},
    "rpt_stock_cover": {D: "holder_id", R: "holder_id"},
    "fct_prices": {D: "seller_id", R: "buyer_id"},
    "rpt_member_points": {D: "member_id", R: "member_id"},
    "dim_member": {D: "member_id", R: "member_id"},
    "rpt_period_progress": {R: "member_id"},
    **{
        name: {M: "owner_id", D: "owner_id"}
        for name in (
            "rpt_programme_members",
            "rpt_programme_health",
            "rpt_programme_tiers",
            "rpt_programme_liability",
            "rpt_programme_funders",
            "rpt_breakage",
            "rpt_points_revenue",
        )
    },
}
"""Where the column that names the owner is not manufacturer_id, distributor_id or retailer_id."""


def owner_column(relation: str, role: Role) -> str:
    """The column that names the owner of a row for a role."""
    return OWNER_COLUMNS.get(relation, {}).get(role, f"{role}_id")


def cell(relation: str, role: Role) -> tuple[str, frozenset[str]]:
    """(own, all or -, hidden columns)."""
    rows, _, hidden = CELLS[relation][role].partition(" | ")
    return rows, frozenset(hidden.split())


STORE_EXPORT_ROLES: dict[str, set[Role]] = {
    "settlements": {M, D},
    "settlement_lines": {M, D},
}
"""Exports that are read from the store: who may have them. A manufacturer gets its own campaigns', a distributor its own statements."""


INBOX_ROUTES: dict[str, tuple[str, str, int]] = {
    "inbox": ("POST", "/inbox/partner", 400),
    "inbox_health": ("GET", "/healthz", 200),
}
"""Routes of the inbox process: method, path, and what somebody without a signature gets."""
