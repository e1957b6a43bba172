"""Messages that others wrote: every file ends as parsed, or as a finding that names segment and position; none is cut."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from core.clock import FixedClock
from ingestion.documents.model import Parsed
from ingestion.documents.registry import format_of, sniffed
from ingestion.inspecting import inspect_file
from tests.support.loading import NOW
from tests.support.real_data import REAL_DATA, real

pytestmark = [pytest.mark.integration, pytest.mark.real]
FILES = [(kind, path) for kind in ("edifact", "x12") for path in sorted((REAL_DATA / "edi" / kind).glob("*"))]
FEW_SWITCHES = {"source_id": "sample", "control_totals": "warn", "missing_price": "zero"}
"""As tolerant as a profile may be; without them more files end as findings, fewer as rows."""


def counted(kind: str, path: Path) -> int:
    """Segments, counted without our tokenizer: terminators that nothing releases, and what stands after the last."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    if kind == "edifact":
        una = re.match(r"\s*UNA(.)(.)(.)(.)(.)(.)", text, re.DOTALL)
        release, terminator = (una[4], una[6]) if una else ("?", "'")
        body = text[una.end() :] if una else text
        if terminator not in body:
            return sum(bool(line.strip()) for line in body.splitlines())
        pieces, piece, released = [], "", False
        for c in body:
            if c == terminator and not released:
                pieces.append(piece)
                piece = ""
            else:
                piece += c
            released = c == release and not released and release != " "
        return sum(bool(one.strip()) for one in [*pieces, piece])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrapped = [line for line in text.splitlines()[:-1] if len(line) == 80]
    if len(lines) < 4 or len(wrapped) > len(lines) // 2:
        whole = "".join(text.splitlines())
        return sum(bool(part.strip()) for part in whole.split(whole[105]))
    last, often = Counter(line[-1] for line in lines).most_common(1)[0]
    return sum(bool(part.strip()) for part in text.split(last)) if not last.isalnum() and often >= len(lines) - 2 else len(lines)


def read(kind: str, path: Path) -> Parsed:
    """The file as the format reads it."""
    return format_of(kind).parse(path.read_bytes(), FEW_SWITCHES)


@pytest.mark.parametrize(("kind", "path"), FILES, ids=lambda value: value.name if isinstance(value, Path) else value)
def test_every_file_is_parsed_or_explained_and_whole(kind: str, path: Path) -> None:
    parsed = read(kind, path)
    assert parsed.parts == counted(kind, path)
    in_messages = sum(message.raw_text.count("\n") + 1 for message in parsed.messages)
    envelopes = {"edifact": r"UN[BZGE]", "x12": r"ISA|IEA|GS|GE|TA1"}[kind]
    assert in_messages + sum(1 for _ in _envelope_segments(kind, path, envelopes)) == parsed.parts
    assert parsed.messages
    for message in parsed.messages:
        assert message.rows or message.findings or message.type_name in ("CONTRL", "APERAK", "997", "999"), message.kind
    assert all(re.match(r"(segment \d+ \([^)]*\)|segment \d+|byte \d+)$", f.place) for f in parsed.all_findings())
    assert sniffed(path.read_bytes()[:4096]) == kind
    inspection = inspect_file(path, None, FixedClock(NOW))
    assert (inspection.format, inspection.parts, len(inspection.messages)) == (kind, parsed.parts, len(parsed.messages))


def _envelope_segments(kind: str, path: Path, envelopes: str) -> list[str]:
    from ingestion.documents.edifact.syntax import tokenized as edifact_segments
    from ingestion.documents.x12.syntax import tokenized as x12_segments

    segments, _ = (edifact_segments if kind == "edifact" else x12_segments)(path.read_bytes())
    return [segment.tag for segment in segments if re.fullmatch(envelopes, segment.tag)]


def test_what_became_of_them() -> None:
    """The tally of all files, as tolerant as profiles may be."""
    real("edi")
    tally: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for kind, path in FILES:
        parsed = read(kind, path)
        tally[f"{kind} files"] += 1
        tally[f"{kind} messages"] += len(parsed.messages)
        tally[f"{kind} refused"] += sum(message.is_refused for message in parsed.messages)
        tally[f"{kind} with rows"] += sum(bool(message.rows) for message in parsed.messages)
        rows.update({name: len(found) for message in parsed.messages for name, found in message.rows.items()})
    print(dict(tally), dict(rows))
    assert (tally["edifact files"], tally["x12 files"]) == (71, 61)
    assert set(rows) >= {"orders", "order_lines", "order_confirmations", "order_changes", "deliveries", "receipts", "invoices", "returns",
                         "stock", "sell_through", "sell_out", "packages"}  # fmt: skip
