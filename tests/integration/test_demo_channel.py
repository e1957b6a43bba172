"""The demo channel through the whole pipeline: files in, figures and points out."""

from __future__ import annotations

import csv
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from commands.reports import batch_rows, summary_rows
from core.clock import FixedClock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.store import open_store
from core.warehouse.owner import own_warehouse
from core.warehouse.reader import Serving
from ingestion.demo.generate import PROFILES
from ingestion.demo.partners import WRITERS
from ingestion.profiles import load_profile
from loyalty import evaluate, load_programme, reconcile, verify
from loyalty.awarding import reward_events
from loyalty.review import orders_waiting
from loyalty.tiering import held_tiers
from pipeline import Delivery, Pipeline, Reporting
from tests.support.compare import fingerprints
from tests.support.demo import DemoInstance

pytestmark = pytest.mark.integration
QUIET = Reporting(step=lambda _: None)
LATER = FixedClock(datetime(2026, 6, 30, 13, tzinfo=UTC))
OPERATOR = Scope.of(Role.OPERATOR)


def pipeline_at(home: Path) -> Pipeline:
    """A pipeline on its own home, an hour after the demo was built."""
    return Pipeline(Settings(home=home), LATER, random_id, [load_programme("demo")])


def run(pipeline: Pipeline, inbox: Path, *names: str) -> object:
    """Run the deliveries of these sources."""
    return pipeline.run(
        [Delivery(load_profile(PROFILES / f"{name}.toml"), inbox / name) for name in names], QUIET, data_docs=False
    )


def fingerprint_of(home: Path, *, facts_only: bool) -> dict[str, tuple[object, ...]]:
    """Fingerprints of what an instance has published."""
    serving = Serving(Settings(home=home).warehouse_dir)
    try:
        return fingerprints(serving.reader(OPERATOR), facts_only=facts_only)
    finally:
        serving.close()


@pytest.fixture
def copied(demo: DemoInstance, tmp_path: Path) -> Path:
    """A copy of the published demo that a test may change."""
    home = tmp_path / "home"
    shutil.copytree(demo.settings.root, home, ignore=shutil.ignore_patterns("landing", "reports", "dbt-target", "serve-*"))
    for path in demo.settings.warehouse_dir.glob("serve-*.duckdb"):
        shutil.copyfile(path, home / "warehouse" / path.name)
    return home


def test_totals_equal_what_the_partners_sent(demo: DemoInstance) -> None:
    rows = summary_rows(demo.operator())
    for (source_id, leg), expected in demo.manifest.expected.items():
        (row,) = [r for r in rows if (r["source_id"], r["leg"], r["feed"]) == (source_id, leg, "order_lines")]
        assert (row["documents"], row["lines"], row["net_amount_cents"]) == (
            expected.documents, expected.lines, expected.net_amount_cents,
        )  # fmt: skip
    assert sum(int(str(r["lines"])) for r in rows if r["feed"] == "support_requests") == demo.manifest.support_requests
    assert sum(int(str(r["lines"])) for r in rows if r["feed"] == "sell_out") == demo.manifest.sell_out_lines


def test_the_first_look_finds_payments_and_partners_to_match(demo: DemoInstance) -> None:
    rows = demo.operator().rows
    invoices = {str(row[0]): row[1:] for row in rows(
        "select payment_status, count(*), sum(open_cents)::bigint from fct_invoices where leg = 'sell_through' group by payment_status")}  # fmt: skip
    assert set(invoices) == {"open", "part_paid", "paid"}
    assert invoices["paid"][0] > 20 * invoices["part_paid"][0] > 0
    assert invoices["paid"][1] == 0
    [(owed, open_cents, paid)] = rows(
        """select sum(owed_cents)::bigint, sum(open_cents)::bigint, (select sum(amount_cents - unallocated_cents)::bigint from fct_payments)
           from fct_invoices where leg = 'sell_through'"""
    )
    assert owed - open_cents == paid > 0, "what came in is what is settled"
    assert rows("select amount_cents, unallocated_cents from fct_payments where unallocated_cents <> 0") == [(23_800, 23_800)]
    assert rows("select count(*) from fct_payments where retailer_id = -1") == [(0,)], "payers are known by their accounts"
    found = rows("select left_source_id, right_source_id, cast(score as double) from fct_match_candidates")
    assert [row[:2] for row in found] == [("alpenglut", "suedland")] * 3
    assert all(0.9 < score < 1 for _, _, score in found)


def test_every_row_of_every_file_is_accounted_for(demo: DemoInstance) -> None:
    batches = batch_rows(demo.settings, 10_000)
    assert len(batches) > 50
    for batch in batches:
        parts = [int(str(batch[name])) for name in ("rows_accepted", "rows_quarantined", "rows_duplicate")]
        assert sum(parts) == batch["rows_read"]
    assert {batch["status"] for batch in batches} <= {"loaded", "same_file"}
    assert sum(int(str(batch["rows_corrected"])) for batch in batches) > 0


def test_models_keep_their_promises(demo: DemoInstance) -> None:
    """Every data test and unit test of the dbt project."""
    with own_warehouse(demo.settings):
        demo.pipeline.transformer.test()


def test_the_data_docs_were_written(demo: DemoInstance) -> None:
    assert (demo.settings.reports_dir / "quality" / "index.html").exists()


def test_points_reconcile_with_orders_both_ways(demo: DemoInstance) -> None:
    programme = load_programme("demo")
    store = open_store(demo.settings.resolved_store_url())
    with own_warehouse(demo.settings) as connection:
        batches = evaluate(
            connection, programme, None, left_out=orders_waiting(store, programme), tiers=held_tiers(store, programme),
            events=reward_events(store, programme),
        )  # fmt: skip
        documents = [document for batch in batches for document in batch]
    assert len(documents) > 1000
    assert reconcile(store, programme, documents) == []
    assert verify(store).findings == ()
    store.dispose()


def test_published_balances_are_the_ledger(demo: DemoInstance) -> None:
    rows = demo.operator().rows(
        """select sum(points_available + points_pending + points_held) - sum(points_debt),
               sum(points_earned) - sum(points_reversed) - sum(points_spent) - sum(points_expired) from rpt_member_points"""
    )
    moved = demo.operator().rows(
        """select sum(case when kind = 'award' then points else 0 end) - sum(case when kind = 'reversal' then points else 0 end)
           from fct_point_transfers where debit_account <> 'debt' or credit_account <> 'available'"""
    )
    assert rows[0][0] == rows[0][1] != 0
    assert moved[0][0] is not None


def test_a_second_run_changes_nothing(copied: Path) -> None:
    before = fingerprint_of(copied, facts_only=False)
    result = run(pipeline_at(copied), copied / "inbox", *WRITERS)
    assert not result.published
    assert fingerprint_of(copied, facts_only=False) == before


def test_any_order_of_arrival_ends_in_the_same_figures(demo: DemoInstance, tmp_path: Path) -> None:
    """Master data last, one distributor in two halves, each source in a run of its own: the marts are equal."""
    home, inbox = tmp_path / "home", demo.settings.inbox_dir
    late = tmp_path / "late" / "nordwind"
    late.mkdir(parents=True)
    early = tmp_path / "early" / "nordwind"
    early.mkdir(parents=True)
    for number, path in enumerate(sorted((inbox / "nordwind").iterdir())):
        shutil.copyfile(path, (late if number % 2 else early) / path.name)
    pipeline = pipeline_at(home)
    others = [name for name in reversed(WRITERS) if name not in ("nordwind", "alpenglut")]
    run(pipeline, late.parent, "nordwind")
    run(pipeline, inbox, *others)
    run(pipeline, early.parent, "nordwind")
    run(pipeline, inbox, "alpenglut")
    expected = fingerprints(demo.operator(), facts_only=True)
    found = fingerprint_of(home, facts_only=True)
    assert {name for name in expected if found[name] != expected[name]} == set()
    store = open_store(Settings(home=home).resolved_store_url())
    assert verify(store).findings == ()
    store.dispose()


def test_a_correction_moves_figures_and_points_by_the_difference(copied: Path, tmp_path: Path) -> None:
    settings = Settings(home=copied)
    serving = Serving(settings.warehouse_dir)
    row = serving.reader(OPERATOR).rows(
        """select document_no, line_no, quantity, net_amount_cents, retailer_id, ordered_on from fct_order_lines
           where source_id = 'nordwind' and line_status = 'confirmed' and retailer_id > 0 and returned_quantity = 0
               and ordered_on > date '2026-01-01' order by net_amount_cents desc limit 1"""
    )[0]
    before = points_of(serving, row[4])
    serving.close()
    folder = tmp_path / "correction"
    folder.mkdir()
    original = find_line(copied / "inbox" / "nordwind", str(row[0]), str(row[1]))
    corrected = {**original, "Menge": "1", "Nettobetrag": "1,00"}
    write_line(folder / "Auftraege_korrektur.csv", corrected)
    pipeline = pipeline_at(copied)
    pipeline.run([Delivery(load_profile(PROFILES / "nordwind.toml"), folder)], QUIET, data_docs=False)
    serving = Serving(settings.warehouse_dir)
    after = points_of(serving, row[4])
    assert after < before
    write_line(folder / "Auftraege_korrektur_2.csv", original)
    (folder / "Auftraege_korrektur.csv").unlink()
    pipeline.run([Delivery(load_profile(PROFILES / "nordwind.toml"), folder)], QUIET, data_docs=False)
    assert points_of(serving, row[4]) == before
    serving.close()


def points_of(serving: Serving, retailer_id: object) -> int:
    """What a retailer's balance is in the newest generation."""
    rows = serving.reader(OPERATOR).rows(
        "select sum(points_available - points_debt) from rpt_member_points where member_id = $id", {"id": retailer_id}
    )
    return int(str(rows[0][0]))


def find_line(folder: Path, document_no: str, line_no: str) -> dict[str, str]:
    """The newest row of an order line in the partner's own files."""
    import gzip

    found = None
    for path in sorted(folder.glob("Auftraege_*")):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for row in csv.DictReader(raw.decode("cp1252").splitlines(), delimiter=";"):
            if (row["Auftrag"], row["Pos"]) == (document_no, line_no):
                found = row
    assert found
    return found


def write_line(path: Path, row: dict[str, str]) -> None:
    """A file with one row, as the partner writes it."""
    text = ";".join(row) + "\r\n" + ";".join(row.values()) + "\r\n"
    path.write_bytes(text.encode("cp1252"))


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    from ingestion.demo import generate_demo

    for name in ("a", "b"):
        generate_demo(tmp_path / name, seed=3, end_date=date(2026, 6, 29))
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.csv"))
    assert files
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)
