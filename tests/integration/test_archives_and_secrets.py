"""Archives become their files or are refused; a shared secret is nowhere: not on disk, not in the database, not in a log."""

from __future__ import annotations

import gzip
import hashlib
import logging
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import structlog

from core.clock import FixedClock
from core.settings import Settings
from ingestion import archives
from ingestion.jobs import load_delivery, prepare
from ingestion.profiles import Profile, load_profile
from tests.support.documents import SECRET, cxml, cxml_order, invoice
from tests.support.loading import COLUMNS, HEADER, NOW, Loading, loading
from tests.unit.test_archives import HOSTILE, packed

pytestmark = pytest.mark.integration
GOOD = "A1,1,C1,2026-05-01,00123,2,10.00\n"
CANARY = SECRET.encode()


def with_archives(files: str = "*.csv") -> Profile:
    """Order lines out of CSV files, plain or in an archive."""
    return Profile.model_validate({
        "source_id": "partner", "title": "P", "archives": ["*.zip"],
        "feeds": [{"feed": "order_lines", "files": files, "columns": COLUMNS}],
    })  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Loading]:
    """A warehouse and a delivery folder."""
    with loading(tmp_path) as site:
        yield site


def test_files_of_an_archive_land_with_its_name(site: Loading) -> None:
    content = packed(
        ("one.csv", (HEADER + GOOD).encode()), ("two.csv", (HEADER + GOOD.replace("A1", "B1")).encode()), ("read.me", b"-")
    )
    (site.folder / "may.zip").write_bytes(content)
    outcomes = site.load(with_archives()).outcomes
    assert [(o.file_name, o.status, o.rows_accepted) for o in outcomes] == [
        ("may.zip!one.csv", "loaded", 1), ("may.zip!two.csv", "loaded", 1),
    ]  # fmt: skip
    landed = {Path(str(row[0])) for row in site.rows("select landed_path from raw.batches")}
    assert all(path.is_file() and path.read_bytes().startswith(HEADER.encode()) for path in landed)
    assert not list(site.settings.landing_dir.rglob("*.zip"))
    assert not list(site.settings.landing_dir.glob(".pull-*"))
    assert {o.status for o in site.load(with_archives()).outcomes} == {"same_file"}


@pytest.mark.parametrize("name", ["nested", "parent", "link", "cut_off"])
def test_a_refused_archive_is_an_outcome_and_the_others_go_on(site: Loading, name: str) -> None:
    make, code = HOSTILE[name]
    (site.folder / "bad.zip").write_bytes(make())
    (site.folder / "good.csv").write_text(HEADER + GOOD)
    outcomes = {o.file_name: o for o in site.load(with_archives()).outcomes}
    assert (outcomes["bad.zip"].status, outcomes["bad.zip"].feed, outcomes["bad.zip"].error_code) == ("rejected", "archive", code)
    assert outcomes["good.csv"].rows_accepted == 1
    assert site.rows("select status, error_code, landed_path from raw.batches where file_name = 'bad.zip'") == [
        ("rejected", code, "not kept")
    ]
    assert [path.name for path in site.settings.landing_dir.rglob("*") if path.is_file()] == [
        path.name for path in site.settings.landing_dir.rglob("*good.csv")
    ]


def test_bombs_in_workbooks_and_gzip_are_refused(site: Loading, monkeypatch: pytest.MonkeyPatch) -> None:
    small = archives.ArchiveLimits(ratio=20, ratio_from_bytes=100_000)
    monkeypatch.setattr(archives.check_workbook, "__defaults__", (small,))
    monkeypatch.setattr(archives.CountedGzip.__init__, "__defaults__", (small,))
    (site.folder / "bomb.xlsx").write_bytes(packed(("xl/worksheets/sheet1.xml", b"<c/>" * 200_000)))
    (site.folder / "bomb.csv.gz").write_bytes(gzip.compress((HEADER + GOOD * 20_000).encode()))
    feeds = [{"feed": "order_lines", "files": "*.xlsx", "format": "xlsx", "columns": COLUMNS},
             {"feed": "order_lines", "files": "*.gz", "columns": COLUMNS}]  # fmt: skip
    profile = Profile.model_validate({"source_id": "partner", "title": "P", "feeds": feeds})
    assert [(o.status, o.error_code) for o in site.load(profile).outcomes] == [("rejected", "ING-632")] * 2


def everything_below(folder: Path) -> bytes:
    """All bytes of all files, unpacked where they are packed."""
    content = b""
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            content += raw + (zlib.decompressobj(31).decompress(raw) if raw.startswith(b"\x1f\x8b") else b"")
    return content


def test_a_shared_secret_is_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Whole, broken, packed, in an archive, in UTF-16, and read with a profile for something else."""
    folder, whole = tmp_path / "delivery", cxml(cxml_order())
    folder.mkdir()
    (folder / "1_whole.xml").write_bytes(whole)
    (folder / "2_cut.xml").write_bytes(whole[: whole.index(CANARY) + len(CANARY)])
    (folder / "3_wrong.xml").write_bytes(cxml(cxml_order(quantity="ten")))
    (folder / "4_packed.xml.gz").write_bytes(gzip.compress(whole))
    (folder / "5_cut.xml.gz").write_bytes(gzip.compress(whole)[:-9])
    (folder / "6_wide.xml").write_bytes(whole.decode().replace("UTF-8", "UTF-16").encode("utf-16"))
    (folder / "7_archive.zip").write_bytes(packed(("8_inner.xml", whole.replace(b"1@buyer", b"8@buyer"))))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    site_home = tmp_path / "home"
    try:
        with duckdb.connect(str(tmp_path / "home.duckdb")) as connection:
            prepare(connection)
            profile = load_profile("cxml").model_copy(update={"archives": ("*.zip",)})
            feeds = tuple(feed.model_copy(update={"files": "*.xml*"}) for feed in profile.feeds)
            profile = profile.model_copy(update={"feeds": feeds})
            for one in (profile, load_profile("peppol").model_copy(update={"source_id": "other"})):
                report = load_delivery(connection, one, folder, Settings(home=site_home), FixedClock(NOW), "run")
                assert report.outcomes
            accepted = connection.execute("select count(*) from raw.order_lines").fetchall()
            found = connection.execute("select count(*) from raw.quarantine").fetchall()
    finally:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    assert accepted[0][0] >= 1
    assert found[0][0] >= 1
    shown = capfd.readouterr()
    assert "file_read" in shown.out + shown.err, "the test would not see a leak into the log"
    kept = everything_below(site_home) + (tmp_path / "home.duckdb").read_bytes()
    for form in (CANARY, SECRET.encode("utf-16-le")):
        assert form in everything_below(folder) or form in whole
        assert form not in kept
    assert SECRET not in shown.out + shown.err
    assert b"[redacted]" in kept


def test_the_hash_of_a_redacted_file_is_that_of_what_came(site: Loading) -> None:
    (site.folder / "a.xml").write_bytes(cxml(cxml_order()))
    (site.folder / "b.xml").write_bytes(invoice())
    profile = load_profile("cxml")
    site.load(profile)
    known = dict(site.rows("select distinct file_name, sha256 from raw.batches"))
    assert known["a.xml"] == hashlib.sha256(cxml(cxml_order())).hexdigest()
    landed = next(site.settings.landing_dir.rglob("*b.xml"))
    assert landed.read_bytes() == invoice()
    # the same bytes once more are known by it
    assert {o.status for o in site.load(profile).outcomes if o.file_name == "a.xml" and o.rows_accepted} == set()
