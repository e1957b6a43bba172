"""Every fault of a partner's file ends in a message that a clerk understands, and the rest of the run goes on."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.loading import COLUMNS, HEADER, Loading, loading, profile_of

pytestmark = pytest.mark.integration
GOOD = "A1,1,C1,2026-05-01,00123,2,10.00\nA1,2,C1,2026-05-01,12E5,1,5.50\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Loading]:
    """A warehouse and a delivery folder that already holds one good file."""
    with loading(tmp_path) as site:
        (site.folder / "zz_good.csv").write_text(HEADER + GOOD.replace("A1", "Z9"))
        yield site


def outcome_of(site: Loading, name: str = "bad.csv") -> tuple[str, str | None, str]:
    """Status, code and message of the bad file, after checking that the good one was loaded and every row accounted for."""
    outcomes = {outcome.file_name: outcome for outcome in site.load().outcomes}
    assert outcomes["zz_good.csv"].status == "loaded"
    for outcome in outcomes.values():
        assert outcome.rows_accepted + outcome.rows_quarantined + outcome.rows_duplicate == outcome.rows_read
    bad = outcomes[name]
    return bad.status, bad.error_code, bad.error_message or ""


def test_truncated_gzip_is_rejected(site: Loading) -> None:
    packed = gzip.compress((HEADER + GOOD * 500).encode())
    (site.folder / "bad.csv.gz").write_bytes(packed[: len(packed) // 2])
    status, code, message = outcome_of_glob(site)
    assert (status, code) == ("rejected", "ING-203")
    assert "Send the file again" in message
    assert site.lines() == 2


def outcome_of_glob(site: Loading) -> tuple[str, str | None, str]:
    """The same for a profile that takes gzip too."""
    outcomes = {o.file_name: o for o in site.load(profile_of(files="*.csv*")).outcomes}
    assert outcomes["zz_good.csv"].status == "loaded"
    bad = outcomes["bad.csv.gz"]
    return bad.status, bad.error_code, bad.error_message or ""


@pytest.mark.parametrize(("header", "missing"), [
    ("order,line,customer,date,sku,quantity,net\n", "qty"), ("order,line,customer,date,sku,qty\n", "net"),
])  # fmt: skip
def test_renamed_or_missing_column_is_named(site: Loading, header: str, missing: str) -> None:
    (site.folder / "bad.csv").write_text(header + GOOD)
    status, code, message = outcome_of(site)
    assert (status, code) == ("rejected", "ING-207")
    assert missing in message


def test_swapped_columns_are_read_by_name(site: Loading) -> None:
    (site.folder / "bad.csv").write_text("line,order,net,date,sku,qty,customer\n1,A1,10.00,2026-05-01,S1,2,C1\n")
    assert outcome_of(site)[0] == "loaded"
    assert site.rows("select document_no, net_amount_cents from raw.order_lines where document_no = 'A1'") == [("A1", 1000)]


def test_doubled_column_is_refused(site: Loading) -> None:
    (site.folder / "bad.csv").write_text("order,line,customer,date,sku,qty,qty,net\nA1,1,C,2026-05-01,S,1,2,3\n")
    assert outcome_of(site)[1] == "ING-206"


def test_wrong_delimiter_says_so(site: Loading) -> None:
    (site.folder / "bad.csv").write_text((HEADER + GOOD).replace(",", ";"))
    status, _, message = outcome_of(site)
    assert status == "rejected"
    assert "separates columns" in message


def test_decimal_comma_where_none_was_declared_is_not_guessed(site: Loading) -> None:
    profile = profile_of(delimiter=";")
    (site.folder / "zz_good.csv").write_text((HEADER + GOOD).replace(",", ";"))
    (site.folder / "bad.csv").write_text(HEADER.replace(",", ";") + "B1;1;C1;2026-05-01;S1;2;10,00\n")
    outcomes = {o.file_name: o for o in site.load(profile).outcomes}
    assert outcomes["bad.csv"].status == "held"
    assert "found '10,00', expected a number like 1234.56" in (outcomes["bad.csv"].error_message or "")


def test_declared_decimal_comma_and_thousands_are_read(site: Loading) -> None:
    profile = profile_of(delimiter=";", decimal=",", thousands=".", date_format="%d.%m.%Y")
    (site.folder / "zz_good.csv").write_text("order;line;customer;date;sku;qty;net\nB1;1;C1;31.05.2026;S1;1.200;12.345,67\n")
    site.load(profile)
    assert site.rows("select quantity::integer, net_amount_cents, ordered_on::varchar from raw.order_lines") == [
        (1200, 1234567, "2026-05-31")
    ]


def test_text_in_a_number_is_quarantined_with_line_and_column(site: Loading) -> None:
    rows = "".join(f"B{n},1,C1,2026-05-01,S1,2,10.00\n" for n in range(2000))
    (site.folder / "bad.csv").write_text(HEADER + rows + "BX,1,C1,2026-05-01,S1,zwölf,10.00\n")
    assert outcome_of(site)[0] == "loaded"
    assert site.lines() == 2002
    found = site.rows("select line_no, column_name, found, error_code, message from raw.quarantine")
    assert found[0][:4] == (2002, "qty", "zwölf", "ING-303")
    assert found[0][4].startswith("Line 2002, column qty: found 'zwölf', expected a number like 1234.56")


def test_more_than_one_percent_bad_rows_hold_the_file(site: Loading) -> None:
    rows = "".join(f"B{n},1,C1,2026-05-01,S1,{'x' if n < 20 else 2},10.00\n" for n in range(1000))
    (site.folder / "bad.csv").write_text(HEADER + rows)
    status, code, _ = outcome_of(site)
    assert (status, code) == ("held", "ING-210")
    assert site.lines() == 2


def test_short_and_long_rows_are_quarantined_with_their_lines(site: Loading) -> None:
    rows = [f"B{n},1,C1,2026-05-01,S1,2,10.00" for n in range(300)]
    rows[100], rows[200], rows[250] = "B100,1,C1", "B200,1,C1,2026-05-01,S1,2,10.00,more", "B250,1,C1,2026-05-01,S1,many,10.00"
    (site.folder / "bad.csv").write_text(HEADER + "\n".join(rows) + "\n")
    assert outcome_of(site)[0] == "loaded"
    assert site.lines() == 299
    assert [row[0] for row in site.rows("select distinct line_no from raw.quarantine order by 1")] == [102, 202, 252]


def test_empty_file_and_header_only_are_told_apart(site: Loading) -> None:
    (site.folder / "bad.csv").write_bytes(b"")
    (site.folder / "header.csv").write_text(HEADER)
    assert outcome_of(site)[:2] == ("rejected", "ING-201")
    assert site.rows("select status, rows_read, error_message from raw.batches where file_name = 'header.csv'")[0][:2] == (
        "loaded",
        0,
    )


def test_the_same_file_twice_and_under_another_name_changes_nothing(site: Loading) -> None:
    site.load()
    (site.folder / "copy.csv").write_bytes((site.folder / "zz_good.csv").read_bytes())
    outcomes = site.load().outcomes
    assert {outcome.status for outcome in outcomes} == {"same_file"}
    assert sum(outcome.rows_duplicate for outcome in outcomes) == 4
    assert site.lines() == 2


def test_duplicates_inside_a_file_are_counted_and_corrections_kept(site: Loading) -> None:
    (site.folder / "a.csv").write_text(HEADER + GOOD + GOOD)
    first = {o.file_name: o for o in site.load().outcomes}["a.csv"]
    assert (first.rows_accepted, first.rows_duplicate) == (2, 2)
    (site.folder / "b.csv").write_text(HEADER + GOOD.replace("10.00", "11.00"))
    second = {o.file_name: o for o in site.load().outcomes}["b.csv"]
    assert (second.rows_accepted, second.rows_duplicate, second.rows_corrected) == (1, 1, 1)
    assert site.rows("select count(*) from raw.corrected_keys") == [(1,)]


def test_article_numbers_stay_text(site: Loading) -> None:
    (site.folder / "zz_good.csv").write_text(HEADER + GOOD)
    site.load()
    assert sorted(row[0] for row in site.rows("select product_ref from raw.order_lines")) == ["00123", "12E5"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_declared_encodings_and_byte_order_marks(site: Loading, encoding: str) -> None:
    (site.folder / "zz_good.csv").write_bytes((HEADER + GOOD.replace("C1", "Müller")).encode(encoding))
    site.load(profile_of(encoding="utf-8" if encoding == "utf-8-sig" else encoding))
    assert site.rows("select distinct buyer_ref from raw.order_lines") == [("Müller",)]


def test_undeclared_encoding_is_refused(site: Loading) -> None:
    (site.folder / "bad.csv").write_bytes((HEADER + GOOD.replace("C1", "Müller")).encode("cp1252") + b"\xff\xfe")
    outcomes = {o.file_name: o for o in site.load(profile_of(encoding="ascii")).outcomes}
    assert outcomes["bad.csv"].error_code == "ING-204"


def test_a_date_in_the_future_or_of_another_style_is_refused(site: Loading) -> None:
    rows = "".join(f"B{n},1,C1,2026-05-01,S1,2,10.00\n" for n in range(400))
    (site.folder / "bad.csv").write_text(HEADER + rows + "F,1,C1,2027-01-01,S1,2,1.00\nG,1,C1,01.05.2026,S1,2,1.00\n")
    outcome_of(site)
    assert [row[0] for row in site.rows("select error_code from raw.quarantine order by line_no")] == ["ING-305", "ING-303"]


def test_an_hour_that_the_clock_skipped_is_refused(site: Loading) -> None:
    columns = {**COLUMNS, "ordered_at": "at"}
    head = HEADER.replace("net\n", "net,at\n")
    rows = "".join(f"B{n},1,C1,2026-05-01,S1,2,10.00,2026-05-01T12:00:00\n" for n in range(300))
    (site.folder / "zz_good.csv").write_text(head + rows + "S,1,C1,2026-03-29,S1,2,1.00,2026-03-29T02:30:00\n")
    site.load(profile_of(columns))
    assert site.rows("select column_name, found from raw.quarantine") == [("at", "2026-03-29T02:30:00")]
    assert site.rows("select distinct ordered_at::varchar from raw.order_lines") == [("2026-05-01 10:00:00",)]


def test_an_unclosed_quote_does_not_swallow_the_run(site: Loading) -> None:
    rows = "".join(f"B{n},1,C1,2026-05-01,S1,2,10.00\n" for n in range(200))
    (site.folder / "bad.csv").write_text(HEADER + rows + 'BQ,1,"C1,2026-05-01,S1,2,10.00\n')
    status, _, _ = outcome_of(site)
    assert status in ("loaded", "rejected")
    assert site.rows("select count(*) from raw.order_lines where document_no = 'BQ'") == [(0,)]


def test_a_broken_json_line_is_named(site: Loading) -> None:
    columns = {
        **COLUMNS,
        "document_no": "o",
        "line_no": "l",
        "buyer": "c",
        "ordered_on": "d",
        "product": "s",
        "quantity": "q",
        "net_amount": "n",
    }
    good = "".join(f'{{"o":"J{n}","l":1,"c":"C","d":"2026-05-01","s":"S","q":1,"n":2.5}}\n' for n in range(300))
    (site.folder / "x.jsonl").write_text(good + '{"o":"broken"\n')
    site.load(profile_of(columns, files="*.jsonl", format="jsonl"))
    assert site.lines() == 300
    assert site.rows("select line_no, error_code from raw.quarantine") == [(301, "ING-302")]


@pytest.mark.parametrize("content", [b"not a parquet file", b"PK\x03\x04 not a workbook"])
def test_other_bytes_than_declared_are_refused(site: Loading, content: bytes) -> None:
    for name, kind in (("x.parquet", "parquet"), ("x.xlsx", "xlsx")):
        (site.folder / name).write_bytes(content)
        outcome = site.load(profile_of(files=name, format=kind)).outcomes[0]
        assert (outcome.status, outcome.error_code) == ("rejected", "ING-202")


def test_a_bad_row_is_told_of_though_the_file_names_its_columns_as_we_do(tmp_path: Path) -> None:
    """The names of the contract in the file's header: refused rows are looked up beside what was staged."""
    columns: dict[str, Any] = {
        name: name for name in ("leg", "document_no", "line_no", "buyer", "ordered_on", "product", "quantity", "net_amount")
    }
    columns |= {"seller": {"const": "D1"}, "line_kind": {"const": "order"}, "line_status": {"const": "confirmed"}}
    with loading(tmp_path) as made:
        rows = "sell_through,A,1,K,2026-05-01,S,1,2.00\nsell_through,A,2,K,2026-05-01,S,many,2.00\n"
        (made.folder / "a.csv").write_text("leg,document_no,line_no,buyer,ordered_on,product,quantity,net_amount\n" + rows)
        [outcome] = made.load(profile_of(columns)).outcomes
        assert (outcome.rows_accepted, outcome.rows_quarantined) == (1, 1)
        assert outcome.findings[0].found == "many"
