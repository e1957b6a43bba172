"""EDIFACT as characters: service string advice, character sets, and the interchanges of a file. Source: ISO 9735 parts 1 and 2.

Read tolerantly: a byte order mark, indentation, line ends anywhere, lower-case tags, and line ends instead of terminators.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping

from ingestion.documents.model import DocumentFinding
from ingestion.documents.segments import Marks, Segment, next_interchange, segments_of

CHARSETS: Mapping[str, str] = {
    "UNOA": "ascii", "UNOB": "ascii", "UNOC": "iso8859-1", "UNOD": "iso8859-2", "UNOE": "iso8859-5", "UNOF": "iso8859-7",
    "UNOG": "iso8859-3", "UNOH": "iso8859-4", "UNOI": "iso8859-6", "UNOJ": "iso8859-8", "UNOK": "iso8859-9", "UNOL": "iso8859-15",
    "UNOW": "utf-8", "UNOX": "iso2022_jp", "UNOY": "utf-8",
}  # fmt: skip
"""Syntax identifier -> character set."""

DEFAULT = Marks("'", "+", ":", ".", "?", "")
_HEADER = re.compile(rb"UNB[^A-Za-z0-9\s]{1,2}(UNO[A-Z])", re.IGNORECASE)
_START = re.compile(r"\s*(?:UNA|UNB|UNG|UNH)(?![A-Za-z0-9])", re.IGNORECASE)
_UNA = re.compile(r"UNA[^A-Za-z0-9]")
_WEAK_START = re.compile(rb"[A-Za-z]{2,3}\+[^\n]{0,200}?'")


def looks_like_edifact(head: bytes) -> bool:
    """Whether bytes begin with a service segment, or at least with a segment in the default syntax."""
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return bool(_START.match(text[:8].decode("latin-1"))) or bool(_WEAK_START.match(text[:300]))


def decoded(content: bytes, charset: str | None) -> tuple[str, list[DocumentFinding]]:
    """The text by byte order mark, the profile's `charset`, or the identifier in UNB; else byte for byte with a warning (EDI-103)."""
    for mark, codec in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return _read(content.removeprefix(codecs.BOM_UTF8), codec)
    header = _HEADER.search(content, 0, 4096)
    declared = CHARSETS.get(header[1].decode("ascii").upper(), "iso8859-1") if header else "iso8859-1"
    return _read(content, charset or declared)


def _read(content: bytes, codec: str) -> tuple[str, list[DocumentFinding]]:
    try:
        return content.decode(codec), []
    except (UnicodeError, LookupError) as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        try:
            text, taken = content.decode("utf-8"), "utf-8"
        except UnicodeError:
            text, taken = content.decode("latin-1"), "iso8859-1"
        found = f"byte 0x{content[at]:02x} at offset {at}, read as {taken}"
        return text, [DocumentFinding("EDI-103", f"byte {at}", found, f"characters of {codec}", None, False)]


def interchanges_of(text: str) -> Iterator[tuple[Marks, str, DocumentFinding | None]]:
    """Each interchange's marks and text: a UNA after a terminator begins one with marks of its own."""
    position, marks = 0, DEFAULT
    while position < len(text):
        start = _skip_blanks(text, position)
        marks, body, warning = _marks_at(text, start, marks)
        end = next_interchange(text, _UNA, marks.terminator, body) if marks.terminator != "\n" else len(text)
        yield marks, text[body:end], warning
        position = end


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and (text[position].isspace() or text[position] == "\ufeff"):
        position += 1
    return position


def _marks_at(text: str, start: int, before: Marks) -> tuple[Marks, int, DocumentFinding | None]:
    """The marks, where the segments begin, and a warning when line ends do the terminators' work (EDI-104)."""
    body = start
    marks = before
    if text[start : start + 3].upper() == "UNA" and len(text) >= start + 9:
        component, element, decimal, release, repetition, terminator = list(text[start + 3 : start + 9])
        body = start + 9
        marks = Marks(terminator, element, component, decimal, release.strip(), repetition.strip())
        if terminator in "\r\n":
            marks = Marks("\n", element, component, decimal, release.strip(), repetition.strip())
    if marks.terminator not in "\r\n" and text.find(marks.terminator, body) < 0 and "\n" in text[body:].strip():
        warning = DocumentFinding(
            "EDI-104", "segment 1", "no segment terminator", f"'{marks.terminator}' at the end of segments", None, False
        )
        return Marks("\n", marks.element, marks.component, marks.decimal, marks.release, marks.repetition), body, warning
    return marks, body, None


def tokenized(content: bytes, charset: str | None = None) -> tuple[Iterator[Segment], list[DocumentFinding]]:
    """The segments of a file, numbered through, and what was odd about its characters (filled while segments are taken)."""
    text, findings = decoded(content, charset)

    def segments() -> Iterator[Segment]:
        number = 1
        for marks, part, warning in interchanges_of(text):
            if warning:
                findings.append(warning)
            for segment in segments_of(part, marks, number):
                number = segment.no + 1
                yield segment
            if marks.terminator not in "\r\n" and part.strip() and not part.rstrip().endswith(marks.terminator):
                findings.append(
                    DocumentFinding(
                        "EDI-106", f"segment {number - 1}", "no terminator after it", "a whole last segment", None, False
                    )
                )

    return segments(), findings
