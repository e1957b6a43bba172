"""X12 as characters: the marks that ISA shows, and the interchanges of a file. Source: ASC X12.5, X12.6.

ISA is 106 characters by the book: mark of elements at 4, of components at 105, terminator at 106. Senders trim its blanks, wrap lines or leave
marks out, so marks are found by counting elements, and what is odd is said (EDI-105).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from ingestion.documents.model import DocumentFinding
from ingestion.documents.segments import Marks, Segment, next_interchange, segments_of

ISA_ELEMENTS = 16
ISA_CHARS = 106
NO_MARK = "\x00"
"""Stands for a mark that an interchange does not have."""

_START = re.compile(rb"(?:ISA|GS|ST)[^A-Za-z0-9\s]")
_ISA = re.compile(r"ISA[^A-Za-z0-9\s]")
_BLANKS = " \t\r\n\ufeff"


def looks_like_x12(head: bytes) -> bool:
    """Whether bytes begin with ISA, or with what follows it."""
    return bool(_START.match(head.removeprefix(codecs.BOM_UTF8).lstrip()[:8].upper()))


def decoded(content: bytes, charset: str | None) -> tuple[str, list[DocumentFinding]]:
    """The text as UTF-8, or in the profile's `charset`; else byte for byte with a warning (EDI-103)."""
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode(charset or "utf-8"), []
    except (UnicodeError, LookupError) as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        found = f"byte 0x{content[at]:02x} at offset {at}, read as iso8859-1"
        return content.decode("latin-1"), [
            DocumentFinding("EDI-103", f"byte {at}", found, f"characters of {charset or 'utf-8'}", None, False)
        ]


def tokenized(content: bytes, charset: str | None = None) -> tuple[Iterator[Segment], list[DocumentFinding]]:
    """The segments of a file, numbered through, and what was odd about its characters (filled while segments are taken)."""
    text, findings = decoded(content, charset)

    def segments() -> Iterator[Segment]:
        number, position = 1, 0
        while position < len(text):
            start = _skip_blanks(text, position)
            marks, warning = _marks_at(text, start, number)
            if warning:
                findings.append(warning)
            position = next_interchange(text, _ISA, marks.terminator, start + 3)
            part = text[start:position]
            for segment in segments_of(part, marks, number):
                number = segment.no + 1
                yield segment
            if marks.terminator != "\n" and part.strip() and not part.rstrip().endswith(marks.terminator):
                findings.append(
                    DocumentFinding(
                        "EDI-106", f"segment {number - 1}", "no terminator after it", "a whole last segment", None, False
                    )
                )

    return segments(), findings


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in _BLANKS:
        position += 1
    return position


def _marks_at(text: str, start: int, number: int) -> tuple[Marks, DocumentFinding | None]:
    if text[start : start + 3].upper() != "ISA" or start + 4 > len(text):
        return _guessed(text, start), None
    element = text[start + 3]
    ends = start + 3
    for _ in range(ISA_ELEMENTS - 1):
        ends = text.find(element, ends + 1, start + 4 * ISA_CHARS)
        if ends < 0:
            found = "fewer than 16 elements"
            return _guessed(text, start), DocumentFinding(
                "EDI-105", f"segment {number} (ISA)", found, "ISA of 16 elements", None, False
            )
    header = text[start:ends].translate({10: None, 13: None})
    component, terminator = _last_marks(text, ends + 1, element)
    repeat = header.split(element)[11].strip()
    repetition = repeat if len(repeat) == 1 and not repeat.isalnum() and repeat not in (element, component, terminator) else ""
    warning = None
    if len(header) != ISA_CHARS - 3 or component == NO_MARK:
        found = f"{len(header) + 3} characters" if len(header) != ISA_CHARS - 3 else "no mark for components"
        warning = DocumentFinding("EDI-105", f"segment {number} (ISA)", found, f"ISA of {ISA_CHARS} characters", None, False)
    return Marks(terminator, element, component, ".", "", repetition), warning


def _last_marks(text: str, at: int, element: str) -> tuple[str, str]:
    """(component mark, terminator) out of what stands between the last element mark of ISA and the next segment."""
    following = re.compile(rf"(?:GS|TA1|ISA|IEA){re.escape(element)}").search(text, at, at + 80)
    between = text[at : following.start() if following else at + 2]
    marks = between.strip(_BLANKS)
    if len(marks) >= 2:
        return marks[0], marks[1]
    if not marks:
        return NO_MARK, "\n"
    if "\n" not in between:
        return NO_MARK, marks
    # one mark alone ends segments if the next line ends with it, else line ends do
    line_end = text.find("\n", at + len(between))
    next_line = text[at + len(between) : line_end if line_end >= 0 else len(text)].rstrip()
    if next_line.endswith(marks):
        return NO_MARK, marks
    return marks, "\n"


def _guessed(text: str, start: int) -> Marks:
    """Marks of a text without ISA, by its first tag and the usual terminator."""
    tag = re.compile(r"[A-Za-z0-9]{2,3}").match(text, start)
    element = text[tag.end()] if tag and tag.end() < len(text) else "*"
    if element.isalnum() or element.isspace():
        element = "*"
    terminator = "~" if element != "~" and text.find("~", start) >= 0 else "\n"
    return Marks(terminator, element, NO_MARK)
