"""Where each key of a TOML text stands, so that a message can name the line: tomllib keeps no positions."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+)\s*=")


def line_numbers(text: str) -> dict[str, int]:
    """`rules[2].valid_from` -> line number, counted from 1. Tables of arrays are counted from 1; nested ones keep their path."""
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            name = _with_indexes(header.group(2), counts)
            if header.group(1) == "[[":
                counts[header.group(2)] = counts.get(header.group(2), 0) + 1
                name = f"{name.rsplit('[', 1)[0] if name.endswith(']') else name}[{counts[header.group(2)]}]"
            prefix = f"{name}."
            found.setdefault(name, number)
            continue
        key = _KEY.match(line)
        if key:
            found.setdefault(f"{prefix}{key.group(1)}", number)
    return found


def line_of(where: str, lines: dict[str, int]) -> int:
    """The line of a key, or of the table it is missing from; 1 for the file itself."""
    while where:
        if where in lines:
            return lines[where]
        where = where.rpartition(".")[0]
    return 1


def _with_indexes(name: str, counts: dict[str, int]) -> str:
    parts, path = [], ""
    for part in name.split("."):
        path = f"{path}.{part}" if path else part
        parts.append(f"{part}[{counts[path]}]" if path in counts else part)
    return ".".join(parts)
