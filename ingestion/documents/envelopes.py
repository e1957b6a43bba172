"""Envelopes: interchange > group > message, the same walk for EDIFACT and X12.

    UNB|ISA  (UNG|GS)?  UNH|ST … UNT|SE  (UNE|GE)?  UNZ|IEA

Every segment of the file ends up in exactly one place: a message, an envelope, or a run of stray segments that becomes a refused message
of its own, so that nothing is left out in silence. Trailers carry control totals; what they say is compared with what was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ingestion.documents.model import DocumentFinding
from ingestion.documents.segments import Segment


@dataclass(frozen=True, slots=True)
class EnvelopeTags:
    """The service segments of a syntax, and at which element of the headers the references stand.

    Trailers agree in all syntaxes: element 1 is the count, element 2 the reference. `loose` may stand outside of messages.
    """

    interchange: tuple[str, str]
    group: tuple[str, str]
    message: tuple[str, str]
    interchange_ref: int
    group_ref: int
    message_ref: int
    loose: frozenset[str] = frozenset()


@dataclass(slots=True)
class OpenGroup:
    """A group while it is read. `declared` stays -1 without a trailer."""

    header: Segment
    ref: str
    messages: int = 0
    declared: int = -1


@dataclass(slots=True)
class OpenInterchange:
    """An interchange while it is read. `fault` is the first code of what is wrong with its envelope."""

    number: int
    header: Segment
    ref: str
    segments: list[Segment]
    groups: list[OpenGroup] = field(default_factory=list)
    messages: int = 0
    fault: str | None = None


@dataclass(slots=True)
class OpenMessage:
    """A message while it is read, from its header to its trailer. Without `header` it is a run of stray segments."""

    message_no: int
    header: Segment | None
    segments: list[Segment]
    interchange: OpenInterchange | None
    group: OpenGroup | None
    findings: list[DocumentFinding] = field(default_factory=list)


@dataclass(slots=True)
class Walk:
    """Reads the segments of a file in order. `is_strict`: wrong control totals refuse the message, else they are warnings."""

    tags: EnvelopeTags
    is_strict: bool
    interchanges: list[OpenInterchange] = field(default_factory=list)
    messages: list[OpenMessage] = field(default_factory=list)
    findings: list[DocumentFinding] = field(default_factory=list)
    parts: int = 0
    _interchange: OpenInterchange | None = None
    _group: OpenGroup | None = None
    _message: OpenMessage | None = None
    _last: Segment | None = None

    def read(self, segments: Iterable[Segment]) -> None:
        """Take every segment to its place."""
        tags = self.tags
        handlers = {
            tags.interchange[0]: self._open_interchange, tags.interchange[1]: self._close_interchange,
            tags.group[0]: self._open_group, tags.group[1]: self._close_group,
            tags.message[0]: self._open_message, tags.message[1]: self._close_message,
        }  # fmt: skip
        for segment in segments:
            self.parts += 1
            self._last = segment
            if self._interchange is not None:
                self._interchange.segments.append(segment)
            handler = handlers.get(segment.tag)
            if handler is not None:
                handler(segment)
            elif self._message is not None:
                self._message.segments.append(segment)
            elif segment.tag not in tags.loose:
                self._stray(segment)

    def finish(self) -> None:
        """The file has ended: whatever is still open has no end."""
        self._end_message(self._last)
        if self._interchange is not None:
            self._unended(self._interchange, self._last)
        else:
            self._end_group(self._last)
        self._interchange = self._group = None

    def _open_interchange(self, segment: Segment) -> None:
        self._end_message(segment)
        if self._interchange is not None:
            self._interchange.segments.pop()
            self._unended(self._interchange, segment)
        else:
            self._end_group(segment)
        ref = segment.get(self.tags.interchange_ref)
        self._interchange = OpenInterchange(len(self.interchanges) + 1, segment, ref, [segment])
        self._group = None
        self.interchanges.append(self._interchange)

    def _close_interchange(self, segment: Segment) -> None:
        self._end_message(segment)
        self._end_group(segment)
        interchange = self._interchange
        if interchange is None:
            self._warn("EDI-117", segment.place, segment.tag, f"a {self.tags.interchange[0]} before it")
            return
        counted = len(interchange.groups) or interchange.messages
        what = "groups" if interchange.groups else "messages"
        self._compare(interchange, segment, counted, what, interchange.ref)
        self._interchange = self._group = None

    def _open_group(self, segment: Segment) -> None:
        self._end_message(segment)
        self._end_group(segment)
        self._group = OpenGroup(segment, segment.get(self.tags.group_ref))
        if self._interchange is not None:
            self._interchange.groups.append(self._group)

    def _close_group(self, segment: Segment) -> None:
        self._end_message(segment)
        if self._group is None:
            self._warn("EDI-117", segment.place, segment.tag, f"a {self.tags.group[0]} before it")
            return
        declared = segment.get(1)
        self._group.declared = int(declared) if declared.isascii() and declared.isdigit() and len(declared) < 10 else -1
        self._compare(self._interchange, segment, self._group.messages, "messages", self._group.ref)
        self._group = None

    def _open_message(self, segment: Segment) -> None:
        self._end_message(segment)
        self._begin(segment, [segment])
        if self._interchange is not None:
            self._interchange.messages += 1
        if self._group is not None:
            self._group.messages += 1

    def _close_message(self, segment: Segment) -> None:
        message = self._message
        if message is None or message.header is None:
            self._stray(segment)
            return
        message.segments.append(segment)
        declared, ref = segment.get(1), message.header.get(self.tags.message_ref)
        if declared.lstrip("0") != str(len(message.segments)):
            message.findings.append(
                DocumentFinding("EDI-113", segment.place, declared or "no count", f"{len(message.segments)}, the segments of the message",
                                message.message_no, self.is_strict)
            )  # fmt: skip
        if segment.get(2) != ref:
            message.findings.append(
                DocumentFinding("EDI-114", segment.place, segment.get(2) or "no reference", f"{ref}, as in its header",
                                message.message_no, self.is_strict)
            )  # fmt: skip
        self._message = None

    def _begin(self, header: Segment | None, segments: list[Segment]) -> OpenMessage:
        message = OpenMessage(len(self.messages) + 1, header, segments, self._interchange, self._group)
        self.messages.append(message)
        self._message = message
        return message

    def _stray(self, segment: Segment) -> None:
        if self._message is not None:
            self._message.segments.append(segment)
            return
        message = self._begin(None, [segment])
        message.findings.append(
            DocumentFinding("EDI-111", segment.place, segment.tag, f"{self.tags.message[0]} before the segments of a message",
                            message.message_no)
        )  # fmt: skip

    def _end_message(self, at: Segment | None) -> None:
        """The message that is open has no trailer."""
        message, self._message = self._message, None
        if message is not None and message.header is not None:
            place = at.place if at is not None else "the end of the file"
            message.findings.append(
                DocumentFinding("EDI-112", place, "no end of the message that is open", f"{self.tags.message[1]} of message "
                                f"{message.header.get(self.tags.message_ref)}", message.message_no)
            )  # fmt: skip

    def _end_group(self, at: Segment | None) -> None:
        """The group that is open has no trailer."""
        group, self._group = self._group, None
        if group is not None:
            place = at.place if at is not None else "the end of the file"
            self._warn("EDI-110", place, f"no {self.tags.group[1]}", f"the end of group {group.ref}: a part of it may be missing")
            if self._interchange is not None:
                self._interchange.fault = self._interchange.fault or "EDI-110"

    def _unended(self, interchange: OpenInterchange, at: Segment | None) -> None:
        place = at.place if at is not None else "the end of the file"
        self._warn(
            "EDI-110",
            place,
            f"no {self.tags.interchange[1]}",
            f"the end of interchange {interchange.ref}: the file may be cut off",
        )
        interchange.fault = interchange.fault or "EDI-110"

    def _compare(self, interchange: OpenInterchange | None, trailer: Segment, counted: int, what: str, ref: str) -> None:
        faults = []
        if trailer.get(1).lstrip("0") != (str(counted) if counted else ""):
            faults.append(("EDI-115", trailer.get(1) or "no count", f"{counted}, the {what} read"))
        if trailer.get(2) != ref:
            faults.append(("EDI-116", trailer.get(2) or "no reference", f"{ref}, as in its header"))
        for code, found, expected in faults:
            self._warn(code, trailer.place, found, expected)
            if interchange is not None:
                interchange.fault = interchange.fault or code

    def _warn(self, code: str, place: str, found: str, expected: str) -> None:
        self.findings.append(DocumentFinding(code, place, found, expected, None, False))


def is_strict(switches: Mapping[str, str]) -> bool:
    """Whether wrong control totals refuse a message (`control_totals = "refuse"`)."""
    return switches.get("control_totals", "refuse") == "refuse"


__all__ = ["EnvelopeTags", "OpenGroup", "OpenInterchange", "OpenMessage", "Walk", "is_strict"]
