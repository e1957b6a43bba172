"""Reads a programme from TOML. Every finding names the line, the key, what was found and what was expected."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loyalty.domain.programme import (
    CHALLENGE_PREFIX,
    EARNING_LEGS,
    FUNDERS,
    GRAINS,
    MILLI,
    OWN_SALES_LEGS,
    PENDING_UNTIL,
    POINTS,
    STATUS,
    Caps,
    Challenge,
    Expiry,
    Programme,
    ProgrammeError,
    Rule,
    Selection,
    Tier,
    TierSettings,
)
from loyalty.domain.toml_values import (
    Findings,
    Raw,
    choice_of,
    count_of,
    day_of,
    decimal_of,
    percent_of,
    tables_of,
    text_of,
    texts_of,
)

REPORTED_BY_OTHERS = ("delivered", "invoice_paid")
OR_AFTER_DAYS_MAX = 730
RATE_PLACES, QUANTITY_PLACES = 4, 3


def parse_programme(text: str) -> Programme:
    """Read a programme. Raises ProgrammeError with every finding, not only the first."""
    raw, found = _read(text)
    known = {"programme_id", "version", "title_de", "title_en", "currency", "status_currency", "time_zone", "leg", "rules", "money_currency",
             "point_value_subcents", "expected_redemption_percent", "hold_days", "step_up_points", "tiers", "tier_settings", "challenges",
             "manufacturer_ref", "distributor_ref"}  # fmt: skip
    found.unknown_keys(raw, known, "")
    texts = {key: text_of(raw, key, key, found) for key in ("title_de", "title_en", "time_zone")}
    texts |= {key: text_of(raw, key, key, found, longest) for key, longest in (("programme_id", 60), ("currency", 20))}
    try:
        ZoneInfo(texts["time_zone"] or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        found.add("time_zone", f"found {texts['time_zone']!r}, expected a zone such as 'Europe/Berlin'")
    leg = choice_of(raw, "leg", EARNING_LEGS, "leg", found, "")
    owner = _owner(raw, leg, found)
    rules = tuple(
        _rule(entry, f"rules[{n}]", found, leg, owner=owner) for n, entry in enumerate(tables_of(raw, "rules", found), 1)
    )
    if not rules:
        found.add("rules", "a programme needs at least one rule")
    _check_versions(rules, found)
    tiers = tuple(_tier(entry, f"tiers[{n}]", found) for n, entry in enumerate(tables_of(raw, "tiers", found), 1))
    if list(tiers) != sorted(tiers, key=lambda tier: tier.from_status_points) or (tiers and tiers[0].from_status_points != 0):
        found.add("tiers", "expected tiers from the lowest, which starts at 0 status points, to the highest")
    for number, rule in enumerate(rules, 1):
        unknown = set(rule.selection.tiers) - {tier.tier for tier in tiers}
        if unknown:
            found.add(f"rules[{number}].tiers", f"found {', '.join(sorted(unknown))}, which is no tier of this programme")
    challenges = tuple(
        _challenge(entry, f"challenges[{n}]", found) for n, entry in enumerate(tables_of(raw, "challenges", found), 1)
    )
    programme = Programme(
        texts["programme_id"], count_of(raw, "version", "version", found), texts["title_de"], texts["title_en"], texts["currency"],
        texts["time_zone"], leg, (*rules, *_bonus_rules(challenges, rules, owner)), str(raw.get("status_currency", STATUS)), str(raw.get("money_currency", "EUR")),
        count_of(raw, "point_value_subcents", "point_value_subcents", found, default=100),
        percent_of(raw, "expected_redemption_percent", found), count_of(raw, "hold_days", "hold_days", found, default=14),
        count_of(raw, "step_up_points", "step_up_points", found, default=5_000), tiers,
        _tier_settings(raw.get("tier_settings", {}), found), challenges,
        _ref(raw, "manufacturer_ref", found), _ref(raw, "distributor_ref", found),
    )  # fmt: skip
    if programme.status_currency == programme.currency:
        found.add("status_currency", "status points and points to spend are two currencies")
    if found.texts:
        raise ProgrammeError(found.texts)
    return programme


def parse_rules(text: str, leg: str, campaign_id: str, owner: str = "manufacturer") -> tuple[Rule, ...]:
    """The rules of a campaign in a programme of that kind of owner, who pays unless a rule says otherwise. Raises ProgrammeError with every
    finding."""
    raw, found = _read(text)
    found.unknown_keys(raw, {"rules", "caps"}, "")
    together = _caps(raw.get("caps", {}), "caps", found, FUNDERS)
    rules = tuple(
        replace(_rule(entry, f"rules[{n}]", found, leg, campaign_id, owner=owner), campaign_caps=together)
        for n, entry in enumerate(tables_of(raw, "rules", found), 1)
    )
    if not rules:
        found.add("rules", "a campaign needs at least one rule")
    _check_versions(rules, found)
    for number, rule in enumerate(rules, 1):
        if rule.valid_to is None:
            found.add(f"rules[{number}].valid_to", "a campaign ends: say the last day")
    if found.texts:
        raise ProgrammeError(found.texts)
    return rules


def _read(text: str) -> tuple[Raw, Findings]:
    try:
        return tomllib.loads(text), Findings(text)
    except tomllib.TOMLDecodeError as error:
        raise ProgrammeError([f"not valid TOML: {error}"]) from error


def _ref(raw: Raw, key: str, found: Findings) -> str | None:
    return text_of(raw, key, key, found) if key in raw else None


def _owner(raw: Raw, leg: str, found: Findings) -> str:
    """Whose programme it is: a distributor's when it says which, else the manufacturer's."""
    owner = "distributor" if "distributor_ref" in raw else "manufacturer"
    if owner == "distributor" and "manufacturer_ref" in raw:
        found.add("distributor_ref", "say one of manufacturer_ref and distributor_ref: a programme belongs to one party")
    if leg:
        _check_leg(leg, owner, "leg", found)
    return owner


def _check_leg(leg: str, owner: str, where: str, found: Findings) -> None:
    if owner == "distributor" and leg not in OWN_SALES_LEGS:
        found.add(
            where, f"found {leg!r}, expected {' or '.join(OWN_SALES_LEGS)}: a distributor's programme looks at its own sales"
        )


def _rule(
    raw: Raw, where: str, found: Findings, leg: str, campaign_id: str | None = None, *, owner: str = "manufacturer"
) -> Rule:
    found.unknown_keys(raw, RULE_KEYS, where)
    per_unit = decimal_of(raw, "points_per_unit", where, found, RATE_PLACES) or Decimal(0)
    per_amount = decimal_of(raw, "points_per_amount", where, found, RATE_PLACES) or Decimal(0)
    quantity = decimal_of(raw, "bonus_from_quantity", where, found, QUANTITY_PLACES)
    amount = decimal_of(raw, "bonus_from_amount", where, found, QUANTITY_PLACES - 1)
    bonus = count_of(raw, "bonus_points", f"{where}.bonus_points", found, default=0)
    basket, first = texts_of(raw, "basket", where, found), bool(raw.get("is_first_only", False))
    if per_unit and per_amount:
        found.add(where, "say one of points_per_unit and points_per_amount")
    if not (per_unit or per_amount or bonus):
        found.add(where, "a rule gives something: points_per_unit, points_per_amount or bonus_points, above zero")
    if (per_amount or amount is not None) and not raw.get("money_currency"):
        found.add(f"{where}.money_currency", "needed with points_per_amount and bonus_from_amount")
    if (quantity is not None or amount is not None or basket) and not bonus:
        found.add(f"{where}.bonus_points", "needed with bonus_from_quantity, bonus_from_amount and basket")
    grain = choice_of(raw, "grain", GRAINS, f"{where}.grain", found, "document")
    if grain != "document" and (basket or first):
        found.add(f"{where}.grain", "basket and is_first_only look at one document")
    if grain != "document" and raw.get("pending_until", "booked") not in ("booked", "return_window"):
        found.add(f"{where}.pending_until", "points of a period wait until it is over, or for a return window; nothing else")
    start, end = day_of(raw, "valid_from", where, found), day_of(raw, "valid_to", where, found, is_needed=False)
    if start and end and end < start:
        found.add(f"{where}.valid_to", f"{end} is before valid_from {start}")
    gives = texts_of(raw, "gives", where, found) or (POINTS,)
    if set(gives) - {POINTS, STATUS}:
        found.add(f"{where}.gives", f"found {list(gives)}, expected any of points, status")
    pending = choice_of(raw, "pending_until", PENDING_UNTIL, f"{where}.pending_until", found, "booked")
    window = count_of(raw, "return_window_days", f"{where}.return_window_days", found, default=0)
    if (pending == "return_window") != bool(window):
        found.add(f"{where}.return_window_days", 'goes with pending_until = "return_window"')
    rule_leg = choice_of(raw, "leg", EARNING_LEGS, f"{where}.leg", found, leg or EARNING_LEGS[1])
    if "leg" in raw:
        _check_leg(rule_leg, owner, f"{where}.leg", found)
    if pending == "sell_through" and rule_leg != "sell_in":
        found.add(f"{where}.pending_until", "only what is earned on sell_in can wait for sell_through")
    if STATUS in gives and raw.get("tiers"):
        found.add(f"{where}.tiers", "status points make the tier, so they cannot depend on it")
    if gives == (STATUS,) and pending != "booked":
        found.add(f"{where}.pending_until", "status points count when they are booked")
    funders = _funders(raw, where, found, owner)
    return Rule(
        text_of(raw, "rule_id", f"{where}.rule_id", found, 60), count_of(raw, "version", f"{where}.version", found),
        text_of(raw, "title_de", f"{where}.title_de", found), text_of(raw, "title_en", f"{where}.title_en", found),
        start or date.min, end, per_unit, per_amount, str(raw.get("money_currency", "")), _basis(raw, where, found), bonus,
        quantity, amount, basket, first, bool(raw.get("is_tier_multiplied", False)), rule_leg, grain, gives,
        _selection(raw, where, found), pending, window, _expiry(raw, where, found), funders,
        _caps(raw.get("caps", {}), f"{where}.caps", found, dict(funders).keys()), campaign_id,
        or_after_days=_or_after_days(raw, where, found, pending),
    )  # fmt: skip


def _or_after_days(raw: Raw, where: str, found: Findings, pending: str) -> int | None:
    """After how many days points become available although nobody reported what they wait for."""
    if "or_after_days" not in raw:
        return None
    name = f"{where}.or_after_days"
    if pending not in REPORTED_BY_OTHERS:
        found.add(
            name, f"goes with pending_until = {' or '.join(repr(one) for one in REPORTED_BY_OTHERS)}, which may never be reported"
        )
    days = count_of(raw, "or_after_days", name, found)
    if days > OR_AFTER_DAYS_MAX:
        found.add(name, f"found {days}, expected 1 to {OR_AFTER_DAYS_MAX} days after the order")
    return days


RULE_KEYS = {
    "rule_id", "version", "title_de", "title_en", "points_per_unit", "points_per_amount", "money_currency", "categories", "brands", "products",
    "segments", "tiers", "events", "valid_from", "valid_to", "expires_after_months", "expires_at_end_of", "expires_after_inactivity_months",
    "expiry_counts_from", "bonus_from_quantity", "bonus_from_amount", "bonus_points", "leg", "grain", "gives", "counts_amount",
    "basket", "is_first_only", "is_tier_multiplied", "pending_until", "return_window_days", "or_after_days", "funders", "caps",
}  # fmt: skip


def _selection(raw: Raw, where: str, found: Findings) -> Selection:
    return Selection(
        *(texts_of(raw, name, where, found) for name in ("categories", "brands", "products", "segments", "tiers", "events"))
    )


def _basis(raw: Raw, where: str, found: Findings) -> bool:
    basis = choice_of(
        raw, "counts_amount", ("after_discount", "before_discount"), f"{where}.counts_amount", found, "after_discount"
    )
    return basis == "before_discount"


def _expiry(raw: Raw, where: str, found: Findings) -> Expiry:
    months = count_of(raw, "expires_after_months", f"{where}.expires_after_months", found, default=0) or None
    idle = count_of(raw, "expires_after_inactivity_months", f"{where}.expires_after_inactivity_months", found, default=0) or None
    end_of = raw.get("expires_at_end_of")
    if end_of is not None:
        end_of = choice_of(raw, "expires_at_end_of", ("month", "quarter", "year"), f"{where}.expires_at_end_of", found, "month")
    if idle and (months or end_of):
        found.add(f"{where}.expires_after_inactivity_months", "say either this or a fixed life")
    if end_of and not months:
        found.add(f"{where}.expires_at_end_of", "goes with expires_after_months")
    counts_from = choice_of(raw, "expiry_counts_from", ("available", "earned"), f"{where}.expiry_counts_from", found, "available")
    return Expiry(months, end_of, idle, counts_from)


def _funders(raw: Raw, where: str, found: Findings, owner: str) -> tuple[tuple[str, int], ...]:
    """Who pays: the owner of the programme unless the rule says otherwise. A distributor cannot promise the manufacturer's money."""
    shares = raw.get("funders")
    if shares is None:
        return ((owner, 100),)
    pairs = tuple(shares.items()) if isinstance(shares, dict) else ()
    right = all(name in FUNDERS and isinstance(share, int) and share > 0 for name, share in pairs)
    if not right or sum(share for _, share in pairs) != 100:
        found.add(f"{where}.funders", f"found {shares!r}, expected percent of manufacturer and distributor that add up to 100")
        return ((owner, 100),)
    if owner == "distributor" and "manufacturer" in dict(pairs):
        found.add(
            f"{where}.funders", f"found {shares!r}, expected distributor = 100: a distributor's programme charges nobody else"
        )
        return ((owner, 100),)
    return pairs


def _caps(entry: object, where: str, found: Findings, funders: Collection[str]) -> Caps:
    raw = entry if isinstance(entry, dict) else {}
    names = ("total", "per_member", "per_distributor", "per_period", "per_member_period")
    found.unknown_keys(raw, {*names, "per_funder", "period", "at_cap"}, where)
    purses = raw.get("per_funder", {})
    if not isinstance(purses, dict) or set(purses) - set(funders):
        found.add(f"{where}.per_funder", f"found {purses!r}, expected points per funder: any of {', '.join(sorted(funders))}")
        purses = {}
    per_funder = tuple((name, count_of(purses, name, f"{where}.per_funder.{name}", found)) for name in purses)
    limits = {name: count_of(raw, name, f"{where}.{name}", found) if name in raw else None for name in names}
    period = choice_of(raw, "period", GRAINS[1:], f"{where}.period", found, "month")
    at_cap = choice_of(raw, "at_cap", ("partial", "none"), f"{where}.at_cap", found, "partial")
    return Caps(**limits, period=period, is_partial=at_cap == "partial", per_funder=per_funder)


def _tier(raw: Raw, where: str, found: Findings) -> Tier:
    found.unknown_keys(raw, {"tier", "from_status_points", "multiplier"}, where)
    multiplier = decimal_of(raw, "multiplier", where, found, 3)
    start = raw.get("from_status_points")
    if not isinstance(start, int) or isinstance(start, bool) or start < 0:
        found.add(f"{where}.from_status_points", f"found {start!r}, expected a whole number")
        start = 0
    return Tier(
        text_of(raw, "tier", f"{where}.tier", found), start, int((Decimal(1) if multiplier is None else multiplier) * MILLI)
    )


def _tier_settings(entry: object, found: Findings) -> TierSettings:
    raw, where = entry if isinstance(entry, dict) else {}, "tier_settings"
    found.unknown_keys(raw, {"window", "window_months", "maintain_months", "review", "notice_days", "grace_days"}, where)
    return TierSettings(
        choice_of(raw, "window", ("rolling", "calendar_year"), f"{where}.window", found, "rolling"),
        count_of(raw, "window_months", f"{where}.window_months", found, default=12),
        count_of(raw, "maintain_months", f"{where}.maintain_months", found, default=12),
        choice_of(raw, "review", ("one_step", "earned_level"), f"{where}.review", found, "one_step") == "one_step",
        count_of(raw, "notice_days", f"{where}.notice_days", found, default=30), count_of(raw, "grace_days", f"{where}.grace_days", found, default=0),
    )  # fmt: skip


def _challenge(raw: Raw, where: str, found: Findings) -> Challenge:
    found.unknown_keys(raw, {"challenge_id", "title_de", "title_en", "measure", "goal", "valid_from", "valid_to", "badge", "bonus_points",
                             "categories", "brands", "products"}, where)  # fmt: skip
    start, end = day_of(raw, "valid_from", where, found), day_of(raw, "valid_to", where, found)
    if start and end and end < start:
        found.add(f"{where}.valid_to", f"{end} is before valid_from {start}")
    return Challenge(
        text_of(raw, "challenge_id", f"{where}.challenge_id", found), text_of(raw, "title_de", f"{where}.title_de", found),
        text_of(raw, "title_en", f"{where}.title_en", found),
        choice_of(raw, "measure", ("quantity", "documents", "categories"), f"{where}.measure", found, "quantity"),
        count_of(raw, "goal", f"{where}.goal", found), start or date.min, end or date.max, text_of(raw, "badge", f"{where}.badge", found),
        count_of(raw, "bonus_points", f"{where}.bonus_points", found, default=0),
        Selection(*(texts_of(raw, name, where, found) for name in ("categories", "brands", "products"))),
    )  # fmt: skip


def _bonus_rules(challenges: Sequence[Challenge], rules: Sequence[Rule], owner: str) -> list[Rule]:
    """What reaching a challenge gives, as a rule like any other, unless a rule names its event. Points live as long as those of the first rule."""
    named = {event for rule in rules for event in rule.selection.events}
    return [
        Rule(
            f"challenge-{one.challenge_id}", 1, one.title_de, one.title_en, one.valid_from, bonus_points=one.bonus_points, leg="event",
            selection=Selection(events=(f"{CHALLENGE_PREFIX}{one.challenge_id}",)), expiry=rules[0].expiry if rules else Expiry(), funders=((owner, 100),),
        ) for one in challenges if one.bonus_points and f"{CHALLENGE_PREFIX}{one.challenge_id}" not in named
    ]  # fmt: skip


def _check_versions(rules: Sequence[Rule], found: Findings) -> None:
    """A rule may stand in several versions, each with days of its own."""
    seen: list[Rule] = []
    for number, rule in enumerate(rules, 1):
        for other in seen:
            if rule.rule_id != other.rule_id:
                continue
            if rule.version == other.version:
                found.add(f"rules[{number}].version", f"the rule_id {rule.rule_id!r} stands twice in version {rule.version}")
            elif rule.valid_from <= (other.valid_to or date.max) and other.valid_from <= (rule.valid_to or date.max):
                found.add(
                    f"rules[{number}].valid_from", f"versions {other.version} and {rule.version} of {rule.rule_id!r} share days"
                )
        seen.append(rule)
