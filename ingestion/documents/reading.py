"""What is the same in reading any message: neutral numbers, days, product and party numbers, and findings with their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from ingestion.documents.identifiers import gln_problem, gtin_problem, padded_gtin
from ingestion.documents.model import DocumentFinding, Row

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,24}(?:[.,][0-9]{0,12})?|[.,][0-9]{1,12})")
AMOUNT_STEP = Decimal("0.0001")
"""Amounts that are worked out of price and quantity are kept to hundredths of a minor unit (ADR 0003)."""


@dataclass(slots=True)
class Reading:
    """One message while it is read: its rows so far, and what was found wrong. `base` goes into every row; `prepared` is the
    moment of its interchange as digits."""

    message_no: int
    switches: Mapping[str, str]
    base: dict[str, str | None] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    findings: list[DocumentFinding] = field(default_factory=list)
    document_no: str = ""
    function: str = ""
    prepared: str = ""

    def head(self, document_no: str, function: str, day: str | None, rank: int) -> None:
        """What every row of the message carries: its number, function and version (`version_of`)."""
        self.document_no, self.function = document_no, function
        self.base |= {"message_function": function or None, "version_no": version_of(day, rank, self.prepared)}

    def add(self, records: str, place: str, **values: str | None) -> None:
        """One more row of a record set; empty texts are left out."""
        row = {**self.base, "place": place, **{name: value for name, value in values.items() if value}}
        self.rows.setdefault(records, []).append(row)

    def refuse(self, code: str, place: str, found: str, expected: str) -> None:
        """The message cannot be taken."""
        self.findings.append(DocumentFinding(code, place, found or "nothing", expected, self.message_no, True))

    def warn(self, code: str, place: str, found: str, expected: str) -> None:
        """Worth knowing, and no reason to refuse the message."""
        self.findings.append(DocumentFinding(code, place, found or "nothing", expected, self.message_no, False))

    def switch(self, name: str, default: str = "") -> str:
        """What the profile says."""
        return self.switches.get(name, default)

    def listed(self, name: str, default: str) -> list[str]:
        """A switch that is a list of codes, in order of preference."""
        return _codes(self.switches.get(name, default))

    def code(self, table: str, code: str, defaults: Mapping[str, str]) -> str | None:
        """What a code means: as the profile says, else as the standard does. None: nobody knows."""
        return self.switches.get(f"{table}.{code}") or defaults.get(code)

    def needed(self, text: str, place: str, expected: str) -> str:
        """A text that the message cannot do without (EDI-201)."""
        if not text:
            self.refuse("EDI-201", place, "nothing", expected)
        return text

    def number(self, text: str, place: str) -> str | None:
        """A number as neutral text; both decimal marks are read, as no syntax here allows marks between thousands (EDI-203)."""
        if not text:
            return None
        plain = text[-1] + text[:-1] if text[-1] == "-" else text
        if not _NUMBER.fullmatch(plain):
            self.refuse("EDI-203", place, text, "a number such as 1234.56")
            return None
        return plain if plain.isdigit() else format(Decimal(plain.replace(",", ".")), "f")

    def day(self, text: str, place: str) -> str | None:
        """A day as YYYY-MM-DD out of CCYYMMDD or YYMMDD, whatever follows it (EDI-202)."""
        if not text:
            return None
        digits = text[:8] if len(text) >= 8 else (f"20{text[:6]}" if text[:2] < "70" else f"19{text[:6]}")
        if len(text) >= 6 and digits.isascii() and digits.isdigit() and len(digits) == 8:
            try:
                return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
            except ValueError:
                pass
        self.refuse("EDI-202", place, text, "a day such as 20261231")
        return None

    def gtin(self, text: str, place: str) -> str:
        """A GTIN padded to 14 digits; what is wrong with it is a warning (EDI-205)."""
        if problem := gtin_problem(text):
            self.warn("EDI-205", place, f"{text} ({problem})", "a GTIN with its check digit")
        return padded_gtin(text)

    def gln(self, text: str, place: str) -> str:
        """A GLN; what is wrong with it is a warning (EDI-206)."""
        if problem := gln_problem(text):
            self.warn("EDI-206", place, f"{text} ({problem})", "a GLN with its check digit")
        return text

    def party(self, number: str, agency: str, place: str, defaults: Mapping[str, str]) -> tuple[str, str]:
        """(scheme, number) of a party by the agency that gave the number; ("", "") without one.

        Schemes of our own begin with `:` in tables and stand for lists of this source (`:seller` is `<source>:seller`).
        """
        if not number:
            return "", ""
        scheme = self.code("parties", agency, defaults) or ""
        if scheme == "gln":
            return scheme, self.gln(number, place)
        return self.scheme(scheme), number

    def scheme(self, scheme: str) -> str:
        """A scheme of a table: `:seller` is a list of this source, an empty one the source's own numbers."""
        source = self.switch("source_id")
        return f"{source}{scheme}" if not scheme or scheme.startswith(":") else scheme

    def amount(self, amount: str | None, price: str | None, quantity: str | None, basis: str | None, place: str) -> str | None:
        """A line's amount: as the message says, else price x quantity / basis, else as `missing_price` says (EDI-209)."""
        if amount is not None:
            return amount
        if price is not None and quantity is not None:
            per = Decimal(basis) if basis and Decimal(basis) else Decimal(1)
            return format((Decimal(price) * Decimal(quantity) / per).quantize(AMOUNT_STEP, ROUND_HALF_EVEN), "f")
        if price is not None:
            return None  # the quantity is what is missing, and said where it is checked
        if self.switch("missing_price", "refuse") == "zero":
            return "0"
        self.refuse("EDI-209", place, "neither amount nor price", "a line amount or a price, or the switch missing_price")
        return None


@lru_cache(maxsize=1024)
def _codes(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def negated(number: str | None) -> str | None:
    """The number with its sign turned."""
    return None if number is None else format(-Decimal(number), "f")


def version_of(day: str | None, rank: int, prepared: str) -> str:
    """`version_no`: day of the document (8 digits), rank of its function (1 digit), moment of the interchange (YYMMDDhhmm)."""
    stamp = "".join(c for c in prepared if c.isascii() and c.isdigit())[-10:].zfill(10)
    return f"{(day or '0000-00-00').replace('-', '')}{min(rank, 9)}{stamp}"
