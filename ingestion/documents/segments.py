"""Segments: what EDIFACT and X12 are made of, and how they are cut apart, in time linear in the text.

    text --split at terminators--> segment --split at element marks--> element --split at component marks--> component

A release character takes the meaning from the mark after it. Marks are counted from the left: in a run of release characters before a
mark every two are one literal character, so the mark is meant literally when the run is odd. Components are cut when they are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LINE_ENDS = str.maketrans("", "", "\r\n")


@dataclass(frozen=True, slots=True)
class Marks:
    """The service characters of an interchange; an empty text where the syntax has none."""

    terminator: str
    element: str
    component: str
    decimal: str = "."
    release: str = ""
    repetition: str = ""


class Segment:
    """One segment. Elements and components count from 1, as the standards count them; what is not there is an empty text."""

    __slots__ = ("elements", "marks", "no", "tag")

    def __init__(self, tag: str, elements: list[str], no: int, marks: Marks) -> None:
        self.tag = tag
        self.elements = elements
        self.no = no
        self.marks = marks

    def get(self, element: int, component: int = 1) -> str:
        """The text of a component, released and trimmed; of a repeated element the first."""
        if element >= len(self.elements):
            return ""
        text, marks = self.elements[element], self.marks
        if not text:
            return ""
        if marks.repetition and marks.repetition in text:
            text = cut(text, marks.repetition, marks.release)[0]
        if marks.component in text:
            parts = cut(text, marks.component, marks.release)
            if component > len(parts):
                return ""
            text = parts[component - 1]
        elif component > 1:
            return ""
        return released(text, marks.release).strip()

    def whole(self, element: int) -> str:
        """The element as one text, for standards whose components are not cut apart here."""
        return released(self.elements[element], self.marks.release).strip() if element < len(self.elements) else ""

    @property
    def raw(self) -> str:
        """The segment as it came, without its terminator."""
        return self.marks.element.join(self.elements)

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return f"segment {self.no} ({self.tag})"


def cut(text: str, mark: str, release: str) -> list[str]:
    """Split at marks that are not released."""
    pieces = text.split(mark)
    if not release or release not in text:
        return pieces
    whole: list[str] = []
    open_parts: list[str] = []
    for piece in pieces:
        open_parts.append(piece)
        if (len(piece) - len(piece.rstrip(release))) % 2 == 0:
            whole.append(mark.join(open_parts))
            open_parts = []
    if open_parts:
        whole.append(mark.join(open_parts))
    return whole


def released(text: str, release: str) -> str:
    """The text without its release characters."""
    if not release or release not in text:
        return text
    return re.sub(re.escape(release) + "(.)", r"\1", text, flags=re.DOTALL)


def segments_of(text: str, marks: Marks, first_no: int = 1) -> Iterator[Segment]:
    """The segments of a text, blank ones left out. Line ends are no data unless they end segments."""
    if "\n" not in marks.terminator and "\r" not in marks.terminator:
        text = text.translate(_LINE_ENDS)
    element, release, number = marks.element, marks.release, first_no
    for piece in cut(text, marks.terminator, release):
        stripped = piece.strip()
        if not stripped:
            continue
        # a release character before the final blank belongs to it
        if release and stripped != piece and (len(stripped) - len(stripped.rstrip(release))) % 2:
            stripped = piece.lstrip()
        elements = cut(stripped, element, release) if release and release in stripped else stripped.split(element)
        tag = elements[0].strip().upper()
        if marks.component in tag:
            tag = tag.partition(marks.component)[0]
        yield Segment(tag, elements, number, marks)
        number += 1


def next_interchange(text: str, opening: re.Pattern[str], terminator: str, position: int) -> int:
    """Where the next interchange opens right after a terminator, blanks aside; the end of the text when none does."""
    for found in opening.finditer(text, position):
        before = found.start() - 1
        while before >= position and text[before].isspace() and text[before] != terminator:
            before -= 1
        if before >= position and text[before] == terminator:
            return found.start()
    return len(text)


def text_of(segments: Iterable[Segment]) -> str:
    """Segments as text, one a line, for people and for hashes: indentation and line ends of the file do not matter."""
    return "\n".join(segment.raw + segment.marks.terminator.strip("\r\n") for segment in segments)


__all__ = ["Marks", "Segment", "cut", "next_interchange", "released", "segments_of", "text_of"]
