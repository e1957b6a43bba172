"""From the walk through envelopes to what a file holds: the same for EDIFACT and X12, which differ in what a `Dialect` says."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from ingestion.documents.envelopes import EnvelopeTags, OpenInterchange, OpenMessage, Walk, is_strict
from ingestion.documents.model import NO_KIND, DocumentFinding, Interchange, Message, MessageKey, Parsed
from ingestion.documents.reading import Reading
from ingestion.documents.segments import Segment, text_of

Mapper = Callable[[Reading, Sequence[Segment]], None]
"""Reads the segments of a message, header to trailer, into rows and findings."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What tells one syntax from the other.

    kind_of      opened message -> (what `messages` of a profile lists, kind with its version)
    sender_of    interchange header -> who sent it, as text
    prepared_of  interchange header -> moment of the interchange
    describe     opened interchange -> what an acknowledgement has to know; the last argument says whether it wants one
    answers      kinds that are answers themselves: they hold nothing for a feed
    """

    name: str
    tags: EnvelopeTags
    mappers: Mapping[str, Mapper]
    answers: frozenset[str]
    never_answered: frozenset[str]
    kind_of: Callable[[OpenMessage], tuple[str, str]]
    sender_of: Callable[[Segment], str]
    prepared_of: Callable[[Segment], str]
    describe: Callable[[OpenInterchange, str, bool], Interchange]


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Segments make no circles, and there are half a million of them in ten megabytes: the collector would look through all of them again
    and again, for two thirds of the time that reading takes."""
    was_running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_running:
            gc.enable()


def parse_as(dialect: Dialect, segments: Iterable[Segment], odd: list[DocumentFinding], switches: Mapping[str, str]) -> Parsed:
    """Everything the segments hold. `odd` gathers what is odd about the characters while segments are taken."""
    with collector_at_rest():
        return _parse(dialect, segments, odd, switches)


def _parse(dialect: Dialect, segments: Iterable[Segment], odd: list[DocumentFinding], switches: Mapping[str, str]) -> Parsed:
    walk = Walk(dialect.tags, is_strict(switches))
    walk.read(segments)
    walk.finish()
    if not walk.parts:
        first = dialect.tags.interchange[0]
        odd.append(DocumentFinding("EDI-102", "segment 1", "no segment", f"{first} at the beginning of an interchange"))
    messages = tuple(_message(dialect, message, switches) for message in walk.messages)
    kinds: dict[int, set[str]] = {}
    for message in messages:
        kinds.setdefault(message.interchange_no, set()).add(message.type_name)
    interchanges = tuple(
        dialect.describe(one, hashlib.sha256(text_of(one.segments).encode()).hexdigest(),
                         bool(kinds.get(one.number, {""}) - dialect.never_answered))
        for one in walk.interchanges
    )  # fmt: skip
    return Parsed(dialect.name, messages, tuple(odd + walk.findings), interchanges=interchanges, parts=walk.parts)


def _message(dialect: Dialect, message: OpenMessage, switches: Mapping[str, str]) -> Message:
    header, interchange = message.header, message.interchange
    name, kind = dialect.kind_of(message) if header else (NO_KIND, NO_KIND)
    envelope = interchange.header if interchange else None
    raw_text = text_of(message.segments)
    reading = Reading(
        message.message_no, switches, {"message_no": str(message.message_no), "message_kind": kind},
        prepared=dialect.prepared_of(envelope) if envelope else "",
    )  # fmt: skip
    if header is not None and envelope is None:
        expected = f"{dialect.tags.interchange[0]} before the first message: nobody knows who sent this"
        reading.refuse("EDI-101", header.place, header.tag, expected)
    if header is not None and not any(finding.is_fatal for finding in message.findings + reading.findings):
        mapper = dialect.mappers.get(name)
        if mapper is not None:
            mapper(reading, message.segments)
            if not reading.rows and not reading.findings:
                reading.warn("EDI-135", header.place, f"{kind} without a line", "lines that can be loaded")
        elif name not in dialect.answers:
            reading.warn("EDI-130", header.place, kind, f"one of {', '.join(dialect.mappers)}: nothing of it is loaded")
    findings = tuple(message.findings + reading.findings)
    key = MessageKey(
        dialect.sender_of(envelope) if envelope else "", interchange.ref if interchange else "",
        message.group.ref if message.group else "", header.get(dialect.tags.message_ref) if header else "", name,
        reading.document_no, reading.function, hashlib.sha256(raw_text.encode()).hexdigest(),
    )  # fmt: skip
    is_refused = any(finding.is_fatal for finding in findings)
    rows = MappingProxyType({} if is_refused else {records: tuple(rows) for records, rows in reading.rows.items()})
    return Message(message.message_no, kind, key, rows, raw_text, findings, interchange.number if interchange else 0)


__all__ = ["Dialect", "Mapper", "collector_at_rest", "parse_as"]
