"""Trailers: a last line of a delimited file that states its totals, taken off before the file is parsed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from ingestion.findings import refuse
from ingestion.landing import Landed
from ingestion.profiles.model import FeedProfile


@dataclass(frozen=True, slots=True)
class Stated:
    """Totals that came with a file; None where nothing is stated. `total` sums the column `total_of`."""

    where: str
    rows: int | None = None
    total: Decimal | None = None
    total_of: str | None = None


def take_trailer(landed: Landed, text: Path, feed: FeedProfile, work: Path) -> tuple[Path, Stated | None]:
    """The text without its trailer, and what the trailer states. Raises InputRefusedError ING-209 when it is not there."""
    trailer = feed.trailer
    if trailer is None:
        return text, None
    content = text.read_bytes()
    body, _, last = content.rstrip(b"\r\n").rpartition(b"\n")
    parts = last.decode("utf-8", errors="replace").strip().split(feed.delimiter)
    if parts[0].strip().strip(feed.quote) != trailer.begins:
        raise refuse("ING-209", landed.file_name, found="no trailer: the file ends without it", expected=f"a last line '{trailer.begins}'",
                     next_step="The file was cut off on its way. Send it again; nothing of it was loaded.")  # fmt: skip
    target = work / "without-trailer.txt"
    target.write_bytes(body + b"\n")
    rows = _number(landed, parts, trailer.rows_at, feed)
    total = _number(landed, parts, trailer.sum_at, feed) if trailer.sum_at is not None else None
    return target, Stated("trailer", int(rows), total, trailer.sum_of)


def _number(landed: Landed, parts: list[str], place: int, feed: FeedProfile) -> Decimal:
    try:
        text = parts[place].strip().strip(feed.quote)
        return Decimal((text.replace(feed.thousands, "") if feed.thousands else text).replace(feed.decimal, "."))
    except (IndexError, InvalidOperation) as error:
        raise refuse("ING-209", landed.file_name, found=f"the trailer {feed.delimiter.join(parts)}", expected=f"a number in its place {place}",
                     next_step="Have the trailer or the profile mended.") from error  # fmt: skip
