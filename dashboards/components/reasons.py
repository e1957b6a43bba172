"""Why an entry of the statement stands there, in words: the rule, what was counted, what a cap or a condition did to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from dashboards.texts import CATALOGUE, Language, number, text
from loyalty import Entry, Programme
from loyalty.review.wording import WORDS, describe_case


def reason_of(entry: Entry, programme: Programme, language: Language) -> str:
    """A sentence or two. An explanation of an unknown shape is left out, never shown raw."""
    known = _read(entry.explanation)
    if entry.kind in ("award", "reversal") or (entry.kind == "no_award" and entry.rule_id):
        return " ".join(
            part for part in (_rule(entry, programme, language), _counted(known, language), _cut(known, language)) if part
        )
    if entry.kind == "no_award":
        return _condition(known, language)
    key = f"reason.entry.{entry.kind}"
    return text(language, key) if key in CATALOGUE else ""


def _read(explanation: str) -> Mapping[str, object]:
    try:
        found = json.loads(explanation)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _rule(entry: Entry, programme: Programme, language: Language) -> str:
    rule = next((one for one in programme.rules if one.rule_id == entry.rule_id), None)
    title = (entry.rule_id or "") if rule is None else rule.title_de if language == "de" else rule.title_en
    return f"{title}:" if title else ""


def _counted(known: Mapping[str, object], language: Language) -> str:
    """What each step counted: units and money that were kept, and the points they are worth."""
    steps = known.get("steps")
    words = []
    for step in steps if isinstance(steps, list) else []:
        if not isinstance(step, dict):
            continue
        parts = []
        quantity, money = _decimal(step.get("quantity_kept")), _decimal(step.get("net_amount_kept_subcents"))
        if quantity is not None:
            parts.append(text(language, "reason.quantity", quantity=number(float(quantity), language)))
        if money:
            parts.append(text(language, "reason.money", amount=number(float(round(money / 10_000, 2)), language)))
        points = step.get("points")
        if isinstance(points, int):
            parts.append(text(language, "reason.points", points=number(points, language)))
        words.append(", ".join(parts))
    return "; ".join(word for word in words if word)


def _cut(known: Mapping[str, object], language: Language) -> str:
    asked, granted = known.get("asked"), known.get("granted")
    if not isinstance(asked, int) or not isinstance(granted, int) or "cap" not in known:
        return ""
    return text(language, "reason.cap", asked=number(asked, language), granted=number(granted, language))


def _condition(known: Mapping[str, object], language: Language) -> str:
    """The condition that failed first, or the case that was confirmed."""
    reason = str(known.get("reason", ""))
    code, variant = reason.removeprefix("review_"), str(known.get("variant", ""))
    if (code, variant) in WORDS:
        figures = {name: value for name, value in known.items() if isinstance(value, str | int)}
        return f"{text(language, 'reason.confirmed')} {describe_case(code, variant, figures, language)}"
    key = f"reason.none.{reason}"
    return text(language, key if key in CATALOGUE else "reason.none.other")


def _decimal(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
