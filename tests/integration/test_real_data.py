"""Real channels, from their files to published figures, through the command. Totals equal the sources to the cent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.reader import Reader, Serving
from tests.support.instances import parse_into
from tests.support.real_data import real

pytestmark = [pytest.mark.integration, pytest.mark.real]
COMMAND = Path(sys.executable).parent / "dreiklang"


def loaded(profile: str, source: Path, home: Path) -> tuple[dict[tuple[str, str | None], dict[str, object]], Reader]:
    """Run a profile without prompts; the summary by (feed, leg), and an operator's reader."""
    environment = {"PATH": os.environ["PATH"], "DREIKLANG_HOME": str(home)}
    parse_into(home)
    ran = subprocess.run(
        [COMMAND, "run", "--profile", profile, "--source", source], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    shown = subprocess.run([COMMAND, "summary", "--json"], env=environment, capture_output=True, text=True, check=True)
    rows = {(row["feed"], row["leg"]): row for row in json.loads(shown.stdout)}
    return rows, Serving(Settings(home=home).warehouse_dir).reader(Scope.of(Role.OPERATOR))


def test_iowa_liquor_sales(tmp_path: Path) -> None:
    rows, reader = loaded("iowa", real("iowa_liquor"), tmp_path)
    lines = rows["order_lines", "sell_through"]
    assert (lines["lines"], lines["net_amount_cents"], lines["return_lines"]) == (14_352_501, 217_087_394_926, 607)
    assert (lines["lines_unknown_party"], lines["lines_unknown_product"]) == (288_933, 257_539)
    assert reader.rows("select count(*) from fct_orders") == [(lines["documents"],)]
    assert reader.rows(
        "select count(*) from (select distinct document_no, ordered_on, retailer_id from fct_orders where retailer_id > 0)"
    ) == (reader.rows("select count(*) from fct_orders where retailer_id > 0"))
    returns = reader.rows(
        "select count(*), count(*) filter (document_no like 'RINV-%'), sum(quantity) from fct_order_lines where line_kind = 'return'"
    )[0]
    assert returns[:2] == (607, 607)
    assert returns[2] < 0
    monthly = reader.rows("select sum(net_amount_cents), sum(net_amount_subcents), sum(lines) from rpt_reseller_activity")[0]
    assert monthly[0] + round(monthly[1] / 100) == 217_087_394_926
    assert monthly[2] == 14_352_501
    unknown = reader.rows("select count(*) from fct_order_lines where retailer_id = -1")
    assert unknown == [(288_933,)]


def test_adventureworks(tmp_path: Path) -> None:
    rows, reader = loaded("adventureworks", real("adventureworks_dw"), tmp_path)
    assert rows["order_lines", "sell_in"]["net_amount_cents"] == 8_045_059_698
    assert rows["sell_out", "sell_out"]["net_amount_cents"] == 2_935_867_722
    assert rows["stock", None]["lines"]
    assert reader.rows("select count(*) from dim_party where kind = 'distributor'")[0][0] > 1
    notes = reader.rows("select note_en, note_de from dim_mapping_note")
    assert "Warehouse" in str(notes[0][0])
    assert notes[0][1]


def test_servicenow(tmp_path: Path) -> None:
    rows, reader = loaded("servicenow", real("servicenow_incidents"), tmp_path)
    assert rows["support_requests", None]["lines"] == 24_918
    assert rows["support_events", None]["lines"] == 141_712
    assert reader.rows("select count(*), sum(status_changes) from fct_support_requests") == [(24_918, 141_712)]
