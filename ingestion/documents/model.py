"""What every document format gives: messages with neutral rows, and findings that name their place.

    bytes --envelope, tokenizer--> segments or elements --> Message(rows by record set) --> view `decoded` --profile--> contract columns

A record set has the name of the feed it is about (`orders`, `order_lines`, `deliveries`, …); its rows are texts under neutral names
(ingestion/documents/records.py), so that a partner's profile maps them as it would map the columns of a CSV file. One message is taken
whole or refused whole: a message with a fatal finding gives no rows, the others of its file go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Row = Mapping[str, str | None]
"""Neutral name -> text as the message has it, codes and decimal style already made neutral (ISO dates, decimal point)."""

NO_KIND = "unknown"
"""Kind of a refused run of parts that no message can be made of."""

DOCUMENT_BYTES_MAX = 256 << 20
"""A larger file is refused: documents are read whole."""


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
    """What tells one inbound message from another: sender, references of its envelopes, type, document number and function.

    `control` is the part a sender gives once: the same control references with other content are refused. `sha256` is of that
    content: of the message's bytes, but for a cXML message, whose envelope has another timestamp with every attempt to send it.
    `unique_by` is the place of the reference that a format without interchanges makes unique (empty: none does).
    """

    sender: str
    interchange_ref: str
    group_ref: str
    message_ref: str
    document_type: str
    document_no: str
    function: str
    sha256: str
    unique_by: str = ""

    @property
    def control(self) -> tuple[str, str, str, str]:
        """Sender and the references of interchange, group and message."""
        return (self.sender, self.interchange_ref, self.group_ref, self.message_ref)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `kind` is its type as the format names it (`ORDERS D.96A`, `856`, `Invoice`); its first word is what
    a profile's `messages` lists. `interchange_no` points into `Parsed.interchanges` (0: the file has no such envelopes)."""

    message_no: int
    kind: str
    key: MessageKey
    rows: Mapping[str, tuple[Row, ...]]
    raw_text: str
    findings: tuple[DocumentFinding, ...] = ()
    interchange_no: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether a finding keeps it out."""
        return any(finding.is_fatal for finding in self.findings)

    @property
    def is_given_once(self) -> bool:
        """Whether its references tell a second delivery."""
        return bool(self.interchange_no or self.key.unique_by)

    @property
    def type_name(self) -> str:
        """`ORDERS` of `ORDERS D.96A`."""
        return self.kind.partition(" ")[0]


@dataclass(frozen=True, slots=True)
class Group:
    """A functional group: its code and version, who it is from and for, and how many messages it declares (-1: no trailer) and holds."""

    code: str
    version: str
    sender: str
    recipient: str
    declared: int
    messages: int


@dataclass(frozen=True, slots=True)
class Interchange:
    """One envelope of a file as its sender wrote it, with what an acknowledgement has to say back.

    `groups` by their references. `wants_ack`: the envelope holds something
    that is answered (an acknowledgement is not). `fault`: code of what is wrong with the envelope itself.
    """

    interchange_no: int
    sender: str
    sender_qualifier: str
    recipient: str
    recipient_qualifier: str
    control_ref: str
    prepared_at: str
    is_test: bool
    sha256: str
    version: str = ""
    groups: Mapping[str, Group] = field(default_factory=lambda: MappingProxyType({}))
    wants_ack: bool = True
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as its format reads it: every message in order, and findings about the file as a whole.

    `parts` counts what the tokenizer found (segments, elements), so that nothing can be cut in silence.
    """

    format: str
    messages: tuple[Message, ...]
    findings: tuple[DocumentFinding, ...] = ()
    envelope: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    interchanges: tuple[Interchange, ...] = ()
    parts: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether the file as a whole cannot be taken."""
        return any(finding.is_fatal and finding.message_no is None for finding in self.findings)

    def all_findings(self) -> tuple[DocumentFinding, ...]:
        """Findings of the file, then those of its messages in order."""
        return self.findings + tuple(finding for message in self.messages for finding in message.findings)


Parser = Callable[[bytes, Mapping[str, str]], Parsed]
"""Bytes and the profile's switches -> what the file holds. Never raises for what is in the bytes: that is a finding."""
