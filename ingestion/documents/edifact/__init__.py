"""EDIFACT: interchanges after ISO 9735, EANCOM and other subsets, as neutral rows (docs/edi.md)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ingestion.documents.dialect import Dialect, parse_as
from ingestion.documents.edifact.messages import MAPPERS, RECORDS, SWITCHES
from ingestion.documents.edifact.syntax import looks_like_edifact, tokenized
from ingestion.documents.envelopes import EnvelopeTags, OpenInterchange, OpenMessage
from ingestion.documents.model import NO_KIND, Group, Interchange, Parsed
from ingestion.documents.segments import Segment

TAGS = EnvelopeTags(("UNB", "UNZ"), ("UNG", "UNE"), ("UNH", "UNT"), 5, 5, 1, frozenset({"UNA"}))
MESSAGES = RECORDS


def sniff(head: bytes) -> bool:
    """Whether a file begins like EDIFACT."""
    return looks_like_edifact(head)


def parse(content: bytes, switches: Mapping[str, str]) -> Parsed:
    """Every message of a file. `switches`: SWITCHES, and `source_id`, whose lists of numbers schemes are named for."""
    segments, findings = tokenized(content, switches.get("charset"))
    return parse_as(DIALECT, segments, findings, switches)


def _kind(message: OpenMessage) -> tuple[str, str]:
    header = message.header
    if header is None or not header.get(2):
        return NO_KIND, NO_KIND
    return header.get(2), f"{header.get(2)} {header.get(2, 2)}.{header.get(2, 3)}".strip(" .")


def _sender(header: Segment) -> str:
    return f"{header.get(2)}:{header.get(2, 2)}"


def _prepared(header: Segment) -> str:
    return f"{header.get(4)}{header.get(4, 2)}"


def _describe(one: OpenInterchange, sha256: str, wants_ack: bool) -> Interchange:
    header = one.header
    groups = {
        group.ref: Group(
            group.header.get(1), group.header.get(7), group.header.get(2), group.header.get(3), group.declared, group.messages
        )
        for group in one.groups
    }
    return Interchange(
        one.number, header.get(2), header.get(2, 2), header.get(3), header.get(3, 2), one.ref, _prepared(header), header.get(11) == "1",
        sha256, header.get(1), MappingProxyType(groups), wants_ack, one.fault,
    )  # fmt: skip


DIALECT = Dialect(
    "edifact", TAGS, MAPPERS, frozenset({"CONTRL", "APERAK"}), frozenset({"CONTRL"}), _kind, _sender, _prepared, _describe
)

__all__ = ["MESSAGES", "SWITCHES", "parse", "sniff"]
