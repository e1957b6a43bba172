"""The yardstick: what somebody would write by hand in DuckDB SQL to serve the same tables of Iowa, without landing, checks, corrections, contracts."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import duckdb

from core.settings import Settings
from core.warehouse.owner import engine_config

STATEMENTS = """
create table raw_lines as
    select 'iowa' as source_id, 'sell_through' as leg, invoice_number as document_no, cast(line_number as varchar) as line_no,
        hash('iowa', invoice_number, line_number, date, store_number) as order_line_id,
        hash('iowa', invoice_number, date, store_number) as order_id, 'state-of-iowa' as seller_ref, store_number as buyer_ref,
        date as ordered_on, item_number as product_ref, cast(bottles_sold as decimal(18, 3)) as quantity, 'bottle' as unit,
        cast(sale_dollars * 100 as bigint) as net_amount_cents, 'USD' as currency,
        case when starts_with(invoice_number, 'RINV-') then 'return' else 'order' end as line_kind, 'confirmed' as line_status
    from read_parquet('{source}/sales/sales_*.parquet');
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
        coalesce(buyers.party_id, -1) as retailer_id, coalesce(products.product_id, -1) as product_id, lines.ordered_on, lines.quantity,
        lines.unit, lines.net_amount_cents, cast(lines.quantity * products.list_price_cents as bigint) as list_value_cents, lines.currency,
        lines.line_kind, lines.line_status, buyers.party_id is null as is_unknown_party, products.product_id is null as is_unknown_product
    from raw_lines as lines
    left join parties as buyers on lines.buyer_ref = buyers.ref and buyers.kind = 'retailer'
    left join products on lines.product_ref = products.ref
    order by distributor_id, lines.ordered_on;
create table fct_orders as
    select order_id, max(source_id) as source_id, max(document_no) as document_no, max(leg) as leg, max(distributor_id) as distributor_id,
        max(retailer_id) as retailer_id, min(ordered_on) as ordered_on, cast(count(*) as integer) as lines,
        cast(sum(quantity) as decimal(18, 3)) as quantity, cast(sum(net_amount_cents) as bigint) as net_amount_cents, max(currency) as currency
    from fct_order_lines group by order_id order by distributor_id, ordered_on;
create table rpt_reseller_activity as
    select cast(date_trunc('month', ordered_on) as date) as month_on, leg, manufacturer_id, distributor_id, retailer_id, currency,
        cast(count(distinct case when line_kind = 'order' then order_id end) as integer) as orders, cast(count(*) as integer) as lines,
        cast(sum(quantity) as decimal(18, 3)) as quantity, cast(sum(net_amount_cents) as bigint) as net_amount_cents,
        cast(sum(list_value_cents) as bigint) as list_value_cents, min(ordered_on) as first_ordered_on, max(ordered_on) as last_ordered_on
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
