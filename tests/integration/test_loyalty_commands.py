"""`dreiklang loyalty …`, in process, on a copy of the demo's store and newest generation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from cli import app
from core.errors import DreiklangError
from core.store import open_store
from tests.support.demo import DemoInstance

pytestmark = pytest.mark.integration
Run = Callable[..., str]


@pytest.fixture
def home(demo: DemoInstance, tmp_path: Path) -> Path:
    """A home that a test may change."""
    target = tmp_path / "home"
    (target / "warehouse").mkdir(parents=True)
    shutil.copytree(demo.settings.root / "store", target / "store")
    for path in demo.settings.warehouse_dir.glob("serve-*.duckdb"):
        shutil.copyfile(path, target / "warehouse" / path.name)
    shutil.copyfile(demo.settings.warehouse_dir / "CURRENT", target / "warehouse" / "CURRENT")
    return target


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command; what it printed, or the error it raised."""
    monkeypatch.setenv("DREIKLANG_HOME", str(home))

    def invoke(*arguments: object) -> str:
        result = CliRunner().invoke(app, ["loyalty", *map(str, arguments)])
        if isinstance(result.exception, DreiklangError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    invoke("activate", "demo")
    return invoke


def retailers(home: Path) -> list[str]:
    """Numbers of two retailers with points."""
    store = open_store(f"sqlite:///{home / 'store' / 'store.sqlite'}")
    with store.connect() as connection:
        members = [
            row[0]
            for row in connection.exec_driver_sql(
                "select distinct member_party_id from members where points_available > 0 limit 2"
            )
        ]
    store.dispose()
    with duckdb.connect(str(next((home / "warehouse").glob("serve-*.duckdb"))), read_only=True) as published:
        return [
            str(published.execute("select party_ref from dim_party where party_id = $id", {"id": one}).fetchall()[0][0])
            for one in members
        ]


def test_terms_speak_german_and_english(run: Run) -> None:
    both = run("terms")
    assert "Punkte auf Kaffee" in both
    assert "Points on coffee" in both
    assert "usable when the period is over" in both
    assert "Points on coffee" not in run("terms", "--language", "de")


def test_check_names_line_and_reason(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(
        'programme_id = "p"\nversion = 1\ntitle_de = "t"\ntitle_en = "t"\ncurrency = "points"\ntime_zone = "Mars/Base"\nleg = "sell_through"\n'
        '[[rules]]\nrule_id = "r"\nversion = 1\ntitle_de = "t"\ntitle_en = "t"\nvalid_from = 2026-01-01\ngrain = "month"\n'
        'pending_until = "delivered"\nbonus_points = 5\n'
    )
    with pytest.raises(DreiklangError) as refused:
        run("check", path)
    assert refused.value.code == "LOY-102"
    assert "line 6, time_zone" in str(refused.value)
    assert "line 15, rules[1].pending_until" in str(refused.value)
    path.write_text(path.read_text().replace("Mars/Base", "Europe/Berlin").replace("delivered", "booked"))
    assert "valid. 1 rules" in run("check", path)


def test_a_statement_and_a_preview_of_one_retailer(run: Run, home: Path) -> None:
    member = retailers(home)[0]
    shown = run("statement", member, "--limit", 200)
    assert "usable" in shown
    assert "Tier " in shown
    assert '"rule"' in shown
    with duckdb.connect(str(next((home / "warehouse").glob("serve-*.duckdb"))), read_only=True) as published:
        ref = published.execute("select product_ref from dim_product where category = 'Accessories' limit 1").fetchall()[0][0]
    found = run("preview", member, "--line", f"{ref}=60=600.00")
    assert "Accessories, with a bonus from 50 units: 220" in found
    assert "(product)" in found
    with pytest.raises(DreiklangError) as unknown:
        run("preview", member, "--line", "nothing=1=1")
    assert unknown.value.code == "CLI-204"


def test_verify_reads_the_books_the_anchor_and_every_explanation(run: Run, demo: DemoInstance) -> None:
    said = run("verify", "--anchor", demo.settings.root / "anchors" / "ledger.jsonl")
    assert "The books add up" in said
    assert "holds" in said
    assert "0 differ" in said


def test_a_tail_cut_off_cleanly_is_found_by_the_anchor(run: Run, home: Path, demo: DemoInstance) -> None:
    store = open_store(f"sqlite:///{home / 'store' / 'store.sqlite'}")
    with store.begin() as connection:
        last = connection.exec_driver_sql("select max(journal_id) from journal").scalar_one()
        for table in ("seals", "lot_terms", "transfers", "lots", "cap_uses", "journal"):
            connection.exec_driver_sql(f"drop trigger if exists {table}_no_delete")
        connection.exec_driver_sql("pragma defer_foreign_keys = on")
        for table in ("seals", "transfers", "lots", "cap_uses", "journal"):
            connection.exec_driver_sql(f"delete from {table} where journal_id = {last}")
    store.dispose()
    run("rebuild")
    with pytest.raises(DreiklangError) as broken:
        run("verify", "--anchor", demo.settings.root / "anchors" / "ledger.jsonl")
    assert "anchor" in str(broken.value)


def test_acts_of_the_people_who_run_the_programme(run: Run, home: Path) -> None:
    first, second = retailers(home)
    assert "is part of" in run("merge", first, second, "--reason", "one owner")
    with pytest.raises(DreiklangError) as twice:
        run("merge", first, second, "--reason", "again")
    assert twice.value.code == "LOY-205"
    assert "stands alone" in run("split", first, "--reason", "sold")
    assert "points expired" in run("expire")
    assert "closed up to 2026-03-31" in run("close-period", "2026-03-31")
    with pytest.raises(DreiklangError) as closed:
        run("close-period", "2026-03-31")
    assert closed.value.code == "LOY-207"
    assert "0 cached figures were wrong" in run("rebuild")
