"""One message while it is being read: rows by record set, and findings that name element and line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from ingestion.documents.identifiers import GLN_SCHEMES, gln_problem, gtin_problem, padded_gtin
from ingestion.documents.model import DocumentFinding, Message, MessageKey, Row
from ingestion.documents.reading import version_of
from ingestion.documents.registry import Switch
from ingestion.documents.xml_reading import Node

NUMBER = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,10})?|\.[0-9]{1,10})")
DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:$|[T+\-Z ])")
FOUND_MAX = 200
PRODUCT_ORDER = "gtin, seller_item, buyer_item"
PARTY_SCHEMES: Mapping[str, str] = MappingProxyType({"0088": "gln", "GLN": "gln", "0060": "duns", "DUNS": "duns"})
"""ICD code of UBL, or domain of cXML, of numbers that mean the same everywhere."""
PARTNER_SWITCHES: Mapping[str, Switch] = MappingProxyType({
    "product": Switch(PRODUCT_ORDER, "which number of an article counts, in order of preference"),
    "parties.*": Switch("", "code of a party's number (ICD code of UBL, domain of cXML) -> scheme; `:name` is a list of this source"),
})  # fmt: skip


class Draft:
    """Collects one message. Whatever is fatal keeps all its rows out when it is finished."""

    def __init__(self, message_no: int, kind: str, switches: Mapping[str, str]) -> None:
        self.message_no, self.kind, self.switches = message_no, kind, switches
        self._base: dict[str, str | None] = {"message_no": str(message_no), "message_kind": kind}
        self._rows: dict[str, list[Row]] = {}
        self._findings: list[DocumentFinding] = []

    def head(self, function: str, day: str | None, rank: int, moment: str = "") -> None:
        """What every row carries from here on: function and version. `moment` is when the document was written, ISO."""
        digits = "".join(character for character in moment if character.isdigit())
        self._base |= {"message_function": function or None, "version_no": version_of(day, rank, digits[2:12].ljust(10, "0"))}

    def add(self, record_set: str, place: str, *parts: Row, **values: str | None) -> None:
        """One row of a record set, put together from parts."""
        row: dict[str, str | None] = {**self._base, "place": place}
        for part in parts:
            row.update(part)
        self._rows.setdefault(record_set, []).append({**row, **values})

    def scheme(self, code: str | None) -> str:
        """Whose number: as `[documents.parties]` says, else GLN and DUNS by their codes, else a list of this source."""
        name = re.sub(r"[^a-z0-9]+", "_", (code or "party").lower())
        scheme = self.switches.get(f"parties.{code}") or PARTY_SCHEMES.get(code or "") or f":{name}"
        return f"{self.switches.get('source_id', '')}{scheme}" if scheme.startswith(":") else scheme

    def product(self, numbers: Mapping[str, str | None]) -> Row:
        """`product_scheme`, `product_ref`: the first number there is in the order of the switch `product`."""
        for name in self.switches.get("product", PRODUCT_ORDER).split(","):
            number = numbers.get(name.strip())
            if number:
                scheme = "gtin" if name.strip() == "gtin" else f"{self.switches.get('source_id', '')}:{name.strip()}"
                return {"product_scheme": scheme, "product_ref": number}
        return {}

    def find(self, code: str, place: str, found: str, expected: str, *, is_fatal: bool = True) -> None:
        """Something is wrong here."""
        self._findings.append(DocumentFinding(code, place, found[:FOUND_MAX], expected, self.message_no, is_fatal))

    def needed(self, node: Node, *paths: str) -> str:
        """Text that has to be there; ING-612 and an empty text if it is not."""
        value = node.text(*paths)
        if value is None:
            self.find("ING-612", node.place, "nothing", f"a text in {' or '.join(paths)}")
        return value or ""

    def number(self, node: Node | None, *, is_needed: bool = False, within: Node | None = None) -> Decimal | None:
        """A decimal number with a point; ING-613 for anything else, ING-612 if it is needed and missing."""
        text = node.text() if node else None
        if node is None or text is None:
            if is_needed:
                self.find("ING-612", within.place if within else "", "nothing", "a number")
            return None
        return Decimal(text) if NUMBER.fullmatch(text) else self.number_of(text, node.place)

    def number_of(self, text: str, place: str) -> Decimal | None:
        """A decimal number with a point; ING-613 for anything else."""
        if not NUMBER.fullmatch(text):
            self.find("ING-613", place, text, "a number such as 1234.56")
            return None
        return Decimal(text)

    def day(self, node: Node, *paths: str, is_needed: bool = False) -> str | None:
        """An ISO date, as the sender's calendar has it; ING-613, ING-612 as for numbers."""
        text = self.needed(node, *paths) if is_needed else node.text(*paths)
        return self.day_of(text, f"{'/'.join(paths[:1])} in {node.place}") if text else None

    def day_of(self, text: str, place: str) -> str | None:
        """The date that a text begins with."""
        match = DAY.match(text)
        try:
            if match:
                return date.fromisoformat(match[1]).isoformat()
        except ValueError:
            pass
        self.find("ING-613", place, text, "a date such as 2026-11-25")
        return None

    def gtin(self, text: str | None, node: Node) -> str | None:
        """A GTIN of 14 digits; a wrong check digit is a warning (ING-615)."""
        if text is None:
            return None
        if problem := gtin_problem(text):
            self.find("ING-615", node.place, text, f"a GTIN ({problem})", is_fatal=False)
        return padded_gtin(text)

    def party_number(self, scheme: str | None, text: str | None, node: Node) -> None:
        """Warn (ING-615) of a GLN with a wrong check digit."""
        if text and scheme in GLN_SCHEMES and (problem := gln_problem(text)):
            self.find("ING-615", node.place, text, f"a GLN ({problem})", is_fatal=False)

    def finish(self, key: MessageKey, raw_text: str) -> Message:
        """The message."""
        is_refused = any(finding.is_fatal for finding in self._findings)
        rows = {} if is_refused else {name: tuple(rows) for name, rows in self._rows.items()}
        return Message(self.message_no, self.kind, key, MappingProxyType(rows), raw_text, tuple(self._findings))


def sha256_of(content: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(content).hexdigest()


def decimal_text(value: Decimal | None) -> str | None:
    """A number as neutral rows have it: point, no exponent, no zeros at the end."""
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def total(values: Iterable[Decimal | None]) -> Decimal:
    """Sum of what is there."""
    return sum((value for value in values if value is not None), Decimal(0))
