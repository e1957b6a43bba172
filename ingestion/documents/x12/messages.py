"""The X12 transaction sets that are read, and the switches in which partners differ."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ingestion.documents.dialect import Mapper
from ingestion.documents.registry import Switch
from ingestion.documents.x12.invoices import read_810
from ingestion.documents.x12.orders import read_850, read_855, read_860, read_865
from ingestion.documents.x12.parts import ITEM_PREFERENCE
from ingestion.documents.x12.reports import ON_HAND, STOCK_QUANTITIES, read_846, read_852, read_867
from ingestion.documents.x12.shipping import read_180, read_856

MAPPERS: Mapping[str, Mapper] = MappingProxyType({
    "850": read_850, "855": read_855, "860": read_860, "865": read_865, "856": read_856, "810": read_810, "852": read_852, "867": read_867,
    "846": read_846, "180": read_180,
})  # fmt: skip
RECORDS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "850": ("orders", "order_lines"), "855": ("order_confirmations",), "860": ("order_changes",), "865": ("order_confirmations",),
    "856": ("deliveries", "packages"), "810": ("invoices",), "852": ("sell_through", "sell_out", "stock"), "867": ("sell_through", "returns"),
    "846": ("stock",), "180": ("returns",),
})  # fmt: skip
"""Transaction set -> record sets it gives."""

SWITCHES: Mapping[str, Switch] = MappingProxyType({
    "charset": Switch("", "character set, when it is not UTF-8"),
    "control_totals": Switch("refuse", "a wrong segment count or reference refuses the message, or is a warning", ("refuse", "warn")),
    "missing_price": Switch("refuse", "a line without amount and price refuses the message, or counts zero", ("refuse", "zero")),
    "net_price": Switch("NET,CON,UCP", "price classes of 852 from which amounts are worked out, the first that is there"),
    "item_preference": Switch(ITEM_PREFERENCE, "by which of its numbers a product is known"),
    "period_day": Switch("last", "the day on which a period's sales are booked", ("first", "last")),
    "on_hand": Switch(ON_HAND, "activities of 852 that say what is on hand, the first that is there"),
    "stock_quantities": Switch(STOCK_QUANTITIES, "quantity qualifiers of 846 that say what is on hand, the first that is there"),
    "transit_quantities": Switch("", "quantity qualifiers of 846 that say what is on its way"),
    "acknowledge": Switch("always", "whether 997 is written for what arrives", ("always", "never")),
    "parties.*": Switch("", "qualifier of a party's number -> scheme; `:seller` is a list of this source"),
    "items.*": Switch("", "qualifier of an article number -> scheme"),
    "activities.*": Switch("", "activity of 852 -> sold, net_sold, returned, on_hand, in_transit or ignored",
                           ("sold", "net_sold", "returned", "on_hand", "in_transit", "ignored")),
    "transactions.*": Switch("", "product transfer of 867 -> sale, return, returned_to_maker or ignored",
                             ("sale", "return", "returned_to_maker", "ignored")),
    "actions.*": Switch("", "change type of a line in 860 -> added, changed, cancelled or unchanged", ("added", "changed", "cancelled", "unchanged")),
    "answers.*": Switch("", "status of a line in 855 -> confirmed, changed, backordered, substituted, pending or rejected",
                        ("confirmed", "changed", "backordered", "substituted", "pending", "rejected")),
})  # fmt: skip
