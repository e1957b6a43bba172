"""The registry of document formats: name -> module. A module joins by a line here and by what `DocumentFormat` lists.

A module is imported when a profile or a file asks for it, never before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast

from ingestion.documents.model import Parsed

FORMATS: Mapping[str, str] = MappingProxyType({
    "edifact": "ingestion.documents.edifact", "x12": "ingestion.documents.x12", "cxml": "ingestion.documents.cxml",
    "ubl": "ingestion.documents.ubl", "camt": "ingestion.documents.camt", "mt940": "ingestion.documents.mt940", "idoc": "ingestion.documents.idoc",
})  # fmt: skip
"""Format as a profile names it -> module."""

HEAD_BYTES = 4096
"""So much of a file is shown to `sniff`."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One thing in which partners differ: `[documents] name = "value"` in a profile. Without `choices` any text goes."""

    default: str
    meaning: str
    choices: tuple[str, ...] = ()


class DocumentFormat(Protocol):
    """What a module of a document format offers.

    SWITCHES  name -> switch; a name that ends in `.*` is a table of codes (`[documents.quantities]` is `quantities.*`)
    MESSAGES  kinds it can read (what a profile's `messages` may list) -> record sets they give
    sniff     whether a file that begins with these bytes is of this format
    parse     bytes and switches -> what the file holds; see `Parser`
    """

    SWITCHES: Mapping[str, Switch]
    MESSAGES: Mapping[str, tuple[str, ...]]

    def sniff(self, head: bytes) -> bool:
        """Whether the bytes look like this format."""
        ...

    def parse(self, content: bytes, switches: Mapping[str, str]) -> Parsed:
        """What the file holds."""
        ...


def format_of(name: str) -> DocumentFormat:
    """The module of a format. Raises KeyError."""
    return cast(DocumentFormat, import_module(FORMATS[name]))


def sniffed(head: bytes) -> str | None:
    """The first format whose files begin like this."""
    return next((name for name in FORMATS if format_of(name).sniff(head)), None)


def unknown_switches(name: str, switches: Mapping[str, str]) -> list[str]:
    """What is wrong with the switches of a profile, in words."""
    known = format_of(name).SWITCHES
    wrong = []
    for key, value in switches.items():
        switch = known.get(key) or known.get(f"{key.partition('.')[0]}.*" if "." in key else "")
        if switch is None:
            wrong.append(f"format {name} has no switch {key}; it has {', '.join(sorted(known))}")
        elif switch.choices and value not in switch.choices:
            wrong.append(f"switch {key} is {value!r}; it may be {', '.join(switch.choices)}")
    return wrong
