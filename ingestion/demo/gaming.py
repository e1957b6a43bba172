"""One retailer each that loads at a quarter's end, buys in circles, and claims twice - so that the pages for cases have something to show.

Added after everything else was drawn, with figures taken from the channel itself: nothing else of the demo changes.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from ingestion.demo.catalogue import Product
from ingestion.demo.channel import Channel, Line, Return, Shipment

DISTRIBUTOR = "nordwind"


def best_retailers(channel: Channel, distributor: str) -> list[str]:
    """Retailers that buy at that distributor alone, most lines first: their pages are full."""
    lines: dict[str, int] = defaultdict(int)
    alone = {retailer.ref for retailer in channel.retailers if retailer.distributors == (distributor,) and not retailer.is_chain}
    for line in channel.lines:
        if line.seller == distributor and line.buyer in alone:
            lines[line.buyer] += 1
    return sorted(lines, key=lambda ref: (-lines[ref], ref))


def add_gaming(channel: Channel) -> None:
    """A duplicate claim of the best retailer, circles of the second, loading of the third."""
    best = best_retailers(channel, DISTRIBUTOR)[:3]
    beans = [product for product in channel.products if product.category == "Whole beans"][:3]
    first = channel.end_date - timedelta(days=12)
    for number, day in enumerate((first, first + timedelta(days=1)), 1):
        _order(channel, 900_000 + number, best[0], day, [(product, 24) for product in beans])
    for number in range(3):
        day = channel.end_date - timedelta(days=60 - 18 * number)
        returned_on = None if number == 2 else day + timedelta(days=12)
        _order(channel, 900_010 + number, best[1], day, [(product, 12) for product in beans], returned_on)
    _load(channel, best[2], beans[0])


def _load(channel: Channel, retailer: str, product: Product) -> None:
    """Twelve weeks' worth on the second but last day of the newest whole quarter; half of it comes back three weeks later."""
    end = date(channel.end_date.year, (channel.end_date.month - 1) // 3 * 3 + 1, 1) - timedelta(days=1)
    year = sum(line.quantity for line in channel.lines if line.buyer == retailer and line.ordered_on > end - timedelta(days=365))
    quantity = max(60, year * 12 // 52)
    line = _order(channel, 900_020, retailer, end - timedelta(days=1), [(product, quantity)])
    returned_on = end + timedelta(days=21)
    if returned_on <= channel.end_date:
        channel.returns.append(Return(f"RT{len(channel.returns) + 1:05d}", line, quantity // 2, returned_on, "Nicht verkauft"))


def _order(
    channel: Channel, number: int, retailer: str, day: date, lines: list[tuple[Product, int]], returned_on: date | None = None
) -> Line:
    """A confirmed order, delivered after two days; returned whole when a day is given. Gives its last line."""
    document_no = f"{DISTRIBUTOR[0].upper()}{day:%y%m}-{number}"
    made = []
    for line_no, (product, quantity) in enumerate(lines, 1):
        price = product.list_price_cents * 86 // 100
        made.append(
            Line(
                document_no,
                line_no,
                "sell_through",
                DISTRIBUTOR,
                retailer,
                product,
                day,
                quantity,
                price,
                day + timedelta(days=3),
                "confirmed",
            )
        )
    for line in made:
        channel.lines.append(line)
        arrived_on = day + timedelta(days=2)
        channel.shipments.append(
            Shipment(f"L{document_no}-1", line.line_no, line, line.quantity, day + timedelta(days=1), arrived_on)
        )
        if returned_on is not None:
            channel.returns.append(
                Return(f"RT{len(channel.returns) + 1:05d}", line, line.quantity, returned_on, "Nicht verkauft")
            )
    return made[-1]
