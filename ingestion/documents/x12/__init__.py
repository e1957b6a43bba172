"""X12: interchanges after ASC X12.5 and X12.6, releases 3030 to 5040 as partners send them, as neutral rows (docs/edi.md)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ingestion.documents.dialect import Dialect, parse_as
from ingestion.documents.envelopes import EnvelopeTags, OpenInterchange, OpenMessage
from ingestion.documents.model import NO_KIND, Group, Interchange, Parsed
from ingestion.documents.segments import Segment
from ingestion.documents.x12.messages import MAPPERS, RECORDS, SWITCHES
from ingestion.documents.x12.syntax import looks_like_x12, tokenized

TAGS = EnvelopeTags(("ISA", "IEA"), ("GS", "GE"), ("ST", "SE"), 13, 6, 2, frozenset({"TA1"}))
MESSAGES = RECORDS


def sniff(head: bytes) -> bool:
    """Whether a file begins like X12."""
    return looks_like_x12(head)


def parse(content: bytes, switches: Mapping[str, str]) -> Parsed:
    """Every transaction set of a file. `switches`: SWITCHES, and `source_id`, whose lists of numbers schemes are named for."""
    segments, findings = tokenized(content, switches.get("charset"))
    return parse_as(DIALECT, segments, findings, switches)


def _kind(message: OpenMessage) -> tuple[str, str]:
    name = message.header.whole(1) if message.header else ""
    version = message.group.header.whole(8) if message.group else ""
    return (name, f"{name} {version}".strip()) if name else (NO_KIND, NO_KIND)


def _sender(header: Segment) -> str:
    return f"{header.whole(6)}:{header.whole(5)}"


def _prepared(header: Segment) -> str:
    return f"{header.whole(9)}{header.whole(10)}"


def _describe(one: OpenInterchange, sha256: str, wants_ack: bool) -> Interchange:
    header = one.header
    groups = {
        group.ref: Group(
            group.header.whole(1),
            group.header.whole(8),
            group.header.whole(2),
            group.header.whole(3),
            group.declared,
            group.messages,
        )
        for group in one.groups
    }
    return Interchange(
        one.number, header.whole(6), header.whole(5), header.whole(8), header.whole(7), one.ref, _prepared(header),
        header.whole(15) == "T", sha256, header.whole(12), MappingProxyType(groups), wants_ack, one.fault,
    )  # fmt: skip


DIALECT = Dialect(
    "x12", TAGS, MAPPERS, frozenset({"997", "999", "824"}), frozenset({"997", "999"}), _kind, _sender, _prepared, _describe
)

__all__ = ["MESSAGES", "SWITCHES", "parse", "sniff"]
