"""Acknowledgements: what a receiver of EDI owes its sender, said in the sender's own syntax. Written strictly: our own parser finds nothing odd.

interchange + outcome of each message  ->  CONTRL or 997 with control references of our own
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ingestion.documents.model import Interchange


@dataclass(frozen=True, slots=True)
class MessageOutcome:
    """What became of a message: `status` accepted, refused or duplicate; `code` says why it was refused."""

    type_name: str
    kind: str
    message_ref: str
    group_ref: str
    status: str
    code: str = ""


Acknowledge = Callable[[Interchange, Sequence[MessageOutcome], bool, int, datetime], str]
"""(what came, what became of its messages, whether the whole interchange came before, our control number, now in UTC) -> text."""

CONTRL_ERRORS: Mapping[str, str] = MappingProxyType({
    "EDI-112": "13", "EDI-113": "29", "EDI-114": "28", "EDI-121": "26", "EDI-201": "13", "EDI-202": "12", "EDI-203": "12", "EDI-204": "12",
    "EDI-209": "13",
})  # fmt: skip
"""Our code -> syntax error (0085): 12 invalid value, 13 missing, 18 unspecified, 26 duplicate, 28 references differ, 29 count differs."""

SET_ERRORS: Mapping[str, str] = MappingProxyType({"EDI-112": "2", "EDI-113": "4", "EDI-114": "3", "EDI-121": "23"})
"""Our code -> transaction set error (718): 2 no trailer, 3 references differ, 4 count differs, 5 segments in error, 23 not unique."""


def contrl(interchange: Interchange, outcomes: Sequence[MessageOutcome], is_duplicate: bool, number: int, now: datetime) -> str:
    """A CONTRL: the interchange is accepted at its level (7) but for the messages named, or refused as a duplicate (4, 26).

    Source: ISO 9735-4; action codes of data element 0083.
    """

    def plain(text: str) -> str:
        return "".join(f"?{c}" if c in "?+:'" else c for c in text)

    def party(identification: str, qualifier: str) -> str:
        return f"{plain(identification)}:{plain(qualifier)}" if qualifier else plain(identification)

    sender = party(interchange.sender, interchange.sender_qualifier)
    recipient = party(interchange.recipient, interchange.recipient_qualifier)
    body = [f"UCI+{plain(interchange.control_ref)}+{sender}+{recipient}+" + ("4+26" if is_duplicate else "7")]
    group = ""
    for outcome in () if is_duplicate else outcomes:
        if outcome.status == "accepted" or not outcome.message_ref:
            continue
        if outcome.group_ref != group:
            group = outcome.group_ref
            body.append(f"UCF+{plain(group)}+++7")
        version = outcome.kind.partition(" ")[2].partition(".")
        error = "26" if outcome.status == "duplicate" else CONTRL_ERRORS.get(outcome.code, "18")
        body.append(
            f"UCM+{plain(outcome.message_ref)}+{plain(outcome.type_name)}:{plain(version[0])}:{plain(version[2])}:UN+4+{error}"
        )
    test = "++++++1" if interchange.is_test else ""
    segments = [
        f"UNB+UNOC:3+{recipient}+{sender}+{now:%y%m%d}:{now:%H%M}+{number}{test}", "UNH+1+CONTRL:D:3:UN", *body, f"UNT+{len(body) + 2}+1",
        f"UNZ+1+{number}",
    ]  # fmt: skip
    return "UNA:+.? '\n" + "".join(f"{segment}'\n" for segment in segments)


def functional(
    interchange: Interchange, outcomes: Sequence[MessageOutcome], is_duplicate: bool, number: int, now: datetime
) -> str:
    """A 997 for each functional group; of a duplicate interchange also TA1 (R, 025). Source: X12 4010, transaction set 997, X12.5."""

    def plain(text: str) -> str:
        return "".join(" " if c in "*>~\r\n" else c for c in text).strip()

    sets: list[str] = []
    for position, (ref, group) in enumerate(interchange.groups.items(), 1):
        mine = [outcome for outcome in outcomes if outcome.group_ref == ref and outcome.message_ref]
        body = [f"AK1*{plain(group.code)}*{plain(ref)}"]
        accepted = 0
        for outcome in mine:
            body.append(f"AK2*{plain(outcome.type_name)}*{plain(outcome.message_ref)}")
            is_good = outcome.status == "accepted" and not is_duplicate
            accepted += is_good
            error = "23" if outcome.status == "duplicate" or is_duplicate else SET_ERRORS.get(outcome.code, "5")
            body.append("AK5*A" if is_good else f"AK5*R*{error}")
        verdict = "A" if accepted == len(mine) and mine else ("P" if accepted else "R")
        declared = group.declared if group.declared >= 0 else len(mine)
        body.append(f"AK9*{verdict}*{declared}*{len(mine)}*{accepted}")
        sets += [f"ST*997*{position:04d}", *body, f"SE*{len(body) + 2}*{position:04d}"]
    first = next(iter(interchange.groups.values()), None)
    ours, theirs = (
        (plain(first.recipient), plain(first.sender)) if first else (plain(interchange.recipient), plain(interchange.sender))
    )
    control = f"{number % 1_000_000_000:09d}"
    head = [
        f"ISA*00*{'':10}*00*{'':10}*{plain(interchange.recipient_qualifier)[:2]:2}*{plain(interchange.recipient)[:15]:15}"
        f"*{plain(interchange.sender_qualifier)[:2]:2}*{plain(interchange.sender)[:15]:15}*{now:%y%m%d}*{now:%H%M}*U*00401*{control}*0"
        f"*{'T' if interchange.is_test else 'P'}*>"
    ]
    if is_duplicate:
        stamp = interchange.prepared_at
        head.append(f"TA1*{plain(interchange.control_ref)[:9]:0>9}*{plain(stamp[:6])}*{plain(stamp[6:10])}*R*025")
    groups = (
        [f"GS*FA*{ours}*{theirs}*{now:%Y%m%d}*{now:%H%M}*{number}*X*004010", *sets, f"GE*{len(interchange.groups)}*{number}"]
        if sets
        else []
    )
    segments = [*head, *groups, f"IEA*{1 if groups else 0}*{control}"]
    return "".join(f"{segment}~\n" for segment in segments)


ACKNOWLEDGERS: Mapping[str, tuple[Acknowledge, str]] = MappingProxyType({"edifact": (contrl, "edi"), "x12": (functional, "x12")})
"""Format -> (what writes the acknowledgement, ending of its file's name)."""
