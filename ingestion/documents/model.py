"""What every document format gives: messages with neutral rows, and findings that name their place.

    bytes --envelope, tokenizer--> segments or elements --> Message(rows by record set) --> view `decoded` --profile--> contract columns

A record set has the name of the feed it is about (`orders`, `order_lines`, `deliveries`, …); its rows are texts under neutral names,
so that a partner's profile maps them as it would map the columns of a CSV file. One message is taken whole or refused whole: a message
with a fatal finding gives no rows, the others of its file go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Row = Mapping[str, str | None]
"""Neutral name -> text as the message has it, codes and decimal style already made neutral (ISO dates, decimal point)."""


@dataclass(frozen=True, slots=True)
class DocumentFinding:
    """Something wrong with a file or message. `place` names segment and position, or the element's path and line.

    `is_fatal`: the message it belongs to (`message_no`, None: the whole file) is refused; else it is a warning.
    """

    code: str
    place: str
    found: str
    expected: str
    message_no: int | None = None
    is_fatal: bool = True


@dataclass(frozen=True, slots=True)
class MessageKey:
    """What tells one inbound message from another: sender, references of its envelopes, type, document number and function."""

    sender: str
    interchange_ref: str
    group_ref: str
    message_ref: str
    document_type: str
    document_no: str
    function: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `kind` is its type as the format names it (`ORDERS D.96A`, `856`, `Invoice`)."""

    message_no: int
    kind: str
    key: MessageKey
    rows: Mapping[str, tuple[Row, ...]]
    raw_text: str
    findings: tuple[DocumentFinding, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether a finding keeps it out."""
        return any(finding.is_fatal for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as its format reads it: every message in order, and findings about the file as a whole."""

    format: str
    messages: tuple[Message, ...]
    findings: tuple[DocumentFinding, ...] = ()
    envelope: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


Parser = Callable[[bytes, Mapping[str, str]], Parsed]
"""Bytes and the profile's switches -> what the file holds. Never raises for what is in the bytes: that is a finding."""
