"""Parts of a message: some segments that belong together, and what they say by tag and qualifier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Self

from ingestion.documents.segments import Segment


class Part:
    """Some segments of a message that belong together."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self._by_tag: dict[str, list[Segment]] | None = None

    def first(self, tag: str, *codes: str) -> Segment | None:
        """The first segment of that tag; with codes the first whose qualifier is one of them, in the codes' order."""
        found = self._tagged(tag)
        if not codes or not found:
            return found[0] if found else None
        qualifiers = [segment.get(1) for segment in found]
        for code in codes:
            if code in qualifiers:
                return found[qualifiers.index(code)]
        return None

    def every(self, tag: str) -> Iterator[Segment]:
        """All segments of that tag."""
        return iter(self._tagged(tag))

    def _tagged(self, tag: str) -> Sequence[Segment]:
        """They are asked for many times, so they are sorted by tag once."""
        if self._by_tag is None:
            self._by_tag = {}
            for segment in self.segments:
                self._by_tag.setdefault(segment.tag, []).append(segment)
        return self._by_tag.get(tag, ())

    def split(self, *tags: str) -> tuple[Self, list[Self]]:
        """(what stands before, one part from each segment of these tags to the next)."""
        starts = [index for index, segment in enumerate(self.segments) if segment.tag in tags]
        head = type(self)(self.segments[: starts[0]] if starts else self.segments)
        return head, [type(self)(self.segments[start:end]) for start, end in pairwise([*starts, len(self.segments)])]

    def until(self, *tags: str) -> tuple[Self, Self]:
        """(what stands before the first segment of these tags, that segment and the rest); the first segment never counts."""
        end = next((i for i, segment in enumerate(self.segments) if segment.tag in tags and i > 0), len(self.segments))
        return type(self)(self.segments[:end]), type(self)(self.segments[end:])

    @property
    def place(self) -> str:
        """Where it begins."""
        return self.segments[0].place if self.segments else "the message"
