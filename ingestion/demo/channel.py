"""Three years of trade, simulated from a seed: orders with seasons, deliveries that come late, returns, corrections, tickets."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

from ingestion.demo.catalogue import DISTRIBUTORS, MANUFACTURER_REF, Product, Retailer, make_products, make_retailers

MONTHS = 36
SEASON = (0.95, 0.95, 1.0, 1.0, 0.95, 0.85, 0.75, 0.8, 1.0, 1.1, 1.3, 1.45)
"""Orders by month of the year: a summer dip and a peak before Christmas."""


@dataclass(frozen=True, slots=True)
class Line:
    """An order line as its seller keeps it. Amounts in EUR cents."""

    document_no: str
    line_no: int
    leg: str
    seller: str
    buyer: str
    product: Product
    ordered_on: date
    quantity: int
    unit_price_cents: int
    promised_on: date
    status: str

    @property
    def net_cents(self) -> int:
        """Net amount of the line."""
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True, slots=True)
class Shipment:
    """One delivery line. `delivered_on` None: on its way."""

    delivery_no: str
    line_no: int
    line: Line
    quantity: int
    shipped_on: date
    delivered_on: date | None


@dataclass(frozen=True, slots=True)
class Return:
    """One return line."""

    return_no: str
    line: Line
    quantity: int
    returned_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Payment:
    """One booking on a distributor's account, EUR cents."""

    booked_on: date
    amount_cents: int
    retailer: Retailer
    reference: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A support request with its history as (moment UTC, status)."""

    number: str
    retailer: Retailer
    seller: str
    product: Product
    category: str
    priority: str
    subject: str
    history: tuple[tuple[datetime, str], ...]
    reopened: int


@dataclass(slots=True)
class Channel:
    """Everything that happened. `corrections` are lines that a later file repeats with another quantity."""

    end_date: date
    products: list[Product]
    retailers: list[Retailer]
    lines: list[Line] = field(default_factory=list)
    corrections: list[Line] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    stock: list[tuple[str, Product, date, int, int]] = field(default_factory=list)
    receipts: list[tuple[Retailer, str, int, date, Product, int, int]] = field(default_factory=list)


def simulate(seed: int, end_date: date) -> Channel:
    """The channel up to and including `end_date`. The same arguments give the same channel."""
    random = Random(seed)  # noqa: S311 - a demo, reproducible by design
    products = make_products(random)
    channel = Channel(end_date, products, make_retailers(random, MONTHS))
    weights = [
        {"Whole beans": 5, "Ground coffee": 3, "Capsules": 4, "Machines": 0.25, "Accessories": 1.5}[p.category] for p in products
    ]
    for month in range(MONTHS):
        first = _month_start(end_date, MONTHS - 1 - month)
        for retailer in channel.retailers:
            if retailer.active_from <= month < retailer.active_to:
                _retailer_month(channel, random, retailer, month, first, weights)
        for distributor in DISTRIBUTORS:
            _distributor_month(channel, random, distributor, first)
    _corrections(channel, random)
    for line in channel.lines:
        _fulfil(channel, random, line)
    _tickets(channel, random)
    return channel


def _month_start(end_date: date, months_back: int) -> date:
    index = end_date.year * 12 + end_date.month - 1 - months_back
    return date(index // 12, index % 12 + 1, 1)


def _retailer_month(channel: Channel, random: Random, retailer: Retailer, month: int, first: date, weights: list[float]) -> None:
    mean = retailer.orders_per_month * SEASON[first.month - 1] * (1 + retailer.growth_per_year) ** (month / 12)
    for _ in range(_poisson(random, mean)):
        day = first + timedelta(days=random.randrange(28))
        day += timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
        if day > channel.end_date:
            continue
        distributor = random.choice(retailer.distributors) if random.random() < 0.3 else retailer.distributors[0]
        number = f"{distributor[0].upper()}{day:%y%m}-{len(channel.lines):06d}"
        cancelled = random.random() < 0.015
        promised = day + timedelta(days=random.choice((2, 3, 3, 4, 5)))
        fresh = day > channel.end_date - timedelta(days=2)
        picks = dict.fromkeys(random.choices(channel.products, weights, k=random.randrange(2, 8)))
        for line_no, product in enumerate(picks, 1):
            discount = DISTRIBUTORS[distributor][3] - {"Gold": 0, "Silver": 3, "Bronze": 6}[retailer.tier]
            price = product.list_price_cents * (100 - discount // 2) // 100
            quantity = 1 if product.category == "Machines" else product.units_per_pack * random.randrange(1, 5)
            status = "cancelled" if cancelled else "open" if fresh else "confirmed"
            channel.lines.append(
                Line(number, line_no, "sell_through", distributor, retailer.ref, product, day, quantity, price, promised, status)
            )
        if retailer.is_chain and random.random() < 0.9:
            _sell_out(channel, random, retailer, list(picks), day)


def _sell_out(channel: Channel, random: Random, retailer: Retailer, products: list[Product], day: date) -> None:
    for product in products:
        for _ in range(random.randrange(1, 4)):
            sold_on = day + timedelta(days=random.randrange(2, 20))
            if sold_on <= channel.end_date:
                number = f"B{len(channel.receipts):07d}"
                channel.receipts.append(
                    (retailer, number, 1, sold_on, product, random.randrange(1, 4), product.list_price_cents * 119 // 100)
                )


def _distributor_month(channel: Channel, random: Random, distributor: str, first: date) -> None:
    day = min(first + timedelta(days=random.randrange(2, 6)), channel.end_date)
    number = f"SI-{distributor[:2].upper()}-{first:%Y%m}"
    for line_no, product in enumerate(channel.products, 1):
        quantity = product.units_per_pack * random.randrange(4, 20) if product.category != "Machines" else random.randrange(1, 6)
        price = product.list_price_cents * (100 - DISTRIBUTORS[distributor][3]) // 100
        channel.lines.append(
            Line(
                number,
                line_no,
                "sell_in",
                MANUFACTURER_REF,
                distributor,
                product,
                day,
                quantity,
                price,
                day + timedelta(days=7),
                "confirmed",
            )
        )
        counted = min(first + timedelta(days=27), channel.end_date)
        channel.stock.append((distributor, product, counted, random.randrange(0, quantity * 2 + 1), quantity // 4))


def _corrections(channel: Channel, random: Random) -> None:
    """Half a percent of the lines are sent again later with another quantity; the channel keeps the corrected ones."""
    for index, line in enumerate(channel.lines):
        if line.leg == "sell_through" and line.status == "confirmed" and random.random() < 0.005:
            corrected = replace(line, quantity=line.quantity + line.product.units_per_pack)
            channel.corrections.append(line)
            channel.lines[index] = corrected


def _fulfil(channel: Channel, random: Random, line: Line) -> None:
    if line.status != "confirmed":
        return
    late_share = DISTRIBUTORS[line.seller][2] if line.leg == "sell_through" else 5
    is_late = random.randrange(100) < late_share
    delivered_on = line.promised_on + timedelta(days=random.randrange(1, 9) if is_late else -random.randrange(0, 2))
    delivered_on = max(delivered_on, line.ordered_on + timedelta(days=1))
    shipped_on = min(line.ordered_on + timedelta(days=1), delivered_on)
    if shipped_on > channel.end_date:
        return
    parts = [line.quantity]
    if line.quantity > 8 and random.random() < 0.03:
        parts = [line.quantity // 2, line.quantity - line.quantity // 2]
    for part, quantity in enumerate(parts):
        arrival = delivered_on + timedelta(days=4 * part)
        channel.shipments.append(
            Shipment(f"L{line.document_no}-{part + 1}", line.line_no, line, quantity, shipped_on + timedelta(days=part),
                     arrival if arrival <= channel.end_date else None)
        )  # fmt: skip
    returned_on = delivered_on + timedelta(days=random.randrange(5, 30))
    if line.leg == "sell_through" and random.random() < 0.02 and returned_on <= channel.end_date:
        quantity = random.randrange(1, line.quantity + 1)
        reason = random.choice(("Bruch", "Falschlieferung", "MHD zu kurz", "Nicht verkauft"))
        channel.returns.append(Return(f"RT{len(channel.returns) + 1:05d}", line, quantity, returned_on, reason))


TOPICS = {
    "Machines": (("Defect", "Gerät heizt nicht"), ("Spare part", "Ersatzteil gesucht"), ("How-to", "Frage zur Einstellung")),
    "Capsules": (("Quality", "Kapseln undicht"), ("Delivery", "Palette beschädigt")),
}
OTHER_TOPICS = (("Delivery", "Lieferung unvollständig"), ("Quality", "Aroma auffällig"), ("Invoice", "Rechnung unklar"))


def _tickets(channel: Channel, random: Random) -> None:
    retailers = {retailer.ref: retailer for retailer in channel.retailers}
    for line in channel.lines:
        chance = {"Machines": 0.25, "Capsules": 0.02}.get(line.product.category, 0.008)
        if line.leg != "sell_through" or random.random() >= chance:
            continue
        opened = datetime.combine(line.ordered_on, datetime.min.time()) + timedelta(
            days=random.randrange(3, 60), minutes=random.randrange(420, 1080)
        )
        if opened.date() > channel.end_date:
            continue
        category, subject = random.choice(TOPICS.get(line.product.category, OTHER_TOPICS))
        priority = random.choices(("critical", "high", "moderate", "low"), (1, 4, 10, 5))[0]
        history, reopened = _history(random, opened, channel.end_date)
        channel.tickets.append(
            Ticket(
                f"HD-{len(channel.tickets) + 1:05d}",
                retailers[line.buyer],
                line.seller,
                line.product,
                category,
                priority,
                subject,
                history,
                reopened,
            )
        )


def _history(random: Random, opened: datetime, end_date: date) -> tuple[tuple[tuple[datetime, str], ...], int]:
    moments = [(opened, "new")]
    moment = opened
    steps = ["in_progress", *(["waiting", "in_progress"] if random.random() < 0.3 else []), "resolved"]
    reopened = int(random.random() < 0.08)
    if reopened:
        steps += ["in_progress", "resolved"]
    for status in [*steps, "closed"]:
        moment += timedelta(minutes=int(random.expovariate(1 / 900)) + 20)
        if moment.date() > end_date:
            break
        moments.append((moment, status))
    return tuple(moments), reopened


def _poisson(random: Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count
