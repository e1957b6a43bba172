"""Ten megabytes of EDIFACT and of X12: characters to segments and envelopes, and on to rows; beside the bare cutting of the same text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import count

from ingestion.documents import edifact as edifact_format
from ingestion.documents import x12 as x12_format
from ingestion.documents.dialect import collector_at_rest
from ingestion.documents.edifact.syntax import tokenized as edifact_segments
from ingestion.documents.envelopes import Walk
from ingestion.documents.segments import Segment
from ingestion.documents.x12.syntax import tokenized as x12_segments
from tests.benchmarks.measure import Measured, as_json
from tests.support.messages import edifact, order, purchase_order, x12

MEGABYTES = 10
SWITCHES = {"source_id": "bench"}


def grown(one: Callable[[int], str], wrap: Callable[..., str]) -> bytes:
    """An interchange of so many messages that it is ten megabytes."""
    messages: list[str] = []
    size = 0
    for number in count(1):
        messages.append(one(number))
        size += len(wrap(messages[-1]))
        if size >= MEGABYTES * 1_100_000:
            return wrap(*messages).encode()[: MEGABYTES << 20]
    raise AssertionError("count never ends")


def edifact_order(number: int) -> str:
    """An order of 30 lines, a text with released marks among them."""
    lines = "\n".join(f"LIN+{n}++4006381333931:SRV\nIMD+F++:::O?'Brien?+Co\nQTY+21:{n}:PCE\nPRI+AAA:2.50" for n in range(1, 31))
    return order(f"O{number}", lines=lines)


def x12_order(number: int) -> str:
    """An order of 30 lines."""
    lines = "".join(f"PO1*{n}*{n}*EA*2.50*PE*UP*012345678905*VN*V-{n}\nPID*F****Some text here\n" for n in range(1, 31))
    return purchase_order(f"O{number}").replace("PO1*1*5*EA*2.50*PE*UP*012345678905*VN*V-1", lines.strip())


def seconds(work: Callable[[], object]) -> float:
    """The best of three."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def walked(segments: Iterable[Segment], format_module: object) -> int:
    """Segments taken to their envelopes."""
    with collector_at_rest():
        walk = Walk(format_module.TAGS, True)  # type: ignore[attr-defined]
        walk.read(segments)
        walk.finish()
        return walk.parts


def main() -> None:
    """Print the figures as JSON."""
    rows = []
    cases = (
        ("EDIFACT", grown(edifact_order, edifact), edifact_segments, edifact_format, "'", "+", 2.0),
        ("X12", grown(x12_order, x12), x12_segments, x12_format, "~", "*", 1.0),
    )
    for name, content, tokenize, module, terminator, element, limit in cases:
        bare = seconds(lambda: [part.split(element) for part in content.decode().split(terminator)])  # noqa: B023
        envelope = seconds(lambda: walked(tokenize(content)[0], module))  # noqa: B023
        start = time.perf_counter()
        module.parse(content, SWITCHES)
        whole = time.perf_counter() - start
        megabytes = len(content) / (1 << 20)
        rows += [
            Measured(f"{name}, {megabytes:.0f} MB: segments and envelopes", envelope, "s", limit),
            Measured(f"{name}: the same, beside the bare cutting of the text", envelope / bare, "times"),
            Measured(f"{name}, {megabytes:.0f} MB: on to rows, every line mapped and checked", whole, "s"),
        ]
    print(as_json(rows))


if __name__ == "__main__":
    main()
