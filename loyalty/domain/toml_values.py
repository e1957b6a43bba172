"""Values out of TOML, each checked; what is wrong is collected with its line, key, what was found and what was expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from loyalty.domain.toml_lines import line_numbers, line_of

Raw = Mapping[str, object]


class Findings:
    """Collects what is wrong, each with its line."""

    def __init__(self, text: str) -> None:
        self._lines = line_numbers(text)
        self.texts: list[str] = []

    def add(self, where: str, message: str) -> None:
        """One finding."""
        self.texts.append(f"line {line_of(where, self._lines)}, {where}: {message}")

    def unknown_keys(self, raw: Raw, known: set[str], where: str) -> None:
        """Keys that nobody reads."""
        for key in raw:
            if key not in known:
                self.add(f"{where}.{key}" if where else key, "no such key")


def tables_of(raw: Raw, key: str, found: Findings) -> list[Raw]:
    """Tables written as [[key]]; none when the key is missing."""
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        found.add(key, f"expected tables written as [[{key}]]")
        return []
    return value


def text_of(raw: Raw, key: str, where: str, found: Findings, longest: int = 200) -> str:
    """A text that may stand in a cause: not empty, without '|'."""
    value = raw.get(key)
    if not isinstance(value, str) or not value or len(value) > longest or "|" in value:
        found.add(where, f"found {value!r}, expected a text of up to {longest} characters without '|'")
        return ""
    return value


def texts_of(raw: Raw, key: str, where: str, found: Findings) -> tuple[str, ...]:
    """A list of texts; empty when the key is missing."""
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        found.add(f"{where}.{key}", f"found {value!r}, expected a list of texts")
        return ()
    return tuple(value)


def choice_of(raw: Raw, key: str, choices: Sequence[str], where: str, found: Findings, default: str) -> str:
    """One of some words."""
    value = raw.get(key, default)
    if value not in choices:
        found.add(where, f"found {value!r}, expected one of {', '.join(choices)}")
        return default
    return str(value)


def count_of(raw: Raw, key: str, where: str, found: Findings, *, default: int | None = None) -> int:
    """A whole number above zero."""
    if default is not None and key not in raw:
        return default
    value = raw.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        found.add(where, f"found {value!r}, expected a whole number above zero")
        return default or 0
    return value


def percent_of(raw: Raw, key: str, found: Findings) -> int:
    """1 to 100; 100 when the key is missing."""
    value = count_of(raw, key, key, found, default=100)
    if value > 100:
        found.add(key, f"found {value}, expected 1 to 100")
    return value


def decimal_of(raw: Raw, key: str, where: str, found: Findings, places: int) -> Decimal | None:
    """A number written as text, at or above zero, with at most so many decimals; None when the key is missing."""
    if key not in raw:
        return None
    value = raw[key]
    try:
        number = Decimal(value) if isinstance(value, str | int) and not isinstance(value, bool) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or number != round(number, places):
        found.add(f"{where}.{key}", f'found {value!r}, expected a number as text such as "0.5", with at most {places} decimals')
        return Decimal(0)
    return number


def day_of(raw: Raw, key: str, where: str, found: Findings, *, is_needed: bool = True) -> date | None:
    """A date; None when it is missing."""
    value = raw.get(key)
    if type(value) is date:
        return value
    if is_needed or value is not None:
        found.add(f"{where}.{key}", f"found {value!r}, expected a date such as 2026-01-31")
    return None
