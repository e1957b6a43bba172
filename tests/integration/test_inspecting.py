"""`dreiklang inspect`: a file is known by its content, everything found is said, nothing is written."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from core.clock import FixedClock
from ingestion.inspecting import Inspection, inspect_file
from ingestion.profiles import load_profile
from tests.support.loading import COLUMNS, HEADER, NOW, profile_of
from tests.support.messages import edifact, order, purchase_order, x12

pytestmark = pytest.mark.integration
ROWS = "A1,1,C1,2026-05-01,00123,2,10.00\nA1,2,C1,2026-05-01,12E5,1,5.50\n"
ORDERS = {"leg": {"const": "sell_through"}}


def look(path: Path, content: bytes | str, **keywords: object) -> Inspection:
    """Inspect a file of that content."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    profile = keywords.get("profile")
    return inspect_file(path, profile, FixedClock(NOW))  # type: ignore[arg-type]


def zipped(**members: bytes) -> bytes:
    """An archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


def parquet() -> bytes:
    """A small parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2, 3]}), sink)
    return sink.getvalue()


@pytest.mark.parametrize(("content", "kind", "packed"), [
    (edifact(order()), "edifact", None), (x12(purchase_order()), "x12", None), (HEADER + ROWS, "csv", None), ('{"a": 1}\n{"a": 2}\n', "jsonl", None),
    (parquet(), "parquet", None), (gzip.compress(edifact(order()).encode()), "edifact", "gzip"), (gzip.compress((HEADER + ROWS).encode()), "csv", "gzip"),
], ids=["edifact", "x12", "csv", "jsonl", "parquet", "packed edifact", "packed csv"])  # fmt: skip
def test_a_file_is_known_by_its_content(tmp_path: Path, content: bytes | str, kind: str, packed: str | None) -> None:
    seen = look(tmp_path / "without-a-hint.bin", content)
    assert (seen.format, seen.packed, seen.findings) == (kind, packed, ())
    assert seen.is_clean
    assert seen.rows in (None, 2, 3)


def test_messages_with_rows_and_findings_by_place(tmp_path: Path) -> None:
    text = edifact(order("O1"), order("O2"), order("O2")).replace("QTY+21:5", "QTY+21:five", 1)
    seen = look(tmp_path / "a.edi", text)
    assert [(m.message_no, m.document_no, m.status) for m in seen.messages] == [
        (1, "O1", "refused"),
        (2, "O2", "accepted"),
        (3, "O2", "accepted"),
    ]
    assert [(f.code, f.place, f.found, f.is_fatal) for f in seen.findings] == [
        ("EDI-203", "message 1, segment 9 (QTY)", "five", True)
    ]
    assert seen.messages[1].rows == {"orders": 1, "order_lines": 1}
    twice = look(tmp_path / "b.edi", edifact(order("O1")) * 2)
    assert [m.status for m in twice.messages] == ["accepted", "duplicate"]


def test_a_profile_says_what_would_be_loaded(tmp_path: Path) -> None:
    bad = "".join(f"B{n},1,C1,2026-05-01,S1,2,10.00\n" for n in range(200)) + "BX,1,C1,2026-05-01,S1,two,1.00\nBY,1\n"
    seen = look(tmp_path / "sales.csv", HEADER + bad, profile=profile_of(COLUMNS))
    (load,) = seen.loads
    assert (load.feed, load.status, load.rows_read, load.rows_accepted, load.rows_quarantined) == (
        "order_lines",
        "loaded",
        202,
        200,
        2,
    )
    assert {(f.code, f.place) for f in seen.findings} == {("ING-303", "line 202, column qty"), ("ING-301", "line 203")}
    other = look(tmp_path / "sales.txt", HEADER + ROWS, profile=profile_of(COLUMNS))
    assert [f.code for f in other.findings] == ["ING-213"]
    wrong = look(tmp_path / "renamed.csv", HEADER.replace("qty", "pieces") + ROWS, profile=profile_of(COLUMNS))
    assert [(f.code, f.place) for f in wrong.findings] == [("ING-207", "feed order_lines")]
    documents = look(
        tmp_path / "a.edi", edifact(order("O1"), order("")), profile=profile_of(ORDERS, files="*.edi", format="edifact")
    )
    assert [(one.rows_read, one.rows_accepted, one.rows_quarantined) for one in documents.loads] == [(2, 1, 1)]
    assert [f.code for f in documents.findings] == ["EDI-201"]


@pytest.mark.parametrize(("content", "code"), [
    (b"", "ING-201"), (b"  \n ", "ING-201"), (gzip.compress(b"order,line\n" * 9000)[:60], "ING-641"), (b"PK\x03\x04 no archive", "ING-631"),
    (b"PAR1 no parquet", "ING-641"), (zipped(**{"../evil.csv": b"a,b\n1,2\n"}), "ING-633"), (zipped(**{"bomb.csv": b"0" * (32 << 20)}), "ING-632"),
    (b"just one word", "ING-641"),
], ids=["nothing", "blanks", "cut gzip", "no archive", "no parquet", "path", "bomb", "a word"])  # fmt: skip
def test_what_cannot_be_taken_is_a_finding(tmp_path: Path, content: bytes, code: str) -> None:
    assert [finding.code for finding in look(tmp_path / "x", content).findings] == [code]


def test_members_of_an_archive_are_inspected_one_by_one(tmp_path: Path) -> None:
    archive = zipped(**{"a.edi": edifact(order()).encode(), "d/b.csv": (HEADER + ROWS).encode()})
    seen = look(tmp_path / "week.zip", archive, profile=None)
    assert [(m.file, m.format) for m in seen.members] == [("a.edi", "edifact"), ("b.csv", "csv")]
    assert seen.is_clean


def test_an_archive_is_refused_as_a_run_refuses_it(tmp_path: Path) -> None:
    """One rule for both: what inspecting calls clean is what a run unpacks."""
    nested = zipped(**{"a.csv": (HEADER + ROWS).encode(), "c.zip": zipped(x=b"y")})
    seen = look(tmp_path / "week.zip", nested, profile=None)
    assert [f.code for f in seen.findings] == ["ING-633"]
    assert seen.members == ()
    many = zipped(**{f"{number}.csv": (HEADER + ROWS).encode() for number in range(250)})
    assert look(tmp_path / "many.zip", many, profile=None).is_clean


def test_the_command_prints_for_people_and_for_scripts_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREIKLANG_HOME", str(tmp_path / "home"))
    good, bad = tmp_path / "good.edi", tmp_path / "bad.edi"
    good.write_text(edifact(order()))
    bad.write_text(edifact(order("")))
    before = sorted(os.walk(tmp_path))
    runner = CliRunner()
    clean = runner.invoke(cli.app, ["inspect", str(good)])
    assert clean.exit_code == 0
    assert "good.edi: edifact" in clean.output
    assert "message 1: ORDERS D.01B O1, accepted, 1 orders, 1 order_lines" in clean.output
    found = runner.invoke(cli.app, ["inspect", str(good), str(bad), "--json", "--profile", "eancom_partner"])
    assert found.exit_code == 3
    first, second = json.loads(found.stdout)
    assert (first["is_clean"], second["is_clean"]) == (True, False)
    assert second["findings"][0] == {"code": "EDI-201", "place": "message 1, segment 3 (BGM)", "found": "nothing",
                                     "expected": "a document number in BGM", "is_fatal": True}  # fmt: skip
    assert {load["feed"] for load in first["loads"] if load["rows_accepted"]} == {"orders", "order_lines"}
    assert sorted(os.walk(tmp_path)) == before


@pytest.mark.parametrize("name", ["eancom_partner", "x12_partner"])
def test_the_shipped_profiles_read_every_message_of_their_format(name: str) -> None:
    from ingestion.documents.registry import format_of

    profile = load_profile(name)
    read = {feed.record_set for feed in profile.feeds}
    offered = {records for sets in format_of(profile.feeds[0].format).MESSAGES.values() for records in sets}
    assert offered - read <= {"sell_out", "products"}
