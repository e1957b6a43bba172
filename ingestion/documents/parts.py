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

    def first(self, tag: str, *codes: str) -> Segment | None:
        """The first segment of that tag; with codes the first whose qualifier is one of them, in the codes' order."""
        if not codes:
            return next((segment for segment in self.segments if segment.tag == tag), None)
        found = {segment.get(1): segment for segment in reversed(self.segments) if segment.tag == tag}
        return next((found[code] for code in codes if code in found), None)

    def every(self, tag: str) -> Iterator[Segment]:
        """All segments of that tag."""
        return (segment for segment in self.segments if segment.tag == tag)

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
