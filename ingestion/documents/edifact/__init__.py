"""EDIFACT: interchanges after ISO 9735, EANCOM and other subsets, as neutral rows (docs/edi.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from ingestion.documents.edifact.messages import MAPPERS, RECORDS, SWITCHES
from ingestion.documents.edifact.syntax import looks_like_edifact, tokenized
from ingestion.documents.envelopes import EnvelopeTags, OpenInterchange, OpenMessage, Walk, is_strict
from ingestion.documents.model import NO_KIND, DocumentFinding, Interchange, Message, MessageKey, Parsed
from ingestion.documents.reading import Reading
from ingestion.documents.segments import text_of

TAGS = EnvelopeTags(("UNB", "UNZ"), ("UNG", "UNE"), ("UNH", "UNT"), 5, 5, 1, frozenset({"UNA"}))
MESSAGES = RECORDS
ACKNOWLEDGEMENTS = frozenset({"CONTRL", "APERAK"})
"""Kinds that are answers themselves: they hold nothing for a feed, and a CONTRL is never answered."""


def sniff(head: bytes) -> bool:
    """Whether a file begins like EDIFACT."""
    return looks_like_edifact(head)


def parse(content: bytes, switches: Mapping[str, str]) -> Parsed:
    """Every message of a file. `switches`: SWITCHES, and `source_id`, whose lists of numbers schemes are named for."""
    segments, findings = tokenized(content, switches.get("charset"))
    walk = Walk(TAGS, is_strict(switches))
    walk.read(segments)
    walk.finish()
    if not walk.parts:
        findings.append(DocumentFinding("EDI-102", "segment 1", "no segment", "UNB at the beginning of an interchange"))
    messages = tuple(_message(message, switches) for message in walk.messages)
    interchanges = tuple(_interchange(one, messages) for one in walk.interchanges)
    return Parsed("edifact", messages, tuple(findings + walk.findings), interchanges=interchanges, parts=walk.parts)


def _message(message: OpenMessage, switches: Mapping[str, str]) -> Message:
    header, interchange = message.header, message.interchange
    name = header.get(2) if header else ""
    kind = f"{name} {header.get(2, 2)}.{header.get(2, 3)}".strip(" .") if header else NO_KIND
    raw_text = text_of(message.segments)
    unb = interchange.header if interchange else None
    prepared = f"{unb.get(4)}{unb.get(4, 2)}" if unb else ""
    reading = Reading(
        message.message_no, switches, {"message_no": str(message.message_no), "message_kind": kind}, prepared=prepared
    )
    if header is not None and unb is None:
        reading.refuse("EDI-101", header.place, header.tag, "UNB before the first message: nobody knows who sent this")
    findings = message.findings + reading.findings
    if not any(finding.is_fatal for finding in findings):
        mapper = MAPPERS.get(name)
        if mapper is not None:
            mapper(reading, message.segments)
        elif header is not None and name not in ACKNOWLEDGEMENTS:
            reading.warn("EDI-130", header.place, kind, f"one of {', '.join(MAPPERS)}: nothing of it is loaded")
        findings = message.findings + reading.findings
    refused = any(finding.is_fatal for finding in findings)
    key = MessageKey(
        f"{unb.get(2)}:{unb.get(2, 2)}" if unb else "", interchange.ref if interchange else "",
        message.group.ref if message.group else "", header.get(1) if header else "", name, reading.document_no, reading.function,
        hashlib.sha256(raw_text.encode()).hexdigest(),
    )  # fmt: skip
    rows = MappingProxyType({} if refused else {records: tuple(rows) for records, rows in reading.rows.items()})
    return Message(message.message_no, kind, key, rows, raw_text, tuple(findings), interchange.number if interchange else 0)


def _interchange(one: OpenInterchange, messages: tuple[Message, ...]) -> Interchange:
    header = one.header
    kinds = {message.type_name for message in messages if message.interchange_no == one.number}
    groups = {group.ref: (group.header.get(1), group.header.get(7), group.declared, group.messages) for group in one.groups}
    return Interchange(
        one.number, header.get(2), header.get(2, 2), header.get(3), header.get(3, 2), one.ref, f"{header.get(4)}{header.get(4, 2)}",
        header.get(11) == "1", hashlib.sha256(text_of(one.segments).encode()).hexdigest(), header.get(1), MappingProxyType(groups),
        kinds != {"CONTRL"}, one.fault,
    )  # fmt: skip


__all__ = ["MESSAGES", "SWITCHES", "parse", "sniff"]
