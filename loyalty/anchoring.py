"""The chain's tip, kept outside the database: a consistent cut of the ledger's tail is found no other way."""

from __future__ import annotations

import json
import os
from pathlib import Path

from core.clock import Clock
from core.errors import IntegrityError
from loyalty.auditing import Anchor

ANCHORS = Path("anchors") / "ledger.jsonl"
"""Where an instance keeps them, below its home."""


def append_anchor(path: Path, anchor: Anchor | None, clock: Clock) -> None:
    """Add the tip to the file of anchors, one JSON object per line, safely on disk. Nothing when it stands there already."""
    if anchor is None or anchor == last_anchor(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"journal_id": anchor.journal_id, "chain_hash": anchor.chain_hash, "anchored_at": clock.now().isoformat()})
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def last_anchor(path: Path) -> Anchor | None:
    """The newest anchor; None before there is any. Raises IntegrityError LOY-302 when the file cannot be read as such."""
    if not path.exists():
        return None
    lines = path.read_text(encoding="utf-8").splitlines()
    for line in reversed(lines):
        try:
            entry = json.loads(line)
            return Anchor(int(entry["journal_id"]), str(entry["chain_hash"]))
        except (ValueError, KeyError, TypeError) as error:
            if line is lines[-1] and len(lines) > 1:
                continue  # a power cut may leave half a last line; the one before still holds
            raise IntegrityError(
                "LOY-302", where=str(path), found="a line that is no anchor", expected="one JSON object per line",
                next_step="Restore the file from its copy; the ledger itself is in the store.",
            ) from error  # fmt: skip
    return None
