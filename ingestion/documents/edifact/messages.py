"""The EDIFACT messages that are read, and the switches in which partners differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from ingestion.documents.edifact.orders import read_orders
from ingestion.documents.edifact.parts import ITEM_PREFERENCE
from ingestion.documents.reading import Reading
from ingestion.documents.registry import Switch
from ingestion.documents.segments import Segment

Mapper = Callable[[Reading, Sequence[Segment]], None]

MAPPERS: Mapping[str, Mapper] = MappingProxyType({"ORDERS": read_orders})
RECORDS: Mapping[str, tuple[str, ...]] = MappingProxyType({"ORDERS": ("orders", "order_lines")})
"""Message -> record sets it gives."""

SWITCHES: Mapping[str, Switch] = MappingProxyType({
    "charset": Switch("", "character set, when the interchange header names another than is used"),
    "control_totals": Switch("refuse", "a wrong segment count or reference refuses the message, or is a warning", ("refuse", "warn")),
    "missing_price": Switch("refuse", "a line without amount and price refuses the message, or counts zero", ("refuse", "zero")),
    "net_price": Switch("AAA,NTP,AAH", "qualifiers of the price a line's amount is worked out from, the first that is there"),
    "item_preference": Switch(ITEM_PREFERENCE, "by which of its numbers a product is known"),
    "parties.*": Switch("", "agency of a party's number -> scheme; `:seller` is a list of this source"),
    "items.*": Switch("", "type of an article number -> scheme"),
})  # fmt: skip
