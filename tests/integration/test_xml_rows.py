"""Partners' own XML: rows by a path, columns by paths, as a stream, and nothing hostile."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion.profiles import Profile
from tests.support.documents import HOSTILE_XML
from tests.support.loading import COLUMNS, Loading, loading

pytestmark = pytest.mark.integration
XML_COLUMNS: dict[str, Any] = {
    **COLUMNS, "document_no": "../@no", "line_no": "@pos", "buyer": "../customer/number", "ordered_on": "../@date", "product": "sku",
    "quantity": "qty", "net_amount": "concat(amount/@whole, '.', amount/@part)", "unit": "qty/@unit",
}  # fmt: skip
ORDER = """<order no="A{0}" date="2026-05-01"><customer><number>C1</number></customer>
<line pos="1"><sku>00123</sku><qty unit="box">2</qty><amount whole="10" part="00"/></line>
<line pos="2"><sku> 12E5 </sku><qty>1</qty><amount whole="5" part="50"/><note>free <b>text</b></note></line></order>
"""


def profile_of(columns: dict[str, Any] | None = None, **feed: Any) -> Profile:
    """Order lines out of XML."""
    settings = {
        "feed": "order_lines",
        "files": "*.xml*",
        "format": "xml",
        "record_path": "/export/order/line",
        "columns": columns or XML_COLUMNS,
    }
    return Profile.model_validate({"source_id": "partner", "title": "P", "feeds": [{**settings, **feed}]})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Loading]:
    """A warehouse and a delivery folder."""
    with loading(tmp_path) as site:
        yield site


def test_records_and_columns_by_path(site: Loading) -> None:
    (site.folder / "a.xml").write_text(
        f"<export><order><line/></order>{ORDER.format(1)}{ORDER.format(2)}</export>".replace("<order><line/></order>", "")
    )
    (site.folder / "b.xml.gz").write_bytes(gzip.compress(f"<export>{ORDER.format(3)}</export>".encode()))
    outcomes = site.load(profile_of()).outcomes
    assert [(o.status, o.rows_read, o.rows_accepted) for o in outcomes] == [("loaded", 4, 4), ("loaded", 2, 2)]
    rows = site.rows("""select document_no, line_no, buyer_ref, product_ref, quantity::integer, unit, net_amount_cents
        from raw.order_lines where document_no in ('A1', 'A3') order by 1, 2""")
    assert rows == [
        ("A1", "1", "C1", "00123", 2, "box", 1000), ("A1", "2", "C1", "12E5", 1, None, 550),
        ("A3", "1", "C1", "00123", 2, "box", 1000), ("A3", "2", "C1", "12E5", 1, None, 550),
    ]  # fmt: skip


def test_bad_rows_are_quarantined_by_record(site: Loading) -> None:
    text = "".join(ORDER.format(number) for number in range(100)).replace("<qty>1</qty>", "<qty>one</qty>", 1)
    (site.folder / "a.xml").write_text(f"<export>{text}</export>")
    site.load(profile_of())
    assert site.rows("select row_no, column_name, found, error_code from raw.quarantine") == [(2, "qty", "one", "ING-303")]
    assert site.lines() == 199


def test_namespaces_by_prefix_or_any(site: Loading) -> None:
    text = f'<export xmlns="urn:shop">{ORDER.format(1)}</export>'
    (site.folder / "a.xml").write_text(text)
    columns = {
        key: value.replace("../customer/number", "../s:customer/s:number").replace("sku", "s:sku").replace("qty", "s:qty").replace("amount", "s:amount")
        if isinstance(value, str) else value for key, value in XML_COLUMNS.items()
    }  # fmt: skip
    assert site.load(profile_of(columns, namespaces={"s": "urn:shop"})).outcomes[0].rows_accepted == 2
    assert (
        site.load(profile_of(columns, namespaces={"s": "urn:shop"}, record_path="/s:export/s:order/s:line")).outcomes[0].status
        == "same_file"
    )
    wrong = profile_of(
        columns, namespaces={"s": "urn:other"}, record_path="/s:export/s:order/s:line", feed="order_lines", files="a.x*"
    )
    (site.folder / "a.xml").write_text(text + "\n")
    outcome = site.load(wrong).outcomes[0]
    assert (outcome.status, outcome.error_code) == ("rejected", "ING-207")


@pytest.mark.parametrize(
    "name", ["billion_laughs", "external_entity", "external_dtd", "xinclude", "deep_and_closed", "cut_off", "utf16_entity"]
)
def test_hostile_xml_is_refused(site: Loading, name: str) -> None:
    (site.folder / "a.xml").write_bytes(HOSTILE_XML[name][0])
    outcome = site.load(profile_of()).outcomes[0]
    assert (outcome.status, outcome.error_code) == ("rejected", "ING-212")
    assert HOSTILE_XML[name][1] in (outcome.error_message or "")


def test_missing_elements_are_named(site: Loading) -> None:
    (site.folder / "a.xml").write_text("<export><lines/></export>")
    outcome = site.load(profile_of()).outcomes[0]
    assert outcome.error_code == "ING-207"
    assert "/export/order/line" in (outcome.error_message or "")


@pytest.mark.parametrize(("feed", "expected"), [
    ({"record_path": None}, "record_path"), ({"record_path": "//line"}, "record_path"), ({"format": "csv"}, "record_path"),
    ({"record_path": "/x:a"}, "namespaces"), ({"columns": {**XML_COLUMNS, "unit": "a["}}, "a["),
    ({"columns": {**XML_COLUMNS, "unit": "x:a"}}, "x:a"),
])  # fmt: skip
def test_mistakes_in_profiles_are_named(feed: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError) as refused:
        profile_of(**feed)
    assert expected in str(refused.value)


MEASURE = """
import resource, sys
from pathlib import Path
from ingestion.profiles.model import FeedProfile
from ingestion.xml_rows import STREAM_LIMITS, _records
from tests.integration.test_xml_rows import profile_of
feed = profile_of().feeds[0]
with open(sys.argv[1], "rb") as source:
    rows = sum(1 for _ in _records(source, feed, ["../@no", "@pos", "sku"]))
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for orders in (500, 50_000):
        path = tmp_path / f"{orders}.xml"
        with path.open("w") as out:
            out.write("<export>")
            for number in range(orders):
                out.write(ORDER.format(number))
            out.write("</export>")
        ran = subprocess.run(
            [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
        )
        rows, peak = map(int, ran.stdout.split())
        assert rows == 2 * orders
        peaks.append(peak)
    assert path.stat().st_size > 10_000_000
    assert peaks[1] - peaks[0] < 20_000, "a tree of the larger file alone takes ten times its size"
