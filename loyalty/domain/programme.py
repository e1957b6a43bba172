"""A programme as data, read from TOML. Every finding names the key and the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal, cast

Language = Literal["de", "en"]
EARNING_LEGS = ("sell_in", "sell_through")


class ProgrammeError(ValueError):
    """What is wrong with a programme file; `findings` has one text per cause, each naming its key."""

    def __init__(self, findings: list[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(findings))


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to earn. Exactly one of the two rates is above zero.

    `points_per_unit` counts kept units, `points_per_amount` kept net amount in whole units of `money_currency`.
    `bonus_points` come on top when the document keeps at least `bonus_from_quantity` units.
    """

    rule_id: str
    version: int
    title_de: str
    title_en: str
    points_per_unit: Decimal
    points_per_amount: Decimal
    money_currency: str
    categories: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    expires_after_months: int | None
    bonus_from_quantity: Decimal | None
    bonus_points: int


@dataclass(frozen=True, slots=True)
class Programme:
    """A points programme of one leg: distributors earn on sell_in, retailers on sell_through."""

    programme_id: str
    version: int
    title_de: str
    title_en: str
    currency: str
    time_zone: str
    leg: str
    rules: tuple[Rule, ...]


def parse_programme(text: str) -> Programme:
    """Read a programme. Raises ProgrammeError with every finding, not only the first."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProgrammeError([f"not valid TOML: {error}"]) from error
    findings: list[str] = []
    known = {"programme_id", "version", "title_de", "title_en", "currency", "time_zone", "leg", "rules"}
    findings += [f"{key}: no such key" for key in raw if key not in known]
    texts = {
        key: _text(raw, key, key, findings) for key in ("programme_id", "title_de", "title_en", "currency", "time_zone", "leg")
    }
    if texts["leg"] not in EARNING_LEGS:
        findings.append(f"leg: found {texts['leg']!r}, expected one of {', '.join(EARNING_LEGS)}")
    version = _count(raw, "version", "version", findings)
    rules = tuple(_rule(entry, f"rules[{number}]", findings) for number, entry in enumerate(raw.get("rules", ()), 1))
    if not rules:
        findings.append("rules: a programme needs at least one rule")
    ids = [rule.rule_id for rule in rules]
    findings += [f"rules: the rule_id {name!r} stands twice" for name in sorted({i for i in ids if ids.count(i) > 1})]
    if findings:
        raise ProgrammeError(findings)
    return Programme(
        texts["programme_id"], version, texts["title_de"], texts["title_en"], texts["currency"], texts["time_zone"],
        texts["leg"], rules,
    )  # fmt: skip


def describe(programme: Programme, language: Language) -> str:
    """The terms as text for members."""
    german = language == "de"
    lines = [programme.title_de if german else programme.title_en]
    for rule in programme.rules:
        title = rule.title_de if german else rule.title_en
        if rule.points_per_unit:
            rate = f"{rule.points_per_unit} {'Punkte je behaltener Einheit' if german else 'points per unit kept'}"
        else:
            rate = (
                f"{rule.points_per_amount} {'Punkte je' if german else 'points per'} 1 {rule.money_currency} "
                f"{'Nettowert nach Rabatt' if german else 'net of discounts'}"
            )
        goods = ", ".join(rule.categories) or ("alle Produkte" if german else "all products")
        bonus = ""
        if rule.bonus_points:
            bonus = f"; +{rule.bonus_points} {'ab' if german else 'from'} {rule.bonus_from_quantity} {'Einheiten' if german else 'units'}"
        life = ("verfallen nicht" if german else "do not expire") if rule.expires_after_months is None else (
            f"verfallen nach {rule.expires_after_months} Monaten" if german else f"expire after {rule.expires_after_months} months"
        )  # fmt: skip
        until = f" {'bis' if german else 'to'} {rule.valid_to.isoformat()}" if rule.valid_to else ""
        lines.append(
            f"- {title}: {rate}; {goods}{bonus}; {'ab' if german else 'from'} {rule.valid_from.isoformat()}{until}; {life}."
        )
    lines.append(
        "Punkte werden je Bestellung und Regel einmal abgerundet; Rückgaben nehmen zurück, was sie verdient hatten."
        if german else "Points are rounded down once per order and rule; returns take back what they had earned."
    )  # fmt: skip
    return "\n".join(lines)


def _rule(entry: object, where: str, findings: list[str]) -> Rule:
    raw = entry if isinstance(entry, dict) else {}
    known = set(Rule.__dataclass_fields__)
    findings += [f"{where}.{key}: no such key" for key in raw if key not in known]
    per_unit = _decimal(raw, "points_per_unit", where, findings)
    per_amount = _decimal(raw, "points_per_amount", where, findings)
    if (per_unit > 0) == (per_amount > 0):
        findings.append(f"{where}: say exactly one of points_per_unit and points_per_amount, above zero")
    if per_amount and not raw.get("money_currency"):
        findings.append(f"{where}.money_currency: needed with points_per_amount")
    threshold = _decimal(raw, "bonus_from_quantity", where, findings) if "bonus_from_quantity" in raw else None
    bonus = _count(raw, "bonus_points", f"{where}.bonus_points", findings) if "bonus_points" in raw else 0
    if (threshold is None) != (bonus == 0):
        findings.append(f"{where}: bonus_from_quantity and bonus_points go together")
    months = (
        _count(raw, "expires_after_months", f"{where}.expires_after_months", findings) if "expires_after_months" in raw else None
    )
    start, end = _day(raw, "valid_from", where, findings), _day(raw, "valid_to", where, findings, is_needed=False)
    if start and end and end < start:
        findings.append(f"{where}.valid_to: {end} is before valid_from {start}")
    return Rule(
        _text(raw, "rule_id", f"{where}.rule_id", findings), _count(raw, "version", f"{where}.version", findings),
        _text(raw, "title_de", f"{where}.title_de", findings), _text(raw, "title_en", f"{where}.title_en", findings),
        per_unit, per_amount, str(raw.get("money_currency", "")), tuple(str(c) for c in raw.get("categories", ())),
        start or date.min, end, months, threshold, bonus,
    )  # fmt: skip


def _text(raw: Mapping[str, object], key: str, where: str, findings: list[str]) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        findings.append(f"{where}: a text is needed")
        return ""
    return value


def _count(raw: Mapping[str, object], key: str, where: str, findings: list[str]) -> int:
    value = raw.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        findings.append(f"{where}: found {value!r}, expected a whole number above zero")
        return 0
    return value


def _decimal(raw: Mapping[str, object], key: str, where: str, findings: list[str]) -> Decimal:
    value = raw.get(key, "0")
    try:
        number = Decimal(cast(str, value)) if isinstance(value, str | int) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        findings.append(f'{where}.{key}: found {value!r}, expected a number as text such as "0.5"')
        return Decimal(0)
    return number


def _day(raw: Mapping[str, object], key: str, where: str, findings: list[str], *, is_needed: bool = True) -> date | None:
    value = raw.get(key)
    if isinstance(value, date):
        return value
    if is_needed or value is not None:
        findings.append(f"{where}.{key}: found {value!r}, expected a date such as 2026-01-31")
    return None
