"""Parts of an EDIFACT message: header, one part a line, summary; and what its segments say, by qualifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingestion.documents.parts import Part as BasePart
from ingestion.documents.reading import Reading
from ingestion.documents.segments import Segment

AGENCIES: Mapping[str, str] = {"9": "gln", "14": "gln", "16": "duns", "91": ":seller", "92": ":buyer"}
"""Code list agency (3055) or qualifier of a party's number -> scheme. Without an agency it is the source's own number."""

ITEM_TYPES: Mapping[str, str] = {
    "EN": "gtin", "SRV": "gtin", "UP": "gtin", "UPC": "gtin", "EU": "gtin", "SA": ":seller_item", "VN": ":seller_item", "VP": ":seller_item",
    "BP": ":buyer_item", "IN": ":buyer_item", "MF": ":manufacturer_item", "MG": ":manufacturer_item", "MP": ":manufacturer_item",
}  # fmt: skip
"""Item number type (7143) -> scheme."""

ITEM_PREFERENCE = "gtin,:seller_item,:manufacturer_item,:buyer_item"
"""Of several numbers of an article the first of these names the product."""

ENDS = ("UNS", "CNT", "UNT")
"""What ends the lines of a message."""

YEAR_SHORT = frozenset({"101", "201", "301", "2", "3", "4"})
"""Date formats (2379) that begin with a year of two digits."""


class Part(BasePart):
    """Some segments of a message that belong together."""

    def value(self, tag: str, *codes: str) -> str:
        """Component 2 of the first such segment: what RFF, MOA, QTY and DTM say."""
        segment = self.first(tag, *codes)
        return segment.get(1, 2) if segment else ""


def laid_out(segments: Sequence[Segment]) -> tuple[Part, list[Part], Part]:
    """(header, one part for each LIN, summary from UNS on) of a message."""
    body, summary = Part(segments).until(*ENDS)
    return (*body.split("LIN"), summary)


def day_of(reading: Reading, part: Part, *codes: str) -> str | None:
    """The first DTM of these qualifiers, as a day; of a period its first day."""
    return period_of(reading, part, *codes)[0]


def period_of(reading: Reading, part: Part, *codes: str) -> tuple[str | None, str | None]:
    """First and last day of the first DTM of these qualifiers; the same day twice when it names one."""
    segment = part.first("DTM", *codes)
    if segment is None:
        return None, None
    text, style = segment.get(1, 2), segment.get(1, 3)
    if style in ("718", "711", "717", "713") and len(text.replace("-", "")) >= 12:
        plain = text.replace("-", "")
        half = len(plain) // 2
        return reading.day(plain[:half], segment.place), reading.day(plain[half:], segment.place)
    if style in ("610", "609") and len(text) in (4, 6):
        first = reading.day(f"{text}01", segment.place)
        return first, first
    day = reading.day(text[:6] if style in YEAR_SHORT else text, segment.place)
    return day, day


def party_of(reading: Reading, part: Part, *roles: str) -> tuple[str, str]:
    """(scheme, number) of the first NAD of these roles; without a number its name, as the source's own number."""
    segment = part.first("NAD", *roles)
    return party_in(reading, segment) if segment else ("", "")


def party_in(reading: Reading, segment: Segment) -> tuple[str, str]:
    """(scheme, number) of a NAD."""
    if segment.get(2):
        return reading.party(segment.get(2), segment.get(2, 3), segment.place, AGENCIES)
    name = segment.get(4) or segment.get(3)
    return (reading.scheme(":name"), name) if name else ("", "")


def items_of(reading: Reading, line: Part) -> dict[str, str]:
    """Scheme -> number of the line's article, out of LIN and PIA."""
    numbers: dict[str, str] = {}
    for segment in line.segments:
        if segment.tag == "LIN" and segment.get(3):
            _note_item(reading, numbers, segment, segment.get(3), segment.get(3, 2) or "EN")
        elif segment.tag == "PIA" and segment.get(1) in ("1", "5", ""):
            for element in range(2, len(segment.elements)):
                _note_item(reading, numbers, segment, segment.get(element), segment.get(element, 2))
    return numbers


def _note_item(reading: Reading, numbers: dict[str, str], segment: Segment, number: str, kind: str) -> None:
    scheme = reading.code("items", kind, ITEM_TYPES)
    if not number or scheme is None or scheme in numbers:
        return
    numbers[scheme] = reading.gtin(number, segment.place) if scheme == "gtin" else number


def product_of(reading: Reading, numbers: Mapping[str, str]) -> tuple[str, str]:
    """(scheme, number) by which the product is known: the first of `item_preference` that the line has."""
    for scheme in [*reading.listed("item_preference", ITEM_PREFERENCE), *numbers]:
        if scheme in numbers:
            return reading.scheme(scheme), numbers[scheme]
    return "", ""


def price_of(reading: Reading, part: Part, *codes: str) -> tuple[str | None, str | None]:
    """(price, for how many) of the first PRI of these qualifiers."""
    segment = part.first("PRI", *codes)
    if segment is None:
        return None, None
    return reading.number(segment.get(1, 2), segment.place), reading.number(segment.get(1, 5), segment.place)


def quantity_of(reading: Reading, part: Part, *codes: str) -> tuple[str | None, str]:
    """(quantity, unit) of the first QTY of these qualifiers."""
    segment = part.first("QTY", *codes)
    return (reading.number(segment.get(1, 2), segment.place), segment.get(1, 3)) if segment else (None, "")


def money_of(reading: Reading, part: Part, *codes: str) -> str | None:
    """The amount of the first MOA of these qualifiers."""
    segment = part.first("MOA", *codes)
    return reading.number(segment.get(1, 2), segment.place) if segment else None


def currency_of(head: Part) -> str:
    """The reference currency (CUX 2), else the first one."""
    for segment in head.every("CUX"):
        if segment.get(1, 2):
            return segment.get(1, 2)
    return ""


def order_of(part: Part) -> tuple[str, str]:
    """(order number, line) that RFF+ON names."""
    segment = part.first("RFF", "ON")
    return (segment.get(1, 2), segment.get(1, 3)) if segment else ("", "")
