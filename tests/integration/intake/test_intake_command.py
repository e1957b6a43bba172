"""The same from the command line, up to published figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

TEXT = "Auftrag;Pos;Kunde;Datum;Artikel;Menge;Netto\nA1;1;K7;13.05.2026;S1;2;1.234,50\nA2;1;K8;14.05.2026;S1;1;99,90\n"


def dreiklang(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [Path(sys.executable).parent / "dreiklang", *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "DREIKLANG_HOME": str(home), "COLUMNS": "200"},
    )  # fmt: skip


def test_an_unknown_file_is_taught_once_and_the_next_is_published(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "mai.csv"
    file.write_text(TEXT, encoding="utf-8")
    assert "Nettobetrag" not in dreiklang(home, "intake", "propose", str(file)).stdout
    taught = ("intake", "confirm", str(file), "--source", "musterhandel", "--answer", "const.leg=sell_through")
    refused = dreiklang(home, *taught, "--yes")
    assert refused.returncode == 3
    assert "ING-643" in refused.stderr
    assert "const.seller" in refused.stderr
    kept = dreiklang(home, *taught, "--answer", "const.seller=M1", "--yes")
    assert kept.returncode == 0, kept.stderr
    assert "2 would be accepted" in kept.stdout
    inbox = home / "inbox" / "musterhandel"
    inbox.mkdir(parents=True)
    (inbox / "juni.csv").write_text(TEXT.replace(".05.", ".06."), encoding="utf-8")
    (inbox / "neu.csv").write_text("Filiale;Umsatz\n1;2\n", encoding="utf-8")
    ran = dreiklang(home, "run", "--learned", "--no-docs")
    assert ran.returncode == 0, ran.stderr
    assert "neu.csv has a layout that nobody has confirmed" in ran.stderr
    [lines] = [row for row in json.loads(dreiklang(home, "summary", "--json").stdout) if row["feed"] == "order_lines"]
    assert (lines["lines"], lines["net_amount_cents"], lines["last_event_on"]) == (2, 133_440, "2026-06-14")
    assert "musterhandel" in dreiklang(home, "intake", "list").stdout
    assert dreiklang(home, "intake", "forget", "1").returncode == 0
    assert dreiklang(home, "intake", "forget", "1").returncode == 3
