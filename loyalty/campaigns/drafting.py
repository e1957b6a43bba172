"""The common campaign in a form: one rule, its caps and shares, to TOML and back. Everything else is written as TOML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from loyalty.domain.programme import MILLI, Caps, Rule, Selection

RULE_ID = "campaign"
KINDS = ("unit", "list_value", "net_value", "bonus")
"""What is rewarded: each unit, each euro at list price, each euro net of discounts, or an order that reaches a quantity."""


@dataclass(frozen=True, slots=True)
class SimpleCampaign:
    """One rule. `rate`: points per unit or euro, or the bonus; `from_quantity`: units an order needs for a bonus. Caps: None is no limit."""

    title_de: str
    title_en: str
    first_day: date
    last_day: date
    kind: str = "unit"
    rate: Decimal = Decimal(1)
    from_quantity: int = 0
    category: str | None = None
    expires_after_months: int = 12
    distributor_percent: int = 0
    cap_total: int | None = None
    cap_member: int | None = None
    cap_distributor_share: int | None = None


def to_toml(simple: SimpleCampaign, money_currency: str) -> str:
    """The rule as TOML."""
    lines = [
        "[[rules]]",
        f'rule_id = "{RULE_ID}"',
        "version = 1",
        f"title_de = {_quoted(simple.title_de)}",
        f"title_en = {_quoted(simple.title_en)}",
    ]
    if simple.kind == "bonus":
        lines += [
            f"bonus_points = {int(simple.rate)}",
            *([f'bonus_from_quantity = "{simple.from_quantity}"'] if simple.from_quantity else []),
        ]
    elif simple.kind == "unit":
        lines.append(f'points_per_unit = "{simple.rate}"')
    else:
        basis = "before_discount" if simple.kind == "list_value" else "after_discount"
        lines += [f'points_per_amount = "{simple.rate}"', f'money_currency = "{money_currency}"', f'counts_amount = "{basis}"']
    if simple.category:
        lines.append(f"categories = [{_quoted(simple.category)}]")
    lines += [
        f"valid_from = {simple.first_day}",
        f"valid_to = {simple.last_day}",
        f"expires_after_months = {simple.expires_after_months}",
    ]
    if simple.distributor_percent:
        lines += [
            "[rules.funders]",
            f"manufacturer = {100 - simple.distributor_percent}",
            f"distributor = {simple.distributor_percent}",
        ]
    caps = [("total", simple.cap_total), ("per_member", simple.cap_member)]
    limits = [f"{name} = {limit}" for name, limit in caps if limit]
    if simple.cap_distributor_share and simple.distributor_percent:
        limits.append(f"per_funder = {{ distributor = {simple.cap_distributor_share} }}")
    return "\n".join([*lines, *(["[rules.caps]", *limits] if limits else [])]) + "\n"


def from_rules(rules: Sequence[Rule], owner: str = "manufacturer") -> SimpleCampaign | None:
    """The form that these rules came from; None when they say more than a form can. `owner`: who runs the programme, and pays what no rule says."""
    rule, last_day = (rules[0], rules[0].valid_to) if len(rules) == 1 else (None, None)
    if rule is None or last_day is None or rule.campaign_caps:
        return None
    funders, per_funder = dict(rule.funders), dict(rule.caps.per_funder)
    kind = (
        "bonus"
        if rule.bonus_points
        else "unit"
        if rule.points_per_unit
        else "list_value"
        if rule.is_before_discount
        else "net_value"
    )
    rate = {"bonus": Decimal(rule.bonus_points), "unit": rule.points_per_unit}.get(kind, rule.points_per_amount)
    simple = SimpleCampaign(
        rule.title_de, rule.title_en, rule.valid_from, last_day, kind, rate, int(rule.bonus_from_quantity or 0),
        rule.selection.categories[0] if len(rule.selection.categories) == 1 else None, rule.expiry.months or 0,
        0 if owner == "distributor" else funders.get("distributor", 0), rule.caps.total, rule.caps.per_member, per_funder.get("distributor"),
    )  # fmt: skip
    return simple if _says_all(simple, rule) else None


def _says_all(simple: SimpleCampaign, rule: Rule) -> bool:
    caps = Caps(total=simple.cap_total, per_member=simple.cap_member,
                per_funder=(("distributor", simple.cap_distributor_share),) if simple.cap_distributor_share else ())  # fmt: skip
    selection = Selection(categories=(simple.category,) if simple.category else ())
    rates = [rule.points_per_unit, rule.points_per_amount, Decimal(rule.bonus_points)]
    plain = (
        rule.grain == "document" and rule.leg == "sell_through" and rule.gives == ("points",) and rule.pending_until == "booked"
        and not (rule.basket or rule.is_first_only or rule.is_tier_multiplied or rule.bonus_from_amount is not None)
    )  # fmt: skip
    whole = rule.bonus_from_quantity is None or rule.bonus_from_quantity * MILLI % MILLI == 0
    life = rule.expiry.months and not rule.expiry.end_of and rule.expiry.counts_from == "available"
    return bool(
        plain and whole and life and rule.caps == caps and rule.selection == selection and sum(1 for r in rates if r) == 1
    )


def _quoted(text: str) -> str:
    """A TOML text; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False)
