"""The EDIFACT messages that are read, and the switches in which partners differ."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ingestion.documents.dialect import Mapper
from ingestion.documents.edifact.commerce import LIST_PRICES, read_invoic, read_pricat
from ingestion.documents.edifact.orders import NET_PRICES, read_ordchg, read_orders, read_ordrsp
from ingestion.documents.edifact.parts import ITEM_PREFERENCE
from ingestion.documents.edifact.reports import ON_HAND, SALES_PRICES, read_invrpt, read_slsrpt
from ingestion.documents.edifact.shipping import read_desadv, read_recadv, read_retann
from ingestion.documents.registry import Switch

MAPPERS: Mapping[str, Mapper] = MappingProxyType({
    "ORDERS": read_orders, "ORDRSP": read_ordrsp, "ORDCHG": read_ordchg, "DESADV": read_desadv, "RECADV": read_recadv, "INVOIC": read_invoic,
    "SLSRPT": read_slsrpt, "INVRPT": read_invrpt, "PRICAT": read_pricat, "RETANN": read_retann,
})  # fmt: skip
RECORDS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "ORDERS": ("orders", "order_lines"), "ORDRSP": ("order_confirmations",), "ORDCHG": ("order_changes",),
    "DESADV": ("deliveries", "packages"), "RECADV": ("receipts",), "INVOIC": ("invoices",), "SLSRPT": ("sell_through", "sell_out"),
    "INVRPT": ("stock",), "PRICAT": ("prices", "products"), "RETANN": ("returns",),
})  # fmt: skip
"""Message -> record sets it gives."""

SWITCHES: Mapping[str, Switch] = MappingProxyType({
    "charset": Switch("", "character set, when the interchange header names another than is used"),
    "control_totals": Switch("refuse", "a wrong segment count or reference refuses the message, or is a warning", ("refuse", "warn")),
    "missing_price": Switch("refuse", "a line without amount and price refuses the message, or counts zero", ("refuse", "zero")),
    "net_price": Switch(NET_PRICES, "qualifiers of the price a line's amount is worked out from, the first that is there"),
    "sales_price": Switch(SALES_PRICES, "the same for SLSRPT"),
    "list_price": Switch(LIST_PRICES, "the same for PRICAT"),
    "item_preference": Switch(ITEM_PREFERENCE, "by which of its numbers a product is known"),
    "period_day": Switch("last", "the day on which a period's sales are booked", ("first", "last")),
    "on_hand": Switch(ON_HAND, "quantity qualifiers of INVRPT that say what is on hand, the first that is there"),
    "locations": Switch("holders", "whether locations in INVRPT hold stock of their own, or belong to their reporter", ("holders", "inner")),
    "acknowledge": Switch("always", "whether CONTRL is written for what arrives", ("always", "never")),
    "parties.*": Switch("", "agency of a party's number -> scheme; `:seller` is a list of this source"),
    "items.*": Switch("", "type of an article number -> scheme"),
    "actions.*": Switch("", "action of a line in ORDCHG -> added, changed, cancelled or unchanged", ("added", "changed", "cancelled", "unchanged")),
    "answers.*": Switch("", "action of a line in ORDRSP -> confirmed, changed, backordered, substituted, pending or rejected",
                        ("confirmed", "changed", "backordered", "substituted", "pending", "rejected")),
    "quantities.*": Switch("", "quantity qualifier of SLSRPT or INVRPT -> sold, returned, on_hand, in_transit or ignored",
                           ("sold", "returned", "on_hand", "in_transit", "ignored")),
})  # fmt: skip
