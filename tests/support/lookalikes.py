"""Two channels that look alike in everything but their owner, and one retailer that buys in both.

    manufacturer QG1 -> distributor D1 -> retailers R1, RX        manufacturer QG2 -> distributor D2 -> retailers R2, RX

Names, towns, product names, and the numbers of orders, deliveries, invoices and requests are the same on both sides. What tells a row's owner
is a canary: a text, and an amount that nothing else has. `canaries_of` lists what belongs to each side.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.clock import Clock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.store import open_store
from core.warehouse.reader import Reader, Serving
from ingestion.contracts import FEEDS
from ingestion.profiles import Profile
from loyalty import Programme, Redemption, load_programme, redeem
from pipeline import Delivery, Pipeline, Reporting
from tests.support.messages import purchase_order, x12

YEAR_RULE = """
[[rules]]
rule_id = "year"
version = 1
title_de = "Jahr"
title_en = "Year"
points_per_unit = "1"
grain = "year"
gives = ["status"]
categories = ["Water"]
valid_from = 2020-01-01
"""
"""Status points for what a member buys in a year."""

PROGRAMME = (
    """
programme_id = "quell"
version = 1
title_de = "Quellpunkte"
title_en = "Spring points"
currency = "points"
time_zone = "Europe/Berlin"
leg = "sell_through"
manufacturer_ref = "QG1"
[[rules]]
rule_id = "units"
version = 1
title_de = "Punkte je Kiste"
title_en = "Points per crate"
points_per_unit = "3"
categories = ["Water"]
valid_from = 2020-01-01
expires_after_months = 24
"""
    + YEAR_RULE
)
OWN_PROGRAMME = (
    """
programme_id = "stamm_{side}"
version = 1
title_de = "own-programme-{side}-zq"
title_en = "own-programme-{side}-zq"
currency = "points"
time_zone = "Europe/Berlin"
leg = "sell_through"
distributor_ref = "{distributor}"
[[tiers]]
tier = "tier-{side}-zq"
from_status_points = 0
multiplier = "1"
[[rules]]
rule_id = "units"
version = 1
title_de = "own-rule-{side}-zq"
title_en = "own-rule-{side}-zq"
points_per_unit = "{rate}"
categories = ["Water"]
valid_from = 2020-01-01
expires_after_months = 24
"""
    + YEAR_RULE
)
"""Each distributor runs one of its own, beside its manufacturer's, with the same names of rules and points."""

RATES = {"D1": "613.7", "D2": "877.3"}
OWN_POINTS = {"D1": (12_274, 5_523, 613), "D2": (17_546, 7_895, 877)}
"""Points of 20 units, of 9 kept ones, and of one: an order each of both retailers, another each, and one of the first retailer."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trade:
    """One business relation: who sells to whom, with what canary. `amount_cents` is the net of its one order line."""

    name: str
    manufacturer: str
    distributor: str
    retailer: str
    amount_cents: int

    @property
    def text(self) -> str:
        """The canary text."""
        return f"canary-{self.name}-zq"


TRADES = (
    Trade("one", "QG1", "D1", "R1", 71_369_311),
    Trade("shared-one", "QG1", "D1", "RX", 52_813_177),
    Trade("two", "QG2", "D2", "R2", 93_537_719),
    Trade("shared-two", "QG2", "D2", "RX", 38_641_033),
)


def canaries_of(trades: Iterable[Trade]) -> set[str]:
    """Texts and amounts (in cents, and as a decimal) that only these trades' own people may see."""
    return {
        word
        for t in trades
        for word in (t.text, str(t.amount_cents), f"{t.amount_cents / 100:.2f}", f"{t.amount_cents / 100:.1f}")
    }


def programme_secrets(distributor: str) -> set[str]:
    """Texts and figures of the distributor's own programme: of documents, of members, of all together."""
    order, rest, one = OWN_POINTS[distributor]
    side = distributor[-1]
    texts = {f"stamm_{side}", f"own-programme-{side}-zq", f"own-rule-{side}-zq", f"tier-{side}-zq"}
    return texts | {str(points) for points in (order, rest, order + rest, order + rest + one, 2 * (order + rest) + one)}


def secrets_from(ref: str) -> set[str]:
    """What this party must never see: canaries of trades in which it has no part, and programmes of distributors that it is not and does not buy
    from."""
    near = {t.distributor for t in TRADES if ref in (t.distributor, t.retailer)}
    return canaries_of(foreign_to(ref)).union(*(programme_secrets(one) for one in RATES.keys() - near))


def foreign_to(ref: str) -> list[Trade]:
    """The trades in which this party has no part."""
    return [trade for trade in TRADES if ref not in (trade.manufacturer, trade.distributor, trade.retailer)]


def write_delivery(folder: Path, trades: Sequence[Trade]) -> Profile:
    """The files of these trades, one per feed, and the profile that reads them. Nothing of other trades is in them."""
    folder.mkdir(parents=True, exist_ok=True)
    feeds: dict[str, list[Row]] = {name: [] for name in FEEDS}
    for trade in trades:
        for name, rows in _rows(trade).items():
            feeds[name] += [row for row in rows if row not in feeds[name]]
    profile_feeds = []
    for name, rows in feeds.items():
        if not rows:
            continue  # a feed that no mart shows yet
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        columns = list(dict.fromkeys(column for row in rows for column in row))
        scheme = {c.name for c in FEEDS[name].columns if c.kind == "ref"}
        mapping = {c: {"column": c, "scheme": "quell"} if c in scheme else c for c in columns}
        profile_feeds.append({"feed": name, "files": f"{name}.jsonl", "format": "jsonl", "columns": mapping})
    return Profile.model_validate({"source_id": "quell", "title": "Quell", "feeds": profile_feeds})


def write_desk(folder: Path, trade: Trade) -> Profile:
    """Files of the distributor's own system, with what goes wrong in them: a refused row, an unknown article, stock that does not add up."""
    folder.mkdir(parents=True, exist_ok=True)
    side, article = trade.distributor[-1], f"P{trade.distributor[-1]}"
    line = {"leg": "sell_through", "seller": trade.distributor, "buyer": trade.retailer, "ordered_on": "2026-05-20", "quantity": "1",
            "net_amount": "2.00", "line_kind": "order", "line_status": "confirmed"}  # fmt: skip
    feeds: dict[str, list[Row]] = {
        "order_lines": [
            {**line, "document_no": "K-1", "line_no": "1", "product": article},
            {**line, "document_no": "K-1", "line_no": "2", "product": f"X-{trade.text}"},
            {**line, "document_no": f"K-{trade.text}", "line_no": "1", "product": article, "quantity": "many"},
        ],
        "deliveries": [{"leg": "sell_in", "delivery_no": f"E-{side}", "line_no": "1", "seller": trade.manufacturer, "buyer": trade.distributor,
                        "product": article, "quantity": "5", "shipped_on": "2026-06-10", "delivered_on": "2026-06-11"}],
        "stock": [{"holder": trade.distributor, "product": article, "counted_on": f"2026-06-{day}", "on_hand_quantity": count}
                  for day, count in (("09", "10"), ("12", f"{40_000 + int(side)}"))],
    }  # fmt: skip
    profile_feeds = []
    for name, rows in feeds.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        refs = {c.name for c in FEEDS[name].columns if c.kind == "ref"}
        mapping = {column: {"column": column, "scheme": "quell"} if column in refs else column for column in rows[0]}
        profile_feeds.append({"feed": name, "files": f"{name}.jsonl", "format": "jsonl", "columns": mapping})
    # an order that no feed here reads, with a wrong article number and a wrong count of messages: it brings findings and no row
    (folder / f"{trade.text}.x12").write_text(
        x12(purchase_order(f"M-{trade.text}")).replace("012345678905", "012345678906").replace("IEA*1", "IEA*3"), encoding="utf-8"
    )
    profile_feeds.append(
        {"feed": "order_confirmations", "files": "*.x12", "format": "x12", "columns": {"leg": {"const": "sell_through"}}}
    )
    return Profile.model_validate({
        "source_id": f"desk{side}", "title": f"Desk {trade.text}", "owner": {"scheme": "quell", "ref": trade.distributor}, "feeds": profile_feeds,
    })  # fmt: skip


def _rows(t: Trade) -> dict[str, list[Row]]:
    """Every feed's rows of a trade. Document numbers are the same for each retailer, so two channels use the same ones."""
    side = t.distributor[-1]
    # one source holds both sides, and both number their orders alike
    no = "A-2" if t.retailer == "RX" else "A-1"
    trade = {"seller": t.distributor, "buyer": t.retailer}
    product = f"P{side}"
    net = f"{t.amount_cents / 100:.2f}"
    parties = [
        {"party_ref": t.manufacturer, "kind": "manufacturer", "name": "Quellgrund AG", "city": "Ulm", "region": "Süd"},
        {"party_ref": t.distributor, "kind": "distributor", "name": "Getränke Huber GmbH", "city": "Ulm", "region": "Süd"},
        {"party_ref": t.retailer, "kind": "retailer", "name": "Kiosk am Markt", "city": "Ulm", "region": "Süd", "tier": "Gold"},
    ]
    return {
        "parties": parties,
        "party_aliases": [{"party_ref": t.retailer, "scheme": f"huber{side}:customer", "alias_value": "4711"}],
        "trade_relations": [trade],
        "products": [{
            "product_ref": product, "name": "Quellwasser 0,5 l", "category": "Water", "manufacturer": t.manufacturer,
            "list_price": "1.00", "currency": "EUR", "unit": "crate",
        }],
        "product_aliases": [{"product_ref": product, "scheme": f"huber{side}:sku", "alias_value": "100"}],
        "orders": [{
            "leg": "sell_through", "document_no": no, **trade, "ordered_on": "2026-06-01", "promised_on": "2026-06-05", "status": "confirmed",
        }],
        "order_lines": [
            {"leg": "sell_through", "document_no": no, "line_no": "1", **trade, "ordered_on": "2026-06-01", "product": product,
             "quantity": "20", "net_amount": net, "line_kind": "order", "line_status": "confirmed"},
            {"leg": "sell_through", "document_no": t.text, "line_no": "1", **trade, "ordered_on": "2026-05-01", "product": product,
             "quantity": "10", "net_amount": "1.00", "line_kind": "order", "line_status": "confirmed"},
            {"leg": "sell_in", "document_no": f"S-1/{t.distributor}", "line_no": "1", "seller": t.manufacturer, "buyer": t.distributor,
             "ordered_on": "2026-04-01", "product": product, "quantity": "50", "net_amount": f"{50_000_000 + int(side)}.11",
             "line_kind": "order", "line_status": "confirmed"},
        ],
        "order_confirmations": [{
            "leg": "sell_through", "document_no": no, "line_no": "1", "seller": t.distributor, "status": "confirmed",
            "confirmed_quantity": "20", "confirmed_on": "2026-06-02",
        }],
        "deliveries": [{
            "leg": "sell_through", "delivery_no": f"L-{t.text}", "line_no": "1", **trade, "order_document_no": no, "order_line_no": "1",
            "product": product, "quantity": "20", "shipped_on": "2026-06-03", "delivered_on": "2026-06-07",
        }],
        "receipts": [{
            "leg": "sell_through", "receipt_no": f"E-{t.text}", "line_no": "1", **trade, "delivery_no": f"L-{t.text}", "product": product,
            "accepted_quantity": "18", "rejected_quantity": "2", "received_on": "2026-06-08", "reason": f"dented {t.text}",
        }],
        "invoices": [{
            "leg": "sell_through", "invoice_no": f"I-{t.text}", "line_no": "1", **trade, "order_document_no": no, "product": product,
            "quantity": "20", "net_amount": net, "invoiced_on": "2026-06-08",
        }],
        "payments": [{
            "payment_no": f"Z-{t.text}", "payee": t.distributor, "payer": t.retailer, "amount": net, "booked_on": "2026-06-20",
            "reference": f"Rechnung I-{t.text}", "bank_reference": t.text,
        }],
        "returns": [{
            "leg": "sell_through", "return_no": f"T-{t.text}", "line_no": "1", **trade, "order_document_no": t.text, "order_line_no": "1",
            "product": product, "quantity": "1", "net_amount": "0.10", "returned_on": "2026-06-10", "reason": f"broken {t.text}",
        }],
        "stock": [
            {"holder": t.distributor, "product": product, "counted_on": "2026-06-15", "on_hand_quantity": f"{7_000_000 + int(side)}"},
            {"holder": t.retailer, "product": product, "counted_on": "2026-06-15", "on_hand_quantity": "3"},
        ],
        "sell_through": [{
            "seller": t.distributor, "document_no": f"W-{t.text}", "line_no": "1", "buyer": t.retailer, "sold_on": "2026-06-02",
            "product": product, "quantity": "4", "net_amount": net,
        }],
        "sell_out": [{
            "seller": t.retailer, "document_no": f"B-{t.text}", "line_no": "1", "sold_on": "2026-06-12", "product": product,
            "quantity": "2", "net_amount": net,
        }],
        "support_requests": [{
            "request_no": f"H-{t.text}", "requester": t.retailer, "seller": t.distributor, "product": product, "category": "Delivery", "priority": "high",
            "subject": f"Where is it? {t.text}", "status": "new", "opened_at": "2026-06-11T10:00:00",
        }],
        "support_events": [{
            "request_no": f"H-{t.text}", "event_no": "1", "occurred_at": "2026-06-11T10:00:00", "status": "new",
        }],
        "prices": [{**trade, "product": product, "valid_from": "2026-01-01", "price": net, "min_quantity": "1"}],
    }  # fmt: skip


@dataclass(slots=True)
class Lookalikes:
    """A published instance with these trades."""

    settings: Settings
    serving: Serving

    def reader(self, role: Role, *refs: str) -> Reader:
        """A reader for a person of that role in these parties."""
        return self.serving.reader(self.scope(role, *refs))

    def scope(self, role: Role, *refs: str) -> Scope:
        """Their scope."""
        return Scope.of(role, *(self.party_id(ref) for ref in refs))

    def party_id(self, ref: str) -> int:
        """The internal id of a party."""
        rows = self.serving.reader(Scope.of(Role.OPERATOR)).rows(
            "select party_id from dim_party where party_ref = $ref", {"ref": ref}
        )
        return int(str(rows[0][0]))


def build_lookalikes(folder: Path, trades: Sequence[Trade], clock: Clock, *, burns: bool = True) -> Lookalikes:
    """Load, award and publish these trades in a home of their own; `burns`: retailers and a distributor have spent some points since."""
    settings = Settings(home=folder / "home")
    profile = write_delivery(folder / "delivery", trades)
    programmes = []
    for name, text in (
        ("quell", PROGRAMME),
        *((f"stamm_{who[-1]}", OWN_PROGRAMME.format(side=who[-1], distributor=who, rate=rate)) for who, rate in RATES.items()),
        ("quell_in", PROGRAMME.replace('"quell"', '"quell_in"').replace("sell_through", "sell_in").replace("QG1", "QG2")),
    ):
        path = settings.root / "programmes" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        programmes.append(load_programme(str(path)))
    pipeline = Pipeline(settings, clock, random_id, programmes)
    own = {trade.distributor: trade for trade in reversed(trades)}
    desks = [Delivery(write_desk(folder / name, trade), folder / name) for name, trade in sorted(own.items())]
    result = pipeline.run([Delivery(profile, folder / "delivery"), *desks], Reporting(step=lambda _: None), data_docs=False)
    assert result.refused == ()
    instance = Lookalikes(settings, Serving(settings.warehouse_dir))
    if burns:
        _burn(instance, programmes, own, clock)
        pipeline.run([], Reporting(step=lambda _: None), data_docs=False)
    return instance


def _burn(instance: Lookalikes, programmes: Sequence[Programme], trades: dict[str, Trade], clock: Clock) -> None:
    """The first retailer of each channel spends two points of its distributor's programme, and one of the manufacturer's that it is in."""
    store = open_store(instance.settings.resolved_store_url())
    for distributor, trade in trades.items():
        for name, points in ((f"stamm_{distributor[-1]}", 2), ("quell", 1)):
            programme = next(one for one in programmes if one.programme_id == name)
            redeem(store, programme, Redemption(name, instance.party_id(trade.retailer), points, "mug"), clock)
    redeem(store, programmes[-1], Redemption("quell_in", instance.party_id("D1"), 1, "mug"), clock)
    store.dispose()
