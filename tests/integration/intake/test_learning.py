"""An unknown layout: looked at, proposed, confirmed once; the next file of it needs nothing."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine

from core.clock import FixedClock
from core.errors import InputRefusedError
from ingestion.intake import (
    answered,
    confirm_layout,
    forget_layout,
    learned_deliveries,
    list_layouts,
    propose,
    sniff,
    try_layout,
)  # fmt: skip
from ingestion.profiles import Profile
from tests.support.loading import loading
from tests.support.real_data import real

pytestmark = pytest.mark.integration

GERMAN = "Auftrag;Pos;Kundennummer;Bestelldatum;EAN;Menge;Nettobetrag\n"
ROWS = "A1;1;K7;13.05.2026;4006381333931;2;1.234,50\nA1;2;K7;13.05.2026;4006381333931;10;99,90\nA2;1;Kö;02.06.2026;4006381333931;1;5,00\n"
ANSWERS = {"const.leg": "sell_through", "const.seller": "D1"}


def written(folder: Path, text: str, *, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    """A file with that text."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def profile_with(feed: object, source_id: str = "partner") -> Profile:
    """A profile of one feed."""
    return Profile.model_validate({"source_id": source_id, "title": "Partner", "time_zone": "Europe/Berlin", "feeds": [feed]})


def test_a_german_export_is_proposed_whole(tmp_path: Path) -> None:
    proposal = propose(sniff(written(tmp_path, GERMAN + ROWS, encoding="cp1252")))
    mapped = {one.column: one.mapping.get("column") for one in proposal.columns}
    assert proposal.feed == "order_lines"
    assert mapped == {
        "document_no": "Auftrag", "line_no": "Pos", "buyer": "Kundennummer", "ordered_on": "Bestelldatum", "product": "EAN", "quantity": "Menge",
        "net_amount": "Nettobetrag",
    }  # fmt: skip
    by_key = {question.key: question for question in proposal.questions}
    assert by_key["decimal"].default == ", thousands ."
    assert by_key["format.ordered_on"].default == "%d.%m.%Y"
    assert "cp1252" in by_key["encoding"].choices
    assert by_key["encoding"].default is None, "several encodings fit these bytes: a person says which"
    product = next(one for one in proposal.columns if one.column == "product")
    assert product.mapping["scheme"] == "gtin"


@pytest.mark.parametrize(("date", "choices"), [("03/04/2026", {"%d/%m/%Y", "%m/%d/%Y"}), ("13/04/2026", {"%d/%m/%Y"})])
def test_an_ambiguous_date_is_a_question_and_a_clear_one_is_not(tmp_path: Path, date: str, choices: set[str]) -> None:
    proposal = propose(
        sniff(written(tmp_path, f"order,line,customer,order date,sku,qty,net\nA,1,K,{date},S,1,2.50\n")), "order_lines"
    )
    question = next(one for one in proposal.questions if one.key == "format.ordered_on")
    assert set(question.choices) == choices
    assert (question.default is None) == (len(choices) > 1)


def test_an_ambiguous_number_is_a_question(tmp_path: Path) -> None:
    proposal = propose(
        sniff(written(tmp_path, "order;line;customer;order date;sku;qty;net\nA;1;K;2026-05-01;S;1;1,234\n")), "order_lines"
    )
    question = next(one for one in proposal.questions if one.key == "decimal")
    assert question.default is None
    assert set(question.choices) == {",", ". thousands ,"}
    with pytest.raises(InputRefusedError) as refused:
        answered(proposal, ANSWERS)
    assert refused.value.code == "ING-643"
    assert "decimal" in refused.value.detail.found
    assert answered(proposal, {**ANSWERS, "decimal": ". thousands ,"}).thousands == ","


def test_a_column_that_a_person_chooses_brings_its_own_questions(tmp_path: Path) -> None:
    text = "order,line,customer,order date,due,sku,qty,net,state\nA,1,K,2026-05-01,03/04/2026,S,1,2.50,offen\n"
    layout = sniff(written(tmp_path, text))
    proposal = propose(layout, "order_lines", chosen={"ordered_on": "due", "line_status": "state"})
    by_key = {question.key: question for question in proposal.questions}
    assert next(one.mapping["column"] for one in proposal.columns if one.column == "ordered_on") == "due"
    assert by_key["format.ordered_on"].default is None
    assert by_key["value.line_status.offen"].default is None
    said = ANSWERS | {"format.ordered_on": "%d/%m/%Y", "value.line_status.offen": "open"}
    feed = answered(proposal, said)
    status = feed.mapping("line_status")
    assert status is not None
    assert status.values == {"offen": "open"}
    assert feed.mapping("unit") is not None, "what a quantity counts is confirmed"
    left_out = propose(layout, "order_lines", chosen={"line_status": None})
    assert "line_status" not in {one.column for one in left_out.columns}


@pytest.mark.parametrize(("answers", "changes", "found"), [
    ({"const.leg": "sideways", "const.seller": "D1"}, {}, "sideways"), ({"const.leg": "sell_in"}, {}, "const.seller"),
    (ANSWERS, {"quantity": "Gewicht"}, "Gewicht"), (ANSWERS, {"quantity": None}, "quantity"),
])  # fmt: skip
def test_a_mapping_that_is_not_whole_is_refused(
    tmp_path: Path, answers: dict[str, str], changes: dict[str, str | None], found: str
) -> None:
    layout = sniff(written(tmp_path, GERMAN + ROWS))
    with pytest.raises(InputRefusedError) as refused:
        answered(propose(layout, "order_lines", chosen=changes), answers)
    assert refused.value.code == "ING-643"
    assert found in refused.value.detail.found


def test_a_confirmed_layout_reads_the_next_file_alone(store: Engine, tmp_path: Path, clock: FixedClock) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "partner").mkdir(parents=True)
    first = written(tmp_path, GERMAN + ROWS)
    proposal = propose(sniff(first))
    feed = answered(proposal, ANSWERS)
    profile = profile_with(feed)
    trial = try_layout(first, profile, feed, clock)
    assert (trial.status, trial.rows_accepted) == ("loaded", 3)
    number = confirm_layout(store, profile, feed, proposal.layout.fingerprint, first.name, clock)

    # another order of columns, another name, gzipped: the same layout
    shuffled = "Menge;Nettobetrag;Auftrag;Pos;Kundennummer;Bestelldatum;EAN\n3;7,50;A9;1;K7;14.06.2026;4006381333931\n"
    (inbox / "partner" / "juni [1].csv.gz").write_bytes(gzip.compress(shuffled.encode()))
    written(inbox / "partner", "Filiale;Umsatz\n1;2\n", name="other.csv")
    [delivery] = learned_deliveries(store, inbox)
    assert delivery.waiting == ("other.csv",)
    with loading(tmp_path) as warehouse:
        warehouse.folder = delivery.folder
        report = warehouse.load(delivery.profile)
        assert [(o.status, o.rows_accepted) for o in report.outcomes] == [("loaded", 1)]
        assert warehouse.rows(
            "select document_no, net_amount_cents, product_scheme, ordered_on::varchar from raw.order_lines"
        ) == [("A9", 750, "gtin", "2026-06-14")]

    forget_layout(store, number, clock)
    assert list_layouts(store) == []
    assert learned_deliveries(store, inbox) == []
    with pytest.raises(InputRefusedError) as refused:
        forget_layout(store, number, clock)
    assert refused.value.code == "ING-644"


def test_a_source_cannot_forget_the_layout_of_another(store: Engine, tmp_path: Path, clock: FixedClock) -> None:
    proposal = propose(sniff(written(tmp_path, GERMAN + ROWS)))
    feed = answered(proposal, ANSWERS)
    number = confirm_layout(store, profile_with(feed), feed, proposal.layout.fingerprint, "a.csv", clock)
    with pytest.raises(InputRefusedError):
        forget_layout(store, number, clock, source_id="somebody_else")
    assert [one.layout_no for one in list_layouts(store)] == [number]


@pytest.mark.parametrize(
    "content", [b"", b"<xml/>", b"UNA:+.? 'UNB+UNOC:3", b"PAR1 broken", b"PK\x03\x04 broken", b"words\nwithout\ncolumns\n"]
)
def test_what_is_no_table_is_said_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(content)
    with pytest.raises(InputRefusedError) as refused:
        sniff(path)
    assert refused.value.code == "ING-641"


@pytest.mark.real
def test_the_brewers_file_comes_in_by_confirming_what_is_proposed(tmp_path: Path) -> None:
    """Monthly volumes per agency and product, without document numbers or amounts."""
    file = real("stallion_beer") / "stallion.parquet"
    proposal = propose(sniff(file))
    assert [one.key for one in proposal.open_questions] == ["const.leg", "const.seller"]
    # months in which nothing was sold stand in the file too
    feed = answered(proposal, {"const.leg": "sell_in", "const.seller": "brewer"}).model_copy(update={"zero_quantities": True})
    with loading(tmp_path) as warehouse:
        warehouse.folder = file.parent
        [outcome] = warehouse.load(profile_with(feed, "stallion")).outcomes
        assert (outcome.status, outcome.rows_read, outcome.rows_accepted) == ("loaded", 21_000, 21_000)
        expected = duckdb.sql(
            f"select sum(volume::decimal(18,3)), count(distinct agency), count(distinct sku) from '{file}'"
        ).fetchall()
        assert (
            warehouse.rows("select sum(quantity), count(distinct buyer_ref), count(distinct product_ref) from raw.order_lines")
            == expected
        )
        money = f"select sum(volume::decimal(24,6) * price_actual::decimal(24,6)) from '{file}'"
        [(exact,)], [(cents, subcents)] = (
            duckdb.sql(money).fetchall(),
            warehouse.rows("select sum(net_amount_cents), sum(net_amount_subcents) from raw.order_lines"),
        )
        assert abs(float(exact) * 100 - (int(cents) + int(subcents) / 100)) < 21_000 * 0.005


@pytest.mark.real
def test_adventureworks_comes_in_by_confirming_what_is_proposed(tmp_path: Path) -> None:
    folder = real("adventureworks_dw")
    feeds = []
    for name, answers in (
        ("DimReseller", {"const.kind": "retailer"}), ("DimProduct", {}), ("FactResellerSales", {"const.leg": "sell_in", "const.seller": "maker"}),
    ):  # fmt: skip
        proposal = propose(sniff(folder / f"{name}.parquet"))
        assert {question.key for question in proposal.open_questions} <= answers.keys()
        feeds.append(answered(proposal, answers))
    assert [feed.feed for feed in feeds] == ["parties", "products", "order_lines"]
    profile = profile_with(feeds[0], "adventure").model_copy(update={"feeds": tuple(feeds), "currency": "USD"})
    with loading(tmp_path) as warehouse:
        warehouse.folder = folder
        outcomes = warehouse.load(profile).outcomes
        assert [(o.feed, o.rows_accepted, o.rows_quarantined) for o in outcomes] == [
            ("parties", 701, 0), ("products", 606, 0), ("order_lines", 60_855, 0)
        ]  # fmt: skip
        [(cents, orders)] = warehouse.rows(
            "select sum(net_amount_cents) + sum(net_amount_subcents) / 100, count(distinct document_no) from raw.order_lines"
        )
        assert (round(float(cents) / 100, 2), orders) == (80_450_596.98, 3_796)
