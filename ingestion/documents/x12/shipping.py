"""856 and 180: what is on its way, and what is to come back. Source: X12 4010, transaction sets 856 and 180.

856 is a tree: shipment > order > (tare > pack)? > item. HL names its parent; where senders leave that out the nearest node above by rank is it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingestion.documents.reading import Reading
from ingestion.documents.segments import Segment
from ingestion.documents.x12.orders import BASIS, PURPOSE_RANKS
from ingestion.documents.x12.parts import Part, currency_of, day_of, items_of, number_in, party_of, product_columns

LEVELS: Mapping[str, int] = {"S": 0, "O": 1, "T": 2, "P": 3, "I": 4, "F": 4}
"""Rank of a level (735) from the shipment down."""


DEPTH_MAX = 20
"""Levels of a tree; real ones have five."""


class Node:
    """One HL with its own segments."""

    def __init__(self, part: Part) -> None:
        hl = part.segments[0]
        self.part, self.hl = part, hl
        self.number, self.parent_no, self.level = hl.whole(1), hl.whole(2), hl.whole(3)
        self.parent: Node | None = None

    def above(self) -> list[Node]:
        """Itself and its ancestors, nearest first; no more than DEPTH_MAX, so that a circle ends."""
        path: list[Node] = []
        node: Node | None = self
        while node is not None and len(path) < DEPTH_MAX:
            path.append(node)
            node = node.parent
        return path


def tree_of(reading: Reading, parts: Sequence[Part]) -> list[Node]:
    """The nodes with their parents. A parent that is not there, or a node above itself, refuses the message (EDI-132)."""
    nodes = [Node(part) for part in parts]
    by_number = {node.number: node for node in nodes if node.number}
    latest: dict[int, Node] = {}
    for node in nodes:
        rank = LEVELS.get(node.level, 4)
        if node.parent_no:
            node.parent = by_number.get(node.parent_no)
            if node.parent is None:
                reading.refuse("EDI-132", node.hl.place, f"parent {node.parent_no}", "the number of another HL")
        elif rank:
            node.parent = next((latest[above] for above in range(rank - 1, -1, -1) if above in latest), None)
        latest = {above: found for above, found in latest.items() if above < rank} | {rank: node}
    for node in nodes:
        if node.above()[-1].parent is not None:
            reading.refuse(
                "EDI-132", node.hl.place, f"HL {node.number} above itself or too deep", f"a tree of at most {DEPTH_MAX} levels"
            )
            break
    return nodes


def read_856(reading: Reading, segments: Sequence[Segment]) -> None:
    """A ship notice: one delivery line for each item, and the packages they lie in."""
    head, parts = Part(segments[:-1]).split("HL")
    parts = [Part([s for s in part.segments if s.tag != "CTT"]) for part in parts]
    bsn = head.first("BSN") or segments[0]
    number = reading.needed(bsn.whole(2), bsn.place, "a shipment number in BSN02")
    issued = reading.day(bsn.whole(3), bsn.place)
    reading.head(number, bsn.whole(1), issued, PURPOSE_RANKS.get(bsn.whole(1), 1))
    nodes = tree_of(reading, parts)
    if reading.findings and any(finding.is_fatal for finding in reading.findings):
        return
    for node in nodes:
        path = node.above()
        if node.level in ("T", "P"):
            _package(reading, node, path, number)
        if node.part.first("SN1") is not None:
            _item(reading, node, path, head, number, issued)


def _package(reading: Reading, node: Node, path: Sequence[Node], number: str) -> None:
    parent = next((one for one in path[1:] if one.level in ("T", "P")), None)
    reading.add("packages", node.hl.place, delivery_no=number, package_no=node.number, parent_package_no=parent.number if parent else None,
                package_kind="pallet" if node.level == "T" else "carton", sscc=_sscc(node), **_traders(reading, path, Part([])))  # fmt: skip


def _sscc(node: Node) -> str:
    man = node.part.first("MAN", "GM", "AA", "SR")
    return man.whole(2).removeprefix("00") if man and len(man.whole(2)) == 20 else (man.whole(2) if man else "")


def _traders(reading: Reading, path: Sequence[Node], head: Part) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, roles in {"seller": ("SE", "SU", "VN", "SF"), "buyer": ("BY", "BS", "ST"), "ship_to": ("ST",)}.items():
        candidates = (party_of(reading, part, *roles) for part in [*(node.part for node in path), head])
        found[f"{name}_scheme"], found[f"{name}_ref"] = next((c for c in candidates if c[1]), ("", ""))
    return found


def _item(reading: Reading, node: Node, path: Sequence[Node], head: Part, number: str, issued: str | None) -> None:
    sn1, lin = node.part.first("SN1"), node.part.first("LIN")
    assert sn1 is not None, "an item has SN1"  # noqa: S101
    order = next((prf for one in path if (prf := one.part.first("PRF"))), None)
    package = next((one for one in path if one.level in ("T", "P") and _sscc(one)), None)

    def day(*codes: str) -> str | None:
        days = (day_of(reading, part, *codes) for part in [*(one.part for one in path), head])
        return next((found for found in days if found), None)

    reading.add(
        "deliveries", node.hl.place, **_traders(reading, path, head), **product_columns(reading, items_of(reading, (lin, 2)), node.part),
        delivery_no=number, line_no=node.number, order_document_no=order.whole(1) if order else None,
        order_line_no=((lin.whole(1) if lin else "") or sn1.whole(1)).lstrip("0"), quantity=number_in(reading, sn1, 2), unit=sn1.whole(3),
        ordered_quantity=number_in(reading, sn1, 5), shipped_on=day("011", "010") or issued, promised_on=day("017", "067", "002"),
        delivered_on=day("035", "050"), sscc=_sscc(package) if package else None,
    )  # fmt: skip


def read_180(reading: Reading, segments: Sequence[Segment]) -> None:
    """A return: lines as BLI, or as LX with SLN; partners use both."""
    tag = "BLI" if any(segment.tag == "BLI" for segment in segments) else "LX"
    head, lines = Part([s for s in segments[:-1] if s.tag != "CTT"]).split(tag)
    bgn = head.first("BGN") or segments[0]
    number = reading.needed(bgn.whole(2), bgn.place, "a return number in BGN02")
    day = reading.day(bgn.whole(3), bgn.place)
    reading.head(number, bgn.whole(1), day, PURPOSE_RANKS.get(bgn.whole(1), 1))
    common: dict[str, str | None] = {"return_no": number, "returned_on": day, "currency": currency_of(head)}
    for name, roles in {"seller": ("SU", "SE", "VN", "SF"), "buyer": ("BY", "SH", "ST", "RT")}.items():
        common[f"{name}_scheme"], common[f"{name}_ref"] = party_of(reading, head, *roles)
    header_order = head.value("REF", "PO") or (prf.whole(1) if (prf := head.first("PRF")) else "")
    for position, line in enumerate(lines, 1):
        _return_line(reading, line, position, common, header_order)


def _return_line(reading: Reading, line: Part, position: int, common: Mapping[str, str | None], header_order: str) -> None:
    bli, sln = line.first("BLI"), line.first("SLN")
    first, quantity_at, price_at = (bli, 3, 6) if bli else (sln, 4, 6)
    if first is None:
        reading.refuse("EDI-201", line.place, "nothing", "BLI or SLN with what is returned")
        return
    quantity, price = number_in(reading, first, quantity_at), number_in(reading, first, price_at)
    basis = BASIS.get(first.whole(7)) if sln is first else "1"
    order, reason, code = line.first("PRF"), line.first("RDR"), line.first("LQ")
    reading.add(
        "returns", first.place, **common, **product_columns(reading, items_of(reading, (bli, 1) if bli else (sln, 9)), line),
        line_no=str(position), order_document_no=order.whole(1) if order else header_order, quantity=quantity,
        unit=first.whole(quantity_at + 1), net_amount=reading.amount(None, price, quantity, basis, first.place),
        reason=(reason.whole(2) or reason.whole(1)) if reason else (code.whole(2) if code else None),
    )  # fmt: skip


__all__ = ["read_180", "read_856", "tree_of"]
