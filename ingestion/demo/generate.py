"""Make the demo channel's files, and say what a loader must find in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ingestion.demo import partners
from ingestion.demo.catalogue import DISTRIBUTORS, MANUFACTURER_REF
from ingestion.demo.channel import Channel, simulate
from ingestion.demo.gaming import add_gaming, best_retailers
from ingestion.demo.payments import add_payments

PROFILES = Path(__file__).parent / "profiles"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoSource:
    """One partner's delivery: the profile that describes it, and its folder."""

    source_id: str
    profile_path: Path
    folder: Path


@dataclass(frozen=True, slots=True)
class Expected:
    """What is true of the order lines of one source and leg after everything is loaded. Net amount in EUR cents."""

    documents: int
    lines: int
    net_amount_cents: int


@dataclass(frozen=True, slots=True)
class DemoManifest:
    """The channel as it was made. The refs are the master's numbers of the parties whose people log in to the demo."""

    sources: tuple[DemoSource, ...]
    manufacturer_ref: str
    distributor_ref: str
    retailer_ref: str
    expected: dict[tuple[str, str], Expected]
    support_requests: int
    sell_out_lines: int


def generate_demo(target: Path, *, seed: int, end_date: date, progress: Progress | None = None) -> DemoManifest:
    """Simulate three years up to `end_date` and write what each partner would send below `target`."""
    tell = progress or (lambda _: None)
    tell("simulating")
    channel = simulate(seed, end_date)
    add_gaming(channel)
    add_payments(channel, seed)
    for source_id, write in partners.WRITERS.items():
        tell(source_id)
        folder = target / source_id
        folder.mkdir(parents=True, exist_ok=True)
        write(channel, folder)
    sources = tuple(DemoSource(name, PROFILES / f"{name}.toml", target / name) for name in partners.WRITERS)
    return DemoManifest(
        sources, MANUFACTURER_REF, "nordwind", best_retailers(channel, "nordwind")[0], _expected(channel), len(channel.tickets),
        len(channel.receipts),
    )  # fmt: skip


def _expected(channel: Channel) -> dict[tuple[str, str], Expected]:
    found: dict[tuple[str, str], Expected] = {}
    for source_id, leg in [(MANUFACTURER_REF.lower(), "sell_in"), *((name, "sell_through") for name in DISTRIBUTORS)]:
        seller = MANUFACTURER_REF if leg == "sell_in" else source_id
        lines = [line for line in channel.lines if line.seller == seller]
        found[source_id, leg] = Expected(
            len({line.document_no for line in lines}), len(lines), sum(line.net_cents for line in lines)
        )
    return found
