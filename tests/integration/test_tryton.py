"""A real ERP: what was entered in Tryton through its own API is what our SQL connector reads out of its PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.reader import Serving
from ingestion.profiles import Profile, load_profile
from pipeline import Delivery, Pipeline, Reporting
from tests.support.databases import Server
from tests.support.loading import Loading, loading
from tests.support.one_week import DELIVERIES, GTIN, ORDERS, PRICE, STOCK, as_csv
from tests.support.tryton.erp import Empty, Tryton, empty_tryton

pytestmark = [pytest.mark.integration, pytest.mark.postgres]
STATES = {"quotation": "open", "processing": "confirmed", "confirmed": "confirmed", "done": "confirmed", "cancelled": "cancelled"}
LATEST = "qualify row_number() over (partition by _row_key order by _version desc, _batch_no desc, _row_no desc) = 1"


@pytest.fixture(scope="module")
def empty(postgres: Server) -> Empty:
    """One ERP for this module, with nothing entered."""
    return empty_tryton(postgres)


@pytest.fixture(scope="module")
def tryton(empty: Empty) -> Tryton:
    """Its week is entered once."""
    return empty.with_week()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loading]:
    """One warehouse, read into as time goes by."""
    with loading(Path(tmp_path_factory.mktemp("tryton"))) as site:
        site.clock = SystemClock()
        yield site


@pytest.fixture(autouse=True)
def _environment(tryton: Tryton, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRYTON_URL", tryton.url)


def in_cents(text: str) -> int:
    """An amount as it was entered."""
    return int((Decimal(text) * 100).to_integral_exact())


def order_lines(warehouse: Loading) -> list[tuple[Any, ...]]:
    """Number, buyer, product, quantity, cents, status of every line."""
    return warehouse.rows(
        f"""select document_no, buyer_ref, product_ref, quantity, net_amount_cents, line_status from raw.order_lines {LATEST}
            order by all"""
    )


def entered_lines(entered: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The same of what was entered."""
    return sorted((no, buyer, product, Decimal(q).quantize(Decimal("0.001")), in_cents(net), STATES[state])
                  for no, buyer, product, q, net, state in entered["orders"])  # fmt: skip


def test_the_week_is_read_as_it_was_entered(tryton: Tryton, warehouse: Loading) -> None:
    report = warehouse.pull(load_profile("tryton"))
    assert {outcome.status for outcome in report.outcomes} == {"loaded"}
    assert warehouse.rows("select count(*) from raw.quarantine") == [(0,)]
    entered = tryton.entered
    assert len(entered["orders"]) == 7
    assert order_lines(warehouse) == entered_lines(entered)
    assert sum(line[4] for line in order_lines(warehouse) if line[5] == "confirmed") == in_cents("199.90") + in_cents(
        "62.10"
    ) + in_cents("87.00") + in_cents("172.50") - in_cents("59.97")
    orders = warehouse.rows("select document_no, status from raw.orders order by all")
    assert orders == sorted({(line[0], line[5]) for line in entered_lines(entered)})


def test_deliveries_returns_and_invoices_too(tryton: Tryton, warehouse: Loading) -> None:
    entered = tryton.entered
    moved = warehouse.rows(
        """select delivery_no, buyer_ref, product_ref, quantity from raw.deliveries
           union all select return_no, buyer_ref, product_ref, -quantity from raw.returns order by all"""
    )
    assert moved == sorted(
        (no, buyer, product, Decimal(q).quantize(Decimal("0.001"))) for no, buyer, product, q in entered["deliveries"]
    )
    assert warehouse.rows("select net_amount_cents, product_ref from raw.returns") == [(in_cents("59.97"), "BRK-01")]
    billed = warehouse.rows(
        "select invoice_no, buyer_ref, product_ref, quantity, net_amount_cents from raw.invoices order by all"
    )  # fmt: skip
    assert billed == sorted(
        (no, buyer, product, Decimal(q).quantize(Decimal("0.001")), in_cents(net))
        for no, buyer, product, q, net in entered["invoices"]
    )
    assert len(billed) == 3
    lines = warehouse.rows(
        """select count(*) from raw.deliveries as d inner join raw.order_lines as l
           on d.order_document_no = l.document_no and d.order_line_no = l.line_no and d.product_ref = l.product_ref"""
    )
    assert lines == [(4,)], "every delivery finds the line it fulfils"


def test_masters_are_read_with_their_numbers(tryton: Tryton, warehouse: Loading) -> None:
    parties = warehouse.rows("select party_ref, kind, name from raw.parties where kind = 'retailer' order by all")
    assert parties == [
        ("R1", "retailer", "Radhaus Kiel"),
        ("R2", "retailer", "Velo Ümlaut & Söhne"),
        ("R3", "retailer", "Bike 'n' Ride"),
    ]
    assert warehouse.rows("select count(*) from raw.parties where kind = 'distributor'") == [(1,)]
    products = warehouse.rows("select product_ref, name from raw.products order by all")
    assert products == [("BRK-01", "Bremse"), ("KET-02", "Kette"), ("LIC-03", "Licht")]


def test_a_second_pull_brings_nothing(warehouse: Loading) -> None:
    report = warehouse.pull(load_profile("tryton"))
    assert sum(outcome.rows_accepted for outcome in report.outcomes) == 0


def test_what_changes_later_is_picked_up_and_what_was_deleted_is_cancelled(tryton: Tryton, warehouse: Loading) -> None:
    before = {line[:3]: line for line in order_lines(warehouse)}
    changed = tryton.enter("change")
    content = load_profile("tryton").model_dump(mode="json", exclude_defaults=True)
    for feed in content["feeds"]:
        if "deletions_minutes" in feed.get("changes", {}):
            feed["changes"]["deletions_minutes"] = 0
    report = warehouse.pull(type(load_profile("tryton")).model_validate(content))
    after = {line[:3]: line for line in order_lines(warehouse)}
    assert {key: line for key, line in after.items() if key[0] == changed["deleted"]} == {
        key: (*line[:5], "cancelled") for key, line in before.items() if key[0] == changed["deleted"]
    }
    assert any(key[0] == changed["deleted"] for key in before)
    new = [line for line in entered_lines(changed) if line[:3] not in before]
    assert new
    assert all(after[line[:3]] == line for line in new)
    status = warehouse.rows(f"select document_no, status from raw.orders {LATEST}")
    assert (changed["deleted"], "cancelled") in status
    billed = {row[0] for row in warehouse.rows("select distinct invoice_no from raw.invoices")}
    assert {row[0] for row in changed["invoices"]} <= billed
    assert sum(outcome.rows_corrected for outcome in report.outcomes) >= 2


KEPT = {
    "orders": """
        select d.name, r.name, p.name, p.gtin, l.ordered_on, l.promised_on, l.quantity, l.net_amount_cents, l.currency, l.line_kind
        from fct_order_lines as l inner join dim_party as r on l.retailer_id = r.party_id inner join dim_product as p using (product_id)
        inner join dim_party as d on l.distributor_id = d.party_id where l.leg = 'sell_through' order by all""",
    "deliveries": """
        select d.name, r.name, p.name, m.quantity, m.shipped_on, l.ordered_on, l.quantity
        from fct_delivery_lines as m inner join dim_party as r on m.retailer_id = r.party_id inner join dim_product as p using (product_id)
        inner join dim_party as d on m.distributor_id = d.party_id
        inner join fct_order_lines as l on l.document_no = m.order_document_no and l.line_no = m.order_line_no and l.leg = m.leg
        where m.leg = 'sell_through' order by all""",
    "stock": """
        select h.name, p.name, s.on_hand_quantity from fct_stock_levels as s inner join dim_party as h on s.holder_id = h.party_id
        inner join dim_product as p using (product_id) order by all""",
}
"""What an ERP keeps of a week: who ordered what, what was shipped for which order, what is left. It has no reports of what was sold on."""


def kept(home: Path, profile: Profile, source: Path | None) -> dict[str, list[tuple[Any, ...]]]:
    """The facts of an instance that was given this one source."""
    settings = Settings(home=home)
    run = Pipeline(settings, SystemClock(), random_id, []).run(
        [Delivery(profile, source)], Reporting(step=lambda _: None), data_docs=False
    )
    assert run.published
    assert not run.refused
    serving = Serving(settings.warehouse_dir)
    try:
        return {name: serving.reader(Scope.of(Role.OPERATOR)).rows(query) for name, query in KEPT.items()}
    finally:
        serving.close()


def test_the_same_week_out_of_an_erp_gives_the_same_facts(empty: Empty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goods = {"gtin": GTIN, "price": PRICE}
    erp = empty.with_same_week({"orders": ORDERS, "deliveries": DELIVERIES, "stock": STOCK} | goods)
    monkeypatch.setenv("TRYTON_URL", erp.url)
    (tmp_path / "csv").mkdir()
    from_files = kept(tmp_path / "of-csv", as_csv(tmp_path / "csv"), tmp_path / "csv")
    from_erp = kept(tmp_path / "of-erp", load_profile("tryton"), None)
    assert from_erp == from_files
    assert [len(rows) for rows in from_files.values()] == [3, 4, 2]
