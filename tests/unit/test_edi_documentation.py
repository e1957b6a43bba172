"""docs/edi.md says what the formats do: switches, messages and record sets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingestion.contracts import FEEDS
from ingestion.documents.records import FURTHER, neutral_names
from ingestion.documents.registry import format_of

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "edi.md").read_text(encoding="utf-8")


def test_every_switch_is_documented_and_no_other() -> None:
    known = {name: {kind for kind in ("edifact", "x12") if name in format_of(kind).SWITCHES}
             for kind in ("edifact", "x12") for name in format_of(kind).SWITCHES}  # fmt: skip
    told = dict(re.findall(r"^\| `([a-z_.*]+)` \| (both|edifact|x12) \|", DOCUMENT, flags=re.MULTILINE))
    assert told == {name: "both" if len(kinds) == 2 else next(iter(kinds)) for name, kinds in known.items()}


@pytest.mark.parametrize("kind", ["edifact", "x12"])
def test_every_message_is_documented_with_its_record_sets(kind: str) -> None:
    for name, records in format_of(kind).MESSAGES.items():
        assert f"| {name} | {', '.join(f'`{one}`' for one in records)} |" in DOCUMENT


def test_record_sets_carry_their_feeds_columns() -> None:
    assert set(FURTHER) <= set(FEEDS)
    assert {"buyer_scheme", "buyer_ref", "net_amount", "version_no"} <= neutral_names("order_lines")
    assert not {"leg", "source_zone"} & neutral_names("order_lines")
