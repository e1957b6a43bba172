"""Why an entry of the statement stands there, in words: the rule, what was counted, what a cap or a condition did to it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation

from dashboards.texts import CATALOGUE, Language, number, text
from loyalty import Entry, Programme
from loyalty.review.wording import WORDS, describe_case


def reason_of(entry: Entry, programme: Programme, language: Language, group: Collection[int]) -> str:
    """A sentence or two. `group`: the member and whoever is merged with it; what an explanation says of others is left out, and an
    explanation of an unknown shape too."""
    known = _read(entry.explanation)
    if entry.kind in ("award", "reversal") or (entry.kind == "no_award" and entry.rule_id):
        parts = (_rule(entry.rule_id, programme, language), _counted(known, language, group), _cut(known, language))
        return " ".join(part for part in parts if part)
    if entry.kind == "no_award":
        return _condition(known, programme, language)
    key = f"reason.entry.{entry.kind}"
    return text(language, key) if key in CATALOGUE else ""


def _read(explanation: str) -> Mapping[str, object]:
    try:
        found = json.loads(explanation)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _rule(rule_id: object, programme: Programme, language: Language) -> str:
    rule = next((one for one in programme.rules if one.rule_id == rule_id), None)
    title = str(rule_id or "") if rule is None else rule.title_de if language == "de" else rule.title_en
    return f"{title}:" if title else ""


def _counted(known: Mapping[str, object], language: Language, group: Collection[int]) -> str:
    """What each step of the member counted: units and money that were kept, the tier's factor, and the points they are worth."""
    steps = known.get("steps")
    mine = [
        step
        for step in (steps if isinstance(steps, list) else [])
        if isinstance(step, dict) and step.get("member") in (None, *group)
    ]
    return "; ".join(words for words in (_step(step, language) for step in mine) if words)


def _step(step: Mapping[str, object], language: Language) -> str:
    parts = []
    quantity, money, factor = (_decimal(step.get(name)) for name in ("quantity_milli", "amount_subcents", "multiplier_milli"))
    if quantity:
        parts.append(text(language, "reason.quantity", quantity=number(float(quantity / 1_000), language)))
    if money:
        parts.append(text(language, "reason.money", amount=number(float(round(money / 10_000, 2)), language)))
    if factor is not None and factor != 1_000 and step.get("tier"):
        parts.append(text(language, "reason.tier", tier=str(step["tier"]), factor=number(float(factor / 1_000), language)))
    points = step.get("points")
    if isinstance(points, int) and points:
        parts.append(text(language, "reason.points", points=number(points, language)))
    elif f"reason.none.{step.get('failed')}" in CATALOGUE:
        parts.append(text(language, f"reason.none.{step.get('failed')}"))
    return ", ".join(parts)


def _cut(known: Mapping[str, object], language: Language) -> str:
    asked, granted = known.get("asked"), known.get("granted")
    if not isinstance(asked, int) or not isinstance(granted, int) or "cap" not in known:
        return ""
    return text(language, "reason.cap", asked=number(asked, language), granted=number(granted, language))


def _condition(known: Mapping[str, object], programme: Programme, language: Language) -> str:
    """The condition that failed first, or the case that was confirmed."""
    reason = str(known.get("reason") or known.get("failed") or "")
    code, variant = reason.removeprefix("review_"), str(known.get("variant", ""))
    if (code, variant) in WORDS:
        figures = {name: value for name, value in known.items() if isinstance(value, str | int)}
        return f"{text(language, 'reason.confirmed')} {describe_case(code, variant, figures, language)}"
    key = f"reason.none.{reason}"
    words = text(language, key if key in CATALOGUE else "reason.none.other")
    return " ".join(part for part in (_rule(known.get("rule"), programme, language), words) if part)


def _decimal(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
