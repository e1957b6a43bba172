"""The yardstick: what somebody would write by hand in DuckDB SQL to serve the same tables of Iowa, column for column, without
landing, checks, corrections, contracts, a gate and a second copy to read from."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import duckdb

from core.settings import Settings
from core.warehouse.owner import engine_config

STATEMENTS = """
create table raw_lines as
    select cast(1 as integer) as batch_no, cast(file_row_number + 1 as integer) as row_no, timestamp '2026-01-01' as recorded_at,
        hash('iowa', 'sell_through', invoice_number, line_number, 'iowa', 'state-of-iowa', date, 'iowa:store', store_number) as order_line_id,
        cast(0 as bigint) as version, 'iowa' as source_id, 'sell_through' as leg, invoice_number as document_no,
        cast(line_number as varchar) as line_no, hash('iowa', invoice_number, date, store_number) as order_id,
        'iowa' as seller_scheme, 'state-of-iowa' as seller_ref, 'iowa:store' as buyer_scheme, store_number as buyer_ref,
        date as ordered_on, cast(null as timestamp) as ordered_at, 'America/Chicago' as source_zone, 'iowa' as product_scheme,
        item_number as product_ref, cast(bottles_sold as decimal(18, 3)) as quantity, 'bottle' as unit,
        cast(sale_dollars * 100 as bigint) as net_amount_cents, cast(0 as smallint) as net_amount_subcents, 'USD' as currency,
        cast(null as date) as promised_on,
        case when starts_with(invoice_number, 'RINV-') then 'return' else 'order' end as line_kind, 'confirmed' as line_status
    from read_parquet('{source}/sales/sales_*.parquet', file_row_number = true);
create table parties as
    select cast(hash('retailer', "Store") >> 1 as bigint) as party_id, "Store" as ref, 'retailer' as kind, any_value("Name") as name,
        any_value("City") as city from read_parquet('{source}/stores.parquet') group by "Store"
    union all select 1, 'state-of-iowa', 'distributor', 'State of Iowa', 'Iowa'
    union all select cast(hash('manufacturer', "Vendor") >> 1 as bigint), "Vendor", 'manufacturer', any_value("Vendor Name"), null
        from read_parquet('{source}/products.parquet') group by "Vendor";
create table products as
    select cast(hash('product', "Item Number") >> 1 as bigint) as product_id, "Item Number" as ref, any_value("Item Description") as name,
        any_value("Category Name") as category, cast(hash('manufacturer', any_value("Vendor")) >> 1 as bigint) as manufacturer_id,
        cast(try_cast(any_value("State Bottle Retail") as decimal(18, 2)) * 100 as bigint) as list_price_cents
    from read_parquet('{source}/products.parquet') group by "Item Number";
create table fct_order_lines as
    select lines.order_line_id, lines.order_id, lines.source_id, lines.document_no, lines.line_no, lines.leg,
        coalesce(products.manufacturer_id, -1) as manufacturer_id, cast(1 as bigint) as distributor_id,
        coalesce(buyers.party_id, -1) as retailer_id, coalesce(products.product_id, -1) as product_id, lines.ordered_on, lines.promised_on,
        lines.quantity, lines.unit, lines.net_amount_cents, lines.net_amount_subcents,
        cast(lines.quantity * products.list_price_cents as bigint) as list_value_cents, lines.currency, lines.line_kind, lines.line_status,
        lines.quantity as confirmed_quantity, cast(0 as decimal(18, 3)) as delivered_quantity, cast(null as date) as first_delivered_on,
        cast(0 as decimal(18, 3)) as returned_quantity, 'not_reported' as delivery_status, false as is_late,
        cast(null as boolean) as is_on_time_in_full, buyers.party_id is null as is_unknown_party, products.product_id is null as is_unknown_product,
        cast(1 as integer) as run_no
    from raw_lines as lines
    left join parties as buyers on lines.buyer_ref = buyers.ref and buyers.kind = 'retailer'
    left join products on lines.product_ref = products.ref
    order by distributor_id, lines.ordered_on;
create table fct_orders as
    select order_id, max(source_id) as source_id, max(document_no) as document_no, max(leg) as leg, max(distributor_id) as distributor_id,
        max(retailer_id) as retailer_id, min(ordered_on) as ordered_on, max(promised_on) as promised_on, cast(count(*) as integer) as lines,
        cast(sum(quantity) as decimal(18, 3)) as quantity, cast(sum(net_amount_cents) as bigint) as net_amount_cents,
        cast(sum(net_amount_subcents) as bigint) as net_amount_subcents, max(currency) as currency, max(line_status) as order_status,
        max(delivery_status) as delivery_status, min(first_delivered_on) as first_delivered_on, max(first_delivered_on) as last_delivered_on,
        bool_or(is_late) as is_late, cast(count(*) filter (is_late) as integer) as lines_late, max(run_no) as run_no
    from fct_order_lines group by order_id order by distributor_id, ordered_on;
create table rpt_reseller_activity as
    select cast(date_trunc('month', ordered_on) as date) as month_on, leg, manufacturer_id, distributor_id, retailer_id, currency,
        cast(count(distinct case when line_kind = 'order' and line_status <> 'cancelled' then order_id end) as integer) as orders,
        cast(count(*) as integer) as lines, cast(count(*) filter (line_kind = 'return') as integer) as return_lines,
        cast(sum(quantity) as decimal(18, 3)) as quantity, cast(sum(net_amount_cents) as bigint) as net_amount_cents,
        cast(sum(net_amount_subcents) as bigint) as net_amount_subcents, cast(sum(list_value_cents) as bigint) as list_value_cents,
        cast(count(*) filter (delivery_status = 'open') as integer) as lines_open,
        cast(count(*) filter (delivery_status = 'in_transit') as integer) as lines_in_transit,
        cast(count(*) filter (delivery_status = 'delivered') as integer) as lines_delivered,
        cast(count(*) filter (delivery_status = 'cancelled') as integer) as lines_cancelled,
        cast(count(*) filter (is_on_time_in_full is not null) as integer) as lines_with_promise,
        cast(count(*) filter (is_late) as integer) as lines_late, cast(count(*) filter (is_on_time_in_full) as integer) as lines_on_time_in_full,
        min(ordered_on) as first_ordered_on, max(ordered_on) as last_ordered_on
    from fct_order_lines group by all order by manufacturer_id, distributor_id, month_on;
create table rpt_category_activity as
    select cast(date_trunc('month', ordered_on) as date) as month_on, leg, lines.manufacturer_id, distributor_id, category, currency,
        cast(count(*) as integer) as lines, cast(sum(quantity) as decimal(18, 3)) as quantity,
        cast(sum(net_amount_cents) as bigint) as net_amount_cents, cast(sum(list_value_cents) as bigint) as list_value_cents
    from fct_order_lines as lines left join products using (product_id) group by all order by lines.manufacturer_id, month_on;
create table bridge_visible_parties as
    select distinct retailer_id as viewer_id, manufacturer_id as party_id from rpt_reseller_activity where retailer_id > 0;
create table rpt_feed_summary as
    select source_id, leg, count(distinct order_id) as documents, count(*) as lines, cast(sum(net_amount_cents) as bigint) as net_amount_cents,
        count(*) filter (is_unknown_party) as lines_unknown_party, count(*) filter (is_unknown_product) as lines_unknown_product,
        min(ordered_on) as first_event_on, max(ordered_on) as last_event_on
    from fct_order_lines group by source_id, leg;
"""


def bare_seconds(source: Path, target: Path, config: dict[str, object]) -> tuple[float, dict[str, float], tuple[object, ...]]:
    """Seconds in all and per table, and the summary row, to see that both count the same."""
    started, parts = time.perf_counter(), {}
    with duckdb.connect(str(target), config=config) as connection:
        for statement in STATEMENTS.format(source=source).split(";\n"):
            if statement.strip():
                began = time.perf_counter()
                connection.execute(statement)
                parts[statement.split()[2]] = time.perf_counter() - began
        connection.execute("checkpoint")
        row = connection.execute("select documents, lines, net_amount_cents from rpt_feed_summary").fetchall()[0]
    return time.perf_counter() - started, parts, tuple(row)


if __name__ == "__main__":
    settings = Settings(home=Path(sys.argv[2]) / "bare")
    settings.warehouse_dir.mkdir(parents=True, exist_ok=True)
    database = settings.warehouse_dir / "bare.duckdb"
    database.unlink(missing_ok=True)
    print(bare_seconds(Path(sys.argv[1]), database, dict(engine_config(settings)))[0])
