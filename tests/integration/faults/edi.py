"""Fault 31: control numbers that come twice or leave a gap, and counts that are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.documents.registry import format_of
from ingestion.profiles import Profile
from tests.integration.faults.cases import fault
from tests.support.instances import Instance, profile_of
from tests.support.messages import edifact, order, purchase_order, x12

FORMATS = {"edifact": "edi", "x12": "x12"}


def over_edi(kind: str) -> Profile:
    """The partner, sending orders in that format."""
    feeds = [
        {"feed": name, "files": f"*.{FORMATS[kind]}", "format": kind, "columns": {"leg": {"const": "sell_through"}}} for name in ("orders", "order_lines")
    ]  # fmt: skip
    return profile_of(*feeds)


def sent(kind: str, number: str, ref: int, quantity: str = "5") -> str:
    """An interchange with one order."""
    if kind == "edifact":
        return edifact(order(number).replace("QTY+21:5", f"QTY+21:{quantity}"), ref=str(ref))
    return x12(purchase_order(number, quantity=quantity), ref=f"{ref:09d}")


def deliver(instance: Instance, kind: str, name: str, text: str) -> None:
    """A run that brings this file alone."""
    for file in instance.inbox.glob("*"):
        file.unlink()
    instance.put(f"{name}.{FORMATS[kind]}", text)
    instance.run(over_edi(kind))


def books(instance: Instance, kind: str) -> list[tuple[Any, ...]]:
    """Interchanges in the order they came: control number, status, messages accepted, refused, duplicate."""
    return instance.raw(
        f"""select control_ref::bigint, status, messages_accepted, messages_refused, messages_duplicate from raw.interchanges
            where format = '{kind}' order by rowid"""
    )


def answers(instance: Instance, kind: str) -> list[str]:
    """What was written back, oldest first; each is a whole interchange."""
    texts = [path.read_text(encoding="iso8859-1") for path in sorted((instance.settings.outbox_dir / "partner").glob("*"))]
    mine = [text for text in texts if text.startswith("ISA") == (kind == "x12")]
    assert all(format_of(kind).parse(text.encode("iso8859-1"), {}).all_findings() == () for text in mine)
    return mine


@fault(31, "a control number that comes twice is refused and acknowledged as a duplicate")
def duplicate_control_number(instance: Instance, _: pytest.MonkeyPatch) -> None:
    for kind in FORMATS:
        name = f"E{kind[0].upper()}1"
        deliver(instance, kind, "first", sent(kind, name, 1))
        deliver(instance, kind, "again", sent(kind, name, 1))
        deliver(instance, kind, "other", sent(kind, name, 1, quantity="8"))
        assert books(instance, kind) == [(1, "accepted", 1, 0, 0), (1, "duplicate", 0, 0, 1), (1, "refused", 0, 1, 0)]
        duplicate = answers(instance, kind)[1]
        assert ("+4+26'" in duplicate) if kind == "edifact" else ("AK5*R*23~" in duplicate and "*R*025~" in duplicate)
        assert instance.raw("select distinct error_code from raw.document_findings where error_code = 'EDI-121'") == [
            ("EDI-121",)
        ]
        assert instance.rows(f"select quantity::integer from fct_order_lines where document_no = '{name}'") == [(5,)]


@fault(31, "a gap in the control numbers is an alarm")
def control_number_gap(instance: Instance, _: pytest.MonkeyPatch) -> None:
    for kind in FORMATS:
        deliver(instance, kind, "first", sent(kind, f"E{kind[0].upper()}1", 7))
        deliver(instance, kind, "later", sent(kind, f"E{kind[0].upper()}2", 10))
        [alarm] = [event for event in instance.events_of("control_number_gap") if event["format"] == kind]
        assert (alarm["last"], alarm["found"]) == (7, 10)
        assert [status for _, status, *_ in books(instance, kind)] == ["accepted", "accepted"], "what came is taken"
        deliver(instance, kind, "missing", sent(kind, f"E{kind[0].upper()}3", 9))
    found = instance.raw("select found from raw.document_findings where error_code = 'EDI-122' and not is_fatal")
    assert len(found) == 2
    assert all("2 interchanges" in words for (words,) in found)
    assert instance.orders("E") == 6


@fault(31, "a count that does not match is a finding")
def wrong_counts(instance: Instance, _: pytest.MonkeyPatch) -> None:
    parts = {"edifact": ("UNT+", "UNZ+1"), "x12": ("SE*9*", "IEA*1")}
    for kind, (message_end, file_end) in parts.items():
        name = f"E{kind[0].upper()}"
        whole = sent(kind, f"{name}1", 1)
        assert message_end in whole
        assert file_end in whole
        wrong_message = whole.replace("SE*9*", "SE*8*") if kind == "x12" else whole.replace("UNT+", "UNT+9")
        deliver(instance, kind, "message", wrong_message)
        deliver(instance, kind, "file", sent(kind, f"{name}2", 2).replace(file_end, f"{file_end[:4]}3"))
        refused, warned = books(instance, kind)
        assert refused[1:] == ("refused", 0, 1, 0), "a message whose own count is wrong may be cut: it stays out"
        assert warned[1] == "accepted"
        assert (instance.orders(f"{name}1"), instance.orders(f"{name}2")) == (0, 1)
    found = instance.raw(
        "select error_code, place, is_fatal from raw.document_findings where error_code in ('EDI-113', 'EDI-115') order by 1, 2"
    )
    assert [(code, fatal) for code, _, fatal in found] == [("EDI-113", True)] * 2 + [("EDI-115", False)] * 2
    assert all("segment" in place for _, place, _ in found), found
