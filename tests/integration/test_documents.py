"""Documents through the loader: rows and quarantine by message, versions, one parse for all feeds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigurationError
from ingestion.documents import registry
from ingestion.profiles import Profile, load_profile
from tests.support.loading import Loading, loading
from tests.support.messages import edifact, order

pytestmark = pytest.mark.integration
COLUMNS: dict[str, Any] = {"leg": {"const": "sell_through"}}


def profile(documents: dict[str, Any] | None = None, **feed: Any) -> Profile:
    """Orders and their lines out of EDIFACT files."""
    feeds = [
        {"feed": name, "files": "*.edi", "format": "edifact", "columns": COLUMNS, **feed} for name in ("orders", "order_lines")
    ]
    return Profile.model_validate(
        {"source_id": "partner", "title": "P", "currency": "CHF", "feeds": feeds, "documents": documents or {}}
    )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Loading]:
    """A warehouse and a delivery folder."""
    with loading(tmp_path) as site:
        yield site


def test_good_messages_are_loaded_and_bad_ones_stand_in_quarantine(site: Loading) -> None:
    text = edifact(order("O1"), order("O2"), order("O3")).replace("BGM+220+O2", "BGM+220+")
    (site.folder / "a.edi").write_text(text)
    outcomes = site.load(profile()).outcomes
    assert [(o.feed, o.status, o.rows_read, o.rows_accepted, o.rows_quarantined) for o in outcomes] == [
        ("orders", "loaded", 3, 2, 1), ("order_lines", "loaded", 3, 2, 1),
    ]  # fmt: skip
    assert site.rows("select document_no, product_scheme, product_ref, net_amount_cents, currency from raw.order_lines order by 1") == [
        ("O1", "gtin", "04006381333931", 1250, "EUR"), ("O3", "gtin", "04006381333931", 1250, "EUR"),
    ]  # fmt: skip
    code, where, message, raw = site.rows("select error_code, column_name, message, raw_text from raw.quarantine")[0]
    assert (code, where) == ("EDI-201", "message 2, segment 14 (BGM)")
    assert message.startswith("Message 2, segment 14 (bgm): found 'nothing', expected a document number in BGM")
    assert raw.startswith("UNH+2+ORDERS")


def test_a_file_is_parsed_once_for_all_feeds(site: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    module, calls = registry.format_of("edifact"), []
    whole = module.parse
    monkeypatch.setattr(module, "parse", lambda content, switches: calls.append(1) or whole(content, switches))
    (site.folder / "a.edi").write_text(edifact(order()))
    assert {outcome.status for outcome in site.load(profile()).outcomes} == {"loaded"}
    assert len(calls) == 1


def test_many_bad_messages_hold_nothing_back_but_a_file_without_a_good_one_is_held(site: Loading) -> None:
    bad = [order(f"B{n}").replace("QTY+21:5", "QTY+21:x") for n in range(12)]
    (site.folder / "a.edi").write_text(edifact(order("O1"), *bad))
    (site.folder / "b.edi").write_text(edifact(bad[0], ref="2"))
    outcomes = [outcome for outcome in site.load(profile()).outcomes if outcome.feed == "order_lines"]
    assert [(o.status, o.rows_accepted, o.rows_quarantined) for o in outcomes] == [("loaded", 1, 12), ("held", 0, 1)]


@pytest.mark.parametrize("names", [("1_original.edi", "2_change.edi"), ("2_original.edi", "1_change.edi")])
def test_the_later_version_wins_in_any_order_of_arrival(site: Loading, names: tuple[str, str]) -> None:
    original, change = names
    (site.folder / original).write_text(edifact(order("O1"), ref="1"))
    (site.folder / change).write_text(edifact(order("O1", function="5").replace("QTY+21:5", "QTY+21:3"), ref="2"))
    site.load(profile())
    rows = site.rows("select quantity::integer from raw.order_lines order by _version desc")
    assert rows == [(3,), (5,)]
    assert site.rows("select count(*) from raw.corrected_keys where feed = 'order_lines'") == [(1,)]


def test_a_file_that_holds_nothing_is_refused_and_one_without_the_kind_is_empty(site: Loading) -> None:
    (site.folder / "a.edi").write_text("   \n")
    (site.folder / "b.edi").write_text(edifact(order().replace("ORDERS:D", "PARTIN:D")))
    outcomes = [outcome for outcome in site.load(profile()).outcomes if outcome.feed == "orders"]
    assert [(o.status, o.error_code, o.rows_read) for o in outcomes] == [("rejected", "ING-212", 0), ("loaded", None, 0)]


def test_gzip_and_the_profiles_currency(site: Loading) -> None:
    import gzip

    (site.folder / "a.edi").write_bytes(b"")
    (site.folder / "b.edi.gz").write_bytes(gzip.compress(edifact(order().replace("CUX+2:EUR:9\n", "")).encode()))
    outcomes = site.load(profile(files="*.edi*")).outcomes
    assert [o.error_code for o in outcomes if o.feed == "orders"] == ["ING-201", None]
    assert site.rows("select currency from raw.order_lines") == [("CHF",)]


@pytest.mark.parametrize(("documents", "feed", "expected"), [
    ({"missing_prise": "zero"}, {}, "no switch missing_prise"), ({"missing_price": "nil"}, {}, "it may be refuse, zero"),
    ({}, {"records": "parties"}, "gives no records parties"), ({}, {"messages": ["INVOIC"]}, "those that do are ORDERS"),
    ({}, {"columns": {**COLUMNS, "buyer": "costumer"}}, "have no costumer"), ({}, {"columns": {}}, "needs the column leg"),
    ({}, {"format": "csv", "messages": ["ORDERS"]}, "belong to the formats"),
])  # fmt: skip
def test_mistakes_in_profiles_are_named(documents: dict[str, str], feed: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError) as refused:
        profile(documents, **feed)
    assert expected in str(refused.value)


def test_a_profile_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(
        'source_id = "p"\ntitle = "P"\n[documents]\nmissing_price = "zero"\n[documents.parties]\n92 = ":customer"\n'
        '[[feeds]]\nfeed = "orders"\nfiles = "*"\nformat = "edifact"\ncolumns = { leg = { const = "sell_in" } }\n'
    )
    assert load_profile(path).switches == {"source_id": "p", "missing_price": "zero", "parties.92": ":customer"}
    path.write_text('source_id = "p"\ntitle = "P"\nfeeds = []\n[documents]\nmissing_price = "zero"\n')
    with pytest.raises(ConfigurationError):
        load_profile(path)
