"""Whatever bytes come, EDIFACT and X12 are read in time linear in them, nothing is raised, and nothing is left out."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.documents.edifact.syntax import tokenized as edifact_segments
from ingestion.documents.model import Parsed
from ingestion.documents.registry import format_of
from ingestion.documents.segments import Marks, cut, segments_of
from tests.support.messages import edifact, order, purchase_order, x12
from tests.unit.test_edi_messages import shipment
from tests.unit.test_edi_reports import ACTIVITY, RESALE, SALES

SECONDS_PER_MESSAGE = 2.0
"""A hang guard, many times what these texts take."""

ALPHABET = st.text(st.sampled_from(list("UNABHTZSGEILQ0129+:'?*~>^\\\n\r .,-|")), max_size=300)
SEEDS = {
    "edifact": [edifact(order()), edifact(SALES), edifact(order(), order("O2"), una="UNA|*.\\ ~").replace("'", "~").replace("+", "*").replace(":", "|")],
    "x12": [x12(purchase_order()), x12(ACTIVITY, group="PD"), x12(RESALE, group="PT"), shipment("HL*1**S", "HL*2*1*O", "HL*3*2*I\nLIN*1*VN*V\nSN1**6*EA")],
}  # fmt: skip


def read(kind: str, content: bytes) -> Parsed:
    """Read within the time bound; what was read is whole."""
    start = time.perf_counter()
    parsed = format_of(kind).parse(content, {"source_id": "acme", "missing_price": "zero", "control_totals": "warn"})
    assert time.perf_counter() - start < SECONDS_PER_MESSAGE * max(1, len(parsed.messages))
    assert all(finding.place and finding.code.startswith("EDI-") for finding in parsed.all_findings())
    assert parsed.messages or parsed.all_findings()
    return parsed


@settings(max_examples=150, deadline=None)
@given(ALPHABET, st.sampled_from(["edifact", "x12"]))
def test_any_text(text: str, kind: str) -> None:
    prefix = (
        "UNA:+.? 'UNB+UNOC:3+A+B+1:1+1'"
        if kind == "edifact"
        else "ISA*00*          *00*          *ZZ*A*ZZ*B*1*1*U*00401*1*0*P*>~"
    )
    for content in (text, prefix + text):
        read(kind, content.encode())


@pytest.mark.parametrize("text", ["GS", "UNG", "GS*1~GS*2~"])
def test_a_group_that_never_ends_is_told(text: str) -> None:
    """Nothing else is in these files: without the finding they would be read as if they were empty."""
    kind = "edifact" if text.startswith("UNG") else "x12"
    assert "EDI-110" in {finding.code for finding in read(kind, text.encode()).all_findings()}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["edifact", "x12"]))
def test_any_bytes(content: bytes, kind: str) -> None:
    read(kind, content)
    read(kind, SEEDS[kind][0].encode()[:150] + content)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["edifact", "x12"]), st.integers(0, 3), st.randoms(use_true_random=False))
def test_mutated_messages(kind: str, seed: int, chance: random.Random) -> None:
    content = bytearray(SEEDS[kind][seed % len(SEEDS[kind])].encode())
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(content))
        match chance.randrange(4):
            case 0:
                del content[at : at + chance.randint(1, 40)]
            case 1:
                content[at] = chance.randrange(256)
            case 2:
                content[at:at] = content[at : at + chance.randint(1, 60)]
            case _:
                content[at:at] = chance.choice(
                    [b"'", b"?", b"~", b"*", b"+", b"\n", b"UNH+1+ORDERS:D:96A:UN'", b"ST*850*1~", b"\xff"]
                )
        if not content:
            break
    read(kind, bytes(content))


@pytest.mark.parametrize("text", [
    "?" * 300_000, "'" * 300_000, "?'" * 150_000, "??'" * 100_000, "UNA" * 100_000, "UNA:+.? '" * 30_000, "UNB+'" * 8_000, "UNH+1+ORDERS'" * 5_000,
    "UNB+UNOC:3+A+B+1:1+1'" + "UNH+1+ORDERS:D:96A:UN'" + "LIN+1'" * 50_000, "A" * 300_000, "\n" * 300_000, "UNB+UNOA'" + "\n UNA" * 50_000,
    "UNB+UNOA:1+A+B+1:1+1'UNH+1+INVRPT:D:96A:UN'BGM+35+1'" + "QTY+145:1'LOC+1+A'" * 20_000, "+" * 300_000, "UNH" + ":+" * 100_000 + "'",
], ids=lambda text: text[:12].encode("unicode_escape").decode())  # fmt: skip
def test_edifact_of_the_kind_that_hangs_others(text: str) -> None:
    start = time.perf_counter()
    format_of("edifact").parse(text.encode(), {"source_id": "acme"})
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("text", [
    "ISA*" * 80_000, "ISA" * 100_000, "~" * 300_000, "\n" * 300_000, "ISA*" + "\n" * 300_000, "*" * 300_000,
    x12(purchase_order()) + "~\n ISA*" * 5_000, "ST*850*1~" * 5_000, "".join(f"ISA{chr(0x100 + n)}" for n in range(10_000)),
    shipment(*(f"HL*{n}*{n - 1 or ''}*I" for n in range(1, 3000))), shipment(*(f"HL*{n}**I" for n in range(1, 4000))),
    x12("852\nXQ*H*20260501\nLIN**VN*V\nZA*QS\nSDQ*EA*92" + "*S1*1" * 50_000, group="PD"),
], ids=lambda text: text[-14:].encode("unicode_escape").decode())  # fmt: skip
def test_x12_of_the_kind_that_hangs_others(text: str) -> None:
    start = time.perf_counter()
    format_of("x12").parse(text.encode(), {"source_id": "acme", "missing_price": "zero"})
    assert time.perf_counter() - start < 10


ELEMENT = st.text(st.characters(codec="iso8859-1", exclude_characters="\r\n", exclude_categories=("Cc", "Zs")), max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(ELEMENT, min_size=1, max_size=5), min_size=1, max_size=8))
def test_what_is_escaped_comes_back_as_it_was(rows: list[list[str]]) -> None:
    def escaped(text: str) -> str:
        return "".join(f"?{c}" if c in "?+:'" else c for c in text)

    text = "UNA:+.? '" + "".join("ABC+" + "+".join(escaped(value) for value in row) + "'" for row in rows)
    segments, findings = edifact_segments(text.encode("utf-8-sig"))
    assert [[segment.get(n) for n in range(1, len(segment.elements))] for segment in segments] == rows
    assert not findings


@settings(max_examples=80, deadline=None)
@given(st.text(st.sampled_from(list("ab?+'")), max_size=60))
def test_cutting_loses_nothing_and_cuts_at_marks_only(text: str) -> None:
    pieces = cut(text, "'", "?")
    assert "'".join(pieces) == text
    # told the other way round: walk from the left, a released character never ends a piece
    expected, released = [""], False
    for c in text:
        if c == "'" and not released:
            expected.append("")
        else:
            expected[-1] += c
        released = c == "?" and not released
    assert pieces == expected


def test_segments_without_terminators_are_not_thrown_away() -> None:
    assert [s.raw for s in segments_of("A+1'B+2", Marks("'", "+", ":", ".", "?"))] == ["A+1", "B+2"]
