"""From payment files to open invoices, over several runs: parts, over-payment, credit notes, reversals, and rows that come late."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.clock import FixedClock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.owner import own_warehouse
from core.warehouse.reader import Reader, Serving
from ingestion.profiles import Profile
from pipeline import Delivery, Pipeline, Reporting

pytestmark = pytest.mark.integration
Row = dict[str, Any]
TRADE = {"leg": "sell_through", "seller": "D1", "buyer": "R1"}
FEEDS: dict[str, tuple[str, ...]] = {
    "parties": ("party_ref", "kind", "name"),
    "party_aliases": ("party_ref", "scheme", "alias_value"),
    "invoices": (
        "leg", "invoice_no", "line_no", "seller", "buyer", "quantity", "net_amount", "payable_amount", "invoiced_on", "due_on", "paid_on",
        "credited_invoice_no",
    ),
    "payments": ("payment_no", "payee", "payer", "amount", "booked_on", "reference", "end_to_end_ref"),
}  # fmt: skip
SCHEMES = {"seller": "bank_test", "buyer": "bank_test", "payee": "iban", "payer": "iban"}
PROFILE = Profile.model_validate({"source_id": "bank_test", "title": "Bank", "feeds": [
    {"feed": feed, "files": f"{feed}_*.jsonl", "format": "jsonl",
     "columns": {name: {"column": name, "scheme": SCHEMES[name]} if name in SCHEMES else name for name in names}}
    for feed, names in FEEDS.items()
] + [
    {"feed": "invoices", "files": "*.xml", "format": "ubl", "columns": {"leg": {"const": "sell_through"}}},
    {"feed": "payments", "files": "*.camt", "format": "camt"},
]})  # fmt: skip


@dataclass(slots=True)
class Published:
    """What one run published: invoice -> (credited, paid, open, paid_on, status), payment -> (taken back, allocated, unallocated)."""

    invoices: dict[str, tuple[Any, ...]]
    payments: dict[str, tuple[Any, ...]]


class Channel:
    """A distributor D1 with retailers R1 and R2, and a pipeline that runs again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.settings = folder / "delivery", Settings(home=folder / "home")
        self.folder.mkdir()
        self.pipeline = Pipeline(self.settings, FixedClock(datetime(2026, 6, 30, 12, tzinfo=UTC)), random_id, [])
        self.published: list[Published] = []

    def run(self, **feeds: list[Row]) -> None:
        """Deliver these rows, run, and keep what is published. The lines of an invoice say the same day as the invoice."""
        for feed, rows in feeds.items():
            lines = "".join(json.dumps({name: row.get(name) for name in FEEDS[feed]}) + "\n" for row in rows)
            (self.folder / f"{feed}_{len(self.published):03}.jsonl").write_text(lines, encoding="utf-8")
        result = self.pipeline.run([Delivery(PROFILE, self.folder)], Reporting(step=lambda _: None), data_docs=False)
        assert result.refused == ()
        reader = self.reader()
        invoices = reader.rows(
            "select invoice_no, credited_cents, paid_cents, open_cents, paid_on::varchar, payment_status from fct_invoices"
        )
        payments = reader.rows("select payment_no, taken_back_cents, allocated_cents, unallocated_cents from fct_payments")
        lines_of = reader.rows("select invoice_no, paid_on::varchar from fct_invoice_lines")
        self.published.append(Published({str(r[0]): tuple(r[1:]) for r in invoices}, {str(r[0]): tuple(r[1:]) for r in payments}))
        assert sorted(map(str, lines_of)) == sorted(str((row[0], row[4])) for row in invoices)

    def reader(self) -> Reader:
        """An operator's reader of what is published."""
        return Serving(self.settings.warehouse_dir).reader(Scope.of(Role.OPERATOR))

    def content(self) -> dict[str, list[str]]:
        """Every row of the marts of payments."""
        tables = ("fct_invoices", "fct_payments", "fct_payment_allocations", "fct_invoice_lines")
        return {name: sorted(map(str, self.reader().rows(f"select * from {name}"))) for name in tables}


def invoice(number: str, amount: str, due: str = "2026-06-30", **more: str) -> Row:
    """An invoice of one line of half the payable amount: the rest is tax."""
    net = f"{float(amount) / 2:.2f}"
    return {**TRADE, "invoice_no": number, "line_no": "1", "quantity": "1", "net_amount": net, "payable_amount": amount,
            "invoiced_on": "2026-06-01", "due_on": due, **more}  # fmt: skip


def payment(number: str, amount: str, reference: str, day: str = "2026-06-10", **more: str) -> Row:
    """A payment of R1 to D1."""
    return {
        "payment_no": number,
        "payee": "IBAN-D1",
        "payer": "IBAN-R1",
        "amount": amount,
        "booked_on": day,
        "reference": reference,
        **more,
    }


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Channel:
    """Three runs of one channel."""
    channel = Channel(Path(tmp_path_factory.mktemp("payments")))
    to_r2 = {"buyer": "R2"}
    channel.run(
        parties=[{"party_ref": "D1", "kind": "distributor", "name": "Huber"}]
        + [{"party_ref": ref, "kind": "retailer", "name": ref} for ref in ("R1", "R2")],
        party_aliases=[{"party_ref": ref, "scheme": "iban", "alias_value": f"IBAN-{ref}"} for ref in ("D1", "R1")]
        + [{"party_ref": ref, "scheme": "gln", "alias_value": gln} for ref, gln in (("D1", "4000001000005"), ("R1", "4000001000012"))],
        invoices=[invoice("P-1", "100.00"), invoice("M-1", "50.00", "2026-07-02"), invoice("M-2", "50.00", "2026-07-01")],
        payments=[
            payment("p1", "40.00", "P-1"), payment("m1", "80.00", "Rechnungen M-1, M-2", end_to_end_ref="E-77"),
            payment("l1", "30.00", "L-1"), payment("l2", "30.00", "L-2", payer="IBAN-R2"), payment("l3", "10.00", "L-3"),
        ],
    )  # fmt: skip
    channel.run(
        invoices=[
            invoice("L-1", "30.00"), invoice("L-2", "30.00", **to_r2), invoice("L-3", "10.00", **to_r2), invoice("C-1", "60.00"),
            invoice("C-2", "-20.00", credited_invoice_no="C-1"), invoice("C-3", "10.00", paid_on="2026-06-05"),
        ],
        payments=[
            payment("p2", "70.00", "P-1", "2026-06-12"), payment("c1", "60.00", "C-1"),
            payment("m2", "-80.00", "Ruecklastschrift", "2026-06-14", end_to_end_ref="E-77"),
        ],
    )  # fmt: skip
    channel.run(
        payments=[payment("m3", "100.00", "M-1 M-2", "2026-06-20", end_to_end_ref="E-77"), payment("m4", "-5.00", "unbekannt")]
    )
    return channel


def test_parts_then_the_rest_then_too_much(channel: Channel) -> None:
    first, second, _ = channel.published
    assert first.invoices["P-1"] == (0, 4000, 6000, None, "part_paid")
    assert second.invoices["P-1"] == (0, 10000, 0, "2026-06-12", "paid")
    assert (second.payments["p1"], second.payments["p2"]) == ((0, 4000, 0), (0, 6000, 1000))


def test_one_payment_for_several_a_reversal_and_once_more(channel: Channel) -> None:
    first, second, third = channel.published
    assert first.invoices["M-2"] == (0, 5000, 0, "2026-06-10", "paid")
    assert first.invoices["M-1"] == (0, 3000, 2000, None, "part_paid")
    assert second.invoices["M-2"] == second.invoices["M-1"] == (0, 0, 5000, None, "open")
    assert (second.payments["m1"], second.payments["m2"]) == ((8000, 0, 0), (-8000, 0, 0))
    # paid once more with the same reference: that one stands
    assert third.invoices["M-1"] == (0, 5000, 0, "2026-06-20", "paid")
    assert third.payments["m1"] == (8000, 0, 0)
    # a reversal of what nobody knows takes nothing
    assert third.payments["m4"] == (0, 0, -500)


def test_payments_before_their_invoice_and_payers_who_are_not_known(channel: Channel) -> None:
    first, second, _ = channel.published
    assert first.payments["l1"] == (0, 0, 3000)
    assert second.invoices["L-1"][4] == "paid"
    # a payer whom nobody knows settles by the invoice's number; known as somebody else, not
    assert second.invoices["L-2"][4] == "paid"
    assert second.invoices["L-3"][4] == "open"
    assert second.payments["l3"] == (0, 0, 1000)


def test_payers_and_products_that_nobody_knows_are_listed_with_what_waits_for_them(channel: Channel) -> None:
    """What the score of a partner counts as unmatched, somebody can look up and explain."""
    reader = channel.reader()
    listed = reader.rows("select feed, kind, scheme, ref, lines from fct_unmatched_references order by all")
    assert [row[:4] for row in listed if row[0] == "payments"] == [("payments", "party", "iban", "IBAN-R2")]
    counted = reader.rows(
        "select feed, sum(lines_unknown_party) from rpt_feed_summary group by feed having sum(lines_unknown_party) > 0"
    )
    assert [(row[0], row[4]) for row in listed if row[1] == "party"] == counted


def test_credit_notes_and_what_the_seller_reports(channel: Channel) -> None:
    published = channel.published[1]
    assert published.invoices["C-1"] == (2000, 4000, 0, "2026-06-10", "paid")
    assert published.payments["c1"] == (0, 4000, 2000)
    assert published.invoices["C-2"] == (0, 0, 0, None, "credit")
    assert published.invoices["C-3"] == (0, 1000, 0, "2026-06-05", "paid")


def test_every_cent_is_somewhere(channel: Channel) -> None:
    reader = channel.reader()
    sums = reader.rows("""select sum(taken_back_cents), sum(amount_cents - taken_back_cents - allocated_cents - unallocated_cents),
        sum(allocated_cents) from fct_payments""")
    allocated = reader.rows("select sum(allocated_cents) from fct_payment_allocations where settled_by = 'payment'")[0][0]
    assert sums == [(0, 0, allocated)]
    assert allocated > 0


def test_a_full_build_gives_the_same_and_the_models_tests_pass(channel: Channel) -> None:
    before = channel.content()
    with own_warehouse(channel.settings) as connection:
        connection.execute("delete from raw.transformed")
    channel.run()
    assert channel.content() == before
    with own_warehouse(channel.settings):
        channel.pipeline.transformer.test()
