"""The command `dreiklang`, as a script would use it: exit codes, JSON on stdout, messages on stderr."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.support.instances import parse_into

pytestmark = pytest.mark.integration
COMMAND = Path(sys.executable).parent / "dreiklang"
PROFILE = """
source_id = "muster"
title = "Muster"
[[constants]]
feed = "parties"
rows = [{ party_ref = "D", kind = "distributor", name = "Muster" }, { party_ref = "R1", kind = "retailer", name = "Laden" }]
[[feeds]]
feed = "order_lines"
files = "*.csv"
[feeds.columns]
leg = { const = "sell_through" }
document_no = "order"
line_no = "line"
seller = { const = "D" }
buyer = "customer"
ordered_on = "date"
product = "sku"
quantity = "qty"
net_amount = "net"
line_kind = { const = "order" }
line_status = { const = "confirmed" }
"""
HEADER = "order,line,customer,date,sku,qty,net\n"


class Shell:
    """Runs the command in its own home."""

    def __init__(self, folder: Path) -> None:
        self.home, self.source, self.profile = folder / "home", folder / "source", folder / "muster.toml"
        self.source.mkdir()
        self.profile.write_text(PROFILE)

    def __call__(self, *arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "DREIKLANG_HOME": str(self.home), "COLUMNS": "100", **settings}
        return subprocess.run(
            [COMMAND, *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def run(self) -> subprocess.CompletedProcess[str]:
        """Load what lies in the source folder."""
        return self("run", "--profile", self.profile, "--source", self.source)


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt keeps of the parsed project."""
    home = tmp_path_factory.mktemp("parsed")
    parse_into(home)
    return home / "dbt-target"


@pytest.fixture
def shell(tmp_path: Path, parsed: Path) -> Shell:
    """A home in which nothing was loaded yet."""
    shell = Shell(tmp_path)
    shutil.copytree(parsed, shell.home / parsed.name)
    return shell


def test_from_an_empty_home_to_a_summary(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    assert shell("summary").returncode == 4
    (shell.source / "a.csv").write_text(HEADER + "A1,1,R1,2026-01-02,p,2,10.005\nA1,2,R9,2026-01-03,p,1,0.00\n")
    first = shell.run()
    assert first.returncode == 0, first.stderr
    assert "Published generation 1" in first.stderr
    assert "leaked" not in first.stderr
    summary = json.loads(shell("summary", "--json").stdout)
    (lines,) = [row for row in summary if row["feed"] == "order_lines"]
    assert lines | {"rows_quarantined": 0} == {
        "source_id": "muster", "feed": "order_lines", "leg": "sell_through", "currency": "EUR", "documents": 1, "lines": 2,
        "return_lines": 0, "net_amount_cents": 1000, "first_event_on": "2026-01-02", "last_event_on": "2026-01-03",
        "lines_unknown_party": 1, "lines_unknown_product": 2, "rows_quarantined": 0,
    }  # fmt: skip

    again = shell.run()
    assert again.returncode == 0
    assert "generation 1 stays published" in again.stderr

    (shell.source / "b.csv").write_text("order,line\nA2,1\n")
    (shell.source / "c.csv").write_text(HEADER + "A3,1,R1,2026-01-04,p,1,5.00\nA3,2,R1,2026-01-04,p,one,5.00\n")
    refused = shell.run()
    assert refused.returncode == 3
    assert "b.csv" in refused.stderr
    assert "Published generation 2" in refused.stderr
    runs = {row["file_name"]: row for row in json.loads(shell("runs", "--json", "--last", "3").stdout)}
    assert (runs["b.csv"]["status"], runs["b.csv"]["error_code"]) == ("rejected", "ING-207")
    assert (runs["c.csv"]["rows_accepted"], runs["c.csv"]["rows_quarantined"]) == (1, 1)
    (row,) = json.loads(shell("quarantine", "--json").stdout)
    assert (row["line_no"], row["column_name"], row["error_code"]) == (3, "qty", "ING-303")
    for command in ("summary", "runs", "quarantine", "profiles", "doctor"):
        shown = shell(command)
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout
        assert all(len(line) <= 100 for line in shown.stdout.splitlines()), command

    events = [json.loads(line) for line in (shell.home / "logs" / "events.jsonl").read_text().splitlines()]
    assert {"file_read", "run_ended"} <= {event["event"] for event in events}


def test_a_folder_without_files_is_said(shell: Shell) -> None:
    result = shell.run()
    assert result.returncode == 3
    assert "brought no file" in result.stderr


@pytest.mark.parametrize(("arguments", "code", "exit_code"), [
    (("run", "--profile", "nobody"), "ING-101", 2),
    (("run", "--profile", "iowa", "--source", "/nowhere"), "ING-103", 2),
    (("run", "--profile", "iowa", "--profile", "servicenow", "--source", "/nowhere"), "CLI-101", 2),
    (("runs",), "CLI-102", 2),
    (("summary",), "WH-201", 4),
    (("loyalty", "activate", "nobody"), "LOY-101", 2),
    (("users", "password", "nobody@example.org", "--password", "correct horse battery staple"), "ACC-204", 3),
    (("users", "add", "--email", "a@b.example", "--name", "A", "--role", "operator", "--party", "1", "--password", "x"), None, 2),
])  # fmt: skip
def test_mistakes_have_a_code_and_an_exit_code(
    shell: Shell, arguments: tuple[str, ...], code: str | None, exit_code: int
) -> None:
    result = shell(*arguments)
    assert result.returncode == exit_code, result.stderr
    if code:
        assert code in result.stderr
        assert "next:" in result.stderr


def test_a_wrong_setting_is_named_and_its_value_is_not_shown(shell: Shell) -> None:
    result = shell("summary", DREIKLANG_PORT="s3cret-99")
    assert result.returncode == 2
    assert "DREIKLANG_PORT" in result.stderr
    assert "s3cret-99" not in result.stderr


def test_an_unreachable_store_says_so_without_its_password(shell: Shell) -> None:
    result = shell("users", "list", DREIKLANG_STORE_URL="postgresql+psycopg://me:s3cret@127.0.0.1:9/none")
    assert result.returncode == 4
    assert "STO-101" in result.stderr
    assert "s3cret" not in result.stderr + result.stdout


def test_doctor_says_what_is_missing(shell: Shell) -> None:
    result = shell("doctor")
    assert result.returncode == 2
    assert "something is published" in result.stdout
    assert "MISSING" in result.stdout


def test_two_runs_at_once_one_works_and_one_leaves(shell: Shell) -> None:
    from core.settings import Settings
    from core.warehouse.owner import own_warehouse

    with own_warehouse(Settings(home=shell.home)):
        result = shell.run()
    assert result.returncode == 5
    assert "WH-101" in result.stderr


def test_freshness_says_how_old_each_feed_is(shell: Shell) -> None:
    nothing = shell("freshness")
    assert nothing.returncode == 2
    assert "CLI-102" in nothing.stderr
    (shell.source / "orders.csv").write_text(HEADER + "A1,1,R1,2026-06-01,S1,2,10.00\n")
    assert shell.run().returncode == 0
    fresh = {row["feed"]: row for row in json.loads(shell("freshness", "--json").stdout)}
    assert fresh["order_lines"]["status"] == "fresh"
    assert 0 <= fresh["order_lines"]["age_hours"] < 1
    assert fresh["stock"] == {"feed": "stock", "status": "nothing_yet", "age_hours": None}
    for days, status in ((3, "late"), (15, "overdue")):
        with duckdb.connect(shell.home / "warehouse" / "warehouse.duckdb") as warehouse:
            warehouse.execute(f"update raw.order_lines set _recorded_at = now() at time zone 'UTC' - interval {days} day")
        assert f"order_lines: newest row {days * 24}.0 hours old, {status}" in shell("freshness").stdout


def test_replay_reads_again_what_a_mended_profile_takes(shell: Shell) -> None:
    rows = "".join(f"A{n},1,R1,2026-05-01,S,1,2.50\n" for n in range(200))
    (shell.source / "a.csv").write_text(HEADER + rows + "B1,1,R1,2026-05-01,S,0,2.50\n")
    (shell.source / "b.csv").write_text((HEADER + "C1,1,R1,2026-05-01,S,1,2.50\n").replace("sku", "article"))
    assert shell("replay", "--dry-run").returncode == 2, "an instance that never ran says so"
    assert shell.run().returncode == 3
    planned = shell("replay", "--dry-run", "--json")
    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    assert [(one["file_name"], one["status"], one["rows_open"], "--profile" in one["problem"]) for one in plan] == [
        ("a.csv", "loaded", 1, True), ("b.csv", "rejected", 0, True),
    ]  # fmt: skip
    unknown = shell("replay")
    assert (unknown.returncode, "CLI-203" in unknown.stderr) == (3, True)
    later = shell("replay", "--later", "--code", "ING-207")
    assert (later.returncode, "request 1 " in later.stderr) == (0, True)
    shell.profile.write_text(PROFILE.replace('files = "*.csv"', 'files = "*.csv"\nzero_quantities = true'))
    mended = shell("replay", "--profile", shell.profile, "--no-docs")
    assert mended.returncode == 3, "b.csv is still refused"
    assert "Published generation 2" in mended.stderr
    assert "Still open: 1 files" in mended.stderr
    again = shell("replay", "--profile", shell.profile, "--no-docs", "--file", "a.csv")
    assert again.returncode == 0
    assert "Nothing that was refused is open" in again.stderr
    runs = json.loads(shell("runs", "--json").stdout)
    assert [(run["file_name"], run["rows_accepted"], run["rows_duplicate"]) for run in runs[:1]] == [("a.csv", 1, 200)]
