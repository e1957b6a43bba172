"""Parts of an X12 transaction set, and what its segments say: parties, articles, dates, prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingestion.documents.parts import Part as BasePart
from ingestion.documents.reading import Reading
from ingestion.documents.segments import Segment

PARTY_QUALIFIERS: Mapping[str, str] = {
    "UL": "gln",
    "1": "duns",
    "9": "duns",
    "91": ":seller",
    "92": ":buyer",
    "21": ":hin",
    "ZZ": "",
}
"""Qualifier of a party's number (N103) -> scheme; others are the source's own numbers."""

ITEM_QUALIFIERS: Mapping[str, str] = {
    "UP": "gtin", "UK": "gtin", "EN": "gtin", "UA": "gtin", "UI": "gtin", "VN": ":seller_item", "VP": ":seller_item", "VC": ":seller_item",
    "VA": ":seller_item", "BP": ":buyer_item", "IN": ":buyer_item", "SK": ":buyer_item", "CB": ":buyer_item", "MG": ":manufacturer_item",
    "MN": ":manufacturer_item", "MF": ":manufacturer_item",
}  # fmt: skip
"""Qualifier of an article number (235) -> scheme."""

ITEM_PREFERENCE = "gtin,:seller_item,:manufacturer_item,:buyer_item"
"""Of several numbers of an article the first of these names the product."""


ENDS = ("CTT", "TDS", "SE")
"""What ends the lines of a transaction set."""


class Part(BasePart):
    """Some segments of a message that belong together."""

    def value(self, tag: str, *codes: str) -> str:
        """Element 2 of the first such segment: what REF, DTM and QTY say."""
        segment = self.first(tag, *codes)
        return segment.whole(2) if segment else ""


def laid_out(segments: Sequence[Segment], *line_tags: str) -> tuple[Part, list[Part], Part]:
    """(header, one part a line, summary from CTT or TDS on) of a transaction set."""
    body, summary = Part(segments).until(*ENDS)
    return (*body.split(*line_tags), summary)


def day_of(reading: Reading, part: Part, *codes: str) -> str | None:
    """The day of the first DTM of these qualifiers; one whose date is a range (DTM05, DTM06) its first day."""
    segment = part.first("DTM", *codes)
    if segment is None:
        return None
    text = segment.whole(2) or (segment.whole(6).partition("-")[0])
    return reading.day(text, segment.place)


def party_of(reading: Reading, part: Part, *roles: str) -> tuple[str, str]:
    """(scheme, number) of the first N1 of these roles; without a number its name, in the list `:name`."""
    segment = part.first("N1", *roles)
    return party_in(reading, segment) if segment else ("", "")


def party_in(reading: Reading, segment: Segment) -> tuple[str, str]:
    """(scheme, number) of an N1."""
    if segment.whole(4):
        return reading.party(segment.whole(4), segment.whole(3), segment.place, PARTY_QUALIFIERS)
    return (reading.scheme(":name"), segment.whole(2)) if segment.whole(2) else ("", "")


def items_of(reading: Reading, *places: tuple[Segment | None, int]) -> dict[str, str]:
    """Scheme -> number out of pairs of qualifier and number, that begin at the given elements."""
    numbers: dict[str, str] = {}
    for segment, first in places:
        if segment is None:
            continue
        for element in range(first, len(segment.elements) - 1, 2):
            scheme, number = reading.code("items", segment.whole(element), ITEM_QUALIFIERS), segment.whole(element + 1)
            if number and scheme is not None and scheme not in numbers:
                numbers[scheme] = reading.gtin(number, segment.place) if scheme == "gtin" else number
    return numbers


def product_columns(reading: Reading, numbers: Mapping[str, str], part: Part | None = None) -> dict[str, str]:
    """The product, its numbers at buyer and seller, and its description (PID)."""
    scheme = next((s for s in [*reading.listed("item_preference", ITEM_PREFERENCE), *numbers] if s in numbers), None)
    pid = part.first("PID") if part else None
    return {
        "product_scheme": reading.scheme(scheme) if scheme is not None else "", "product_ref": numbers[scheme] if scheme is not None else "",
        "buyer_item_no": numbers.get(":buyer_item", ""), "seller_item_no": numbers.get(":seller_item", ""),
        "description": pid.whole(5) if pid else "",
    }  # fmt: skip


def number_in(reading: Reading, segment: Segment, element: int) -> str | None:
    """A number of an element."""
    return reading.number(segment.whole(element), segment.place)


def currency_of(part: Part) -> str:
    """The currency that CUR names."""
    segment = part.first("CUR")
    return segment.whole(2) if segment else ""
