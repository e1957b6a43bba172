"""The terms of a programme as text for members, in German and English. Every setting that changes what somebody gets is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from loyalty.domain.programme import CHALLENGE_PREFIX, MILLI, POINTS, STATUS, Caps, Language, Programme, Rule

_WORDS: dict[str, tuple[str, str]] = {
    "unit": ("{n} Punkte je behaltener Einheit", "{n} points per unit kept"),
    "amount": ("{n} Punkte je 1 {c} {b}", "{n} points per 1 {c} {b}"),
    "after": ("Nettowert nach Rabatt", "net of discounts"),
    "before": ("Wert zum Listenpreis vor Rabatt", "at list price before discounts"),
    "bonus": ("{n} Punkte Bonus", "a bonus of {n} points"),
    "from_quantity": ("ab {n} Einheiten", "from {n} units"),
    "from_amount": ("ab {n} {c}", "from {n} {c}"),
    "basket": ("wenn alles dabei ist: {n}", "when all of these are in it: {n}"),
    "first": ("nur für die erste Bestellung", "for the first order only"),
    "multiplied": ("mal Faktor der Stufe", "times the factor of the tier"),
    "document": ("je Bestellung", "per order"),
    "month": ("je Monat", "per month"),
    "quarter": ("je Quartal", "per quarter"),
    "year": ("je Kalenderjahr", "per calendar year"),
    "sell_in": ("auf Käufe beim Hersteller", "on purchases from the manufacturer"),
    "sell_through": ("auf Käufe beim Distributor", "on purchases from the distributor"),
    "sell_out": ("auf gemeldete Verkäufe an Verbraucher", "on reported sales to consumers"),
    "event": ("für Schulung und Datenqualität: {n}", "for training and data quality: {n}"),
    "challenge": ("für das erreichte Ziel", "for reaching the challenge"),
    "everything": ("alle Produkte", "all products"),
    "segments": ("nur Vertriebswege {n}", "channels {n} only"),
    "tiers": ("nur Stufen {n}", "tiers {n} only"),
    "status": ("zählt für die Stufe", "counts for the tier"),
    "status_only": ("zählt nur für die Stufe", "counts for the tier only"),
    "booked": ("sofort einlösbar", "usable at once"),
    "period_over": ("einlösbar, wenn der Zeitraum vorbei ist", "usable when the period is over"),
    "period_window": ("einlösbar {n} Tage nach dem Ende des Zeitraums", "usable {n} days after the end of the period"),
    "delivered": ("einlösbar, wenn alles geliefert ist", "usable when all is delivered"),
    "invoice_paid": ("einlösbar, wenn die Rechnung bezahlt ist", "usable when the invoice is paid"),
    "return_window": ("einlösbar nach {n} Tagen Rückgabefrist", "usable after {n} days for returns"),
    "sell_through_wait": ("einlösbar, wenn die Ware weiterverkauft ist", "usable when the goods are sold on"),
    "or_after": (", spätestens {d} Tage nach der Bestellung", ", at the latest {d} days after the order"),
    "never": ("verfallen nicht", "do not expire"),
    "months": ("verfallen nach {n} Monaten", "expire after {n} months"),
    "end_of": ("verfallen zum Ende des {p} nach {n} Monaten", "expire at the end of the {p} after {n} months"),
    "idle": (
        "verfallen {n} Monate nach der letzten Gutschrift oder Einlösung",
        "expire {n} months after the last award or redemption",
    ),
    "earned": ("gerechnet ab der Bestellung", "counted from the order"),
    "caps": ("höchstens {n}", "at most {n}"),
    "total": ("{n} insgesamt", "{n} in all"),
    "per_member": ("{n} je Mitglied", "{n} per member"),
    "per_distributor": ("{n} je Distributor", "{n} per distributor"),
    "per_period": ("{n} je Zeitraum", "{n} per period"),
    "per_member_period": ("{n} je Mitglied und Zeitraum", "{n} per member and period"),
    "per_funder": ("{n} zu Lasten {f}", "{n} charged to {f}"),
    "budget": ("solange das Budget reicht", "while the budget lasts"),
    "together": ("Alle Regeln zusammen", "All rules together"),
    "run_by_manufacturer": ("Dieses Programm führt der Hersteller{n}.", "The manufacturer{n} runs this programme."),
    "run_by_distributor": (
        "Dieses Programm führt der Distributor{n}. Es zählt nur, was er verkauft.",
        "The distributor{n} runs this programme. Only what it sells counts.",
    ),
    "paid": ("bezahlt von: {n}", "paid by: {n}"),
    "manufacturer": ("Hersteller", "manufacturer"),
    "distributor": ("Distributor", "distributor"),
    "none": ("eine Gutschrift über der Grenze entfällt ganz", "an award beyond the limit is left out whole"),
    "from": ("ab {n}", "from {n}"),
    "to": ("bis {n}", "to {n}"),
    "rounding": (
        "Punkte werden je Bestellung und Regel einmal abgerundet; Rückgaben nehmen zurück, was sie verdient hatten.",
        "Points are rounded down once per order and rule; returns take back what they had earned.",
    ),
    "debt": (
        "Sind zurückgenommene Punkte schon eingelöst, werden sie mit den nächsten Gutschriften verrechnet.",
        "Where points taken back are spent already, the next awards settle them first.",
    ),
    "tier": ("Stufe {t}: ab {n} Statuspunkten, Faktor {f}", "Tier {t}: from {n} status points, factor {f}"),
    "tier_rolling": (
        "Statuspunkte zählen {w} Monate. Eine Stufe gilt ab sofort, wenn sie erreicht ist, und dann {m} Monate; {d} Tage vorher sagen wir, was fehlt.",
        "Status points count for {w} months. A tier holds at once when it is reached, and for {m} months; {d} days before we say what is missing.",
    ),
    "tier_year": (
        "Statuspunkte zählen im Kalenderjahr. Eine Stufe gilt ab sofort, wenn sie erreicht ist, und dann {m} Monate über das Jahresende; {d} Tage vorher sagen wir, was fehlt.",
        "Status points count within the calendar year. A tier holds at once when it is reached, and for {m} months beyond its end; {d} days before we say what is missing.",
    ),
}


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def describe(programme: Programme, language: Language) -> str:
    """The terms as text for members."""
    side = 0 if language == "de" else 1
    owner = programme.distributor_ref or programme.manufacturer_ref
    lines = [(programme.title_de, programme.title_en)[side]]
    lines.append(_say(f"run_by_{programme.owner_kind}", side, n="" if owner is None else f" {owner}"))
    lines += [f"- {_rule(rule, side)}." for rule in programme.rules]
    lines += [
        f"- {_say('tier', side, t=tier.tier, n=_number(tier.from_status_points, side), f=_number(Decimal(tier.multiplier_milli) / MILLI, side))}."
        for tier in programme.tiers
    ]
    if programme.tiers:
        settings = programme.tier_settings
        key = "tier_rolling" if settings.window == "rolling" else "tier_year"
        lines.append(_say(key, side, w=str(settings.window_months), m=str(settings.maintain_months), d=str(settings.notice_days)))
    return "\n".join([*lines, _say("rounding", side), _say("debt", side)])


def describe_rules(rules: Sequence[Rule], language: Language, *, with_funding: bool = False) -> str:
    """The terms of a campaign's rules. Who pays is said only to those who pay (`with_funding`); others read of a budget."""
    side = 0 if language == "de" else 1
    lines = [f"- {_rule(rule, side, with_funding=with_funding)}." for rule in rules]
    together = next((rule.campaign_caps for rule in rules if rule.campaign_caps), None)
    if together is not None:
        lines.append(f"- {_say('together', side)}: {_caps(together, side, with_funding)}.")
    return "\n".join(lines)


def _rule(rule: Rule, side: int, *, with_funding: bool = False) -> str:
    parts = [_earning(rule, side), _what(rule, side)]
    if rule.selection.segments:
        parts.append(_say("segments", side, n=", ".join(rule.selection.segments)))
    if rule.selection.tiers:
        parts.append(_say("tiers", side, n=", ".join(rule.selection.tiers)))
    if STATUS in rule.gives:
        parts.append(_say("status" if POINTS in rule.gives else "status_only", side))
    if POINTS in rule.gives:
        latest = "" if rule.or_after_days is None else _say("or_after", side, d=str(rule.or_after_days))
        parts += [_say(_waits(rule), side, n=str(rule.return_window_days)) + latest, _life(rule, side)]
    if rule.caps:
        parts.append(_caps(rule.caps, side, with_funding))
    if with_funding:
        parts.append(_say("paid", side, n=", ".join(f"{share} % {_say(name, side)}" for name, share in rule.funders)))
    days = _say("from", side, n=_day(rule.valid_from, side))
    if rule.valid_to:
        days += " " + _say("to", side, n=_day(rule.valid_to, side))
    return f"{(rule.title_de, rule.title_en)[side]}: {'; '.join([*parts, days])}"


def _day(on: date, side: int) -> str:
    """A day as its readers write it: 24.12.2026, 24 Dec 2026."""
    return f"{on:%d.%m.%Y}" if side == 0 else f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def _waits(rule: Rule) -> str:
    if rule.grain != "document":
        return "period_window" if rule.pending_until == "return_window" else "period_over"
    return "sell_through_wait" if rule.pending_until == "sell_through" else rule.pending_until


def _earning(rule: Rule, side: int) -> str:
    parts = []
    if rule.points_per_unit:
        parts.append(_say("unit", side, n=_number(rule.points_per_unit, side)))
    if rule.points_per_amount:
        basis = _say("before" if rule.is_before_discount else "after", side)
        parts.append(_say("amount", side, n=_number(rule.points_per_amount, side), c=rule.money_currency, b=basis))
    if parts and rule.is_tier_multiplied:
        parts.append(_say("multiplied", side))
    if rule.bonus_points:
        bonus = [_say("bonus", side, n=_number(rule.bonus_points, side)), _say(rule.grain, side) if rule.leg != "event" else ""]
        if rule.bonus_from_quantity is not None:
            bonus.append(_say("from_quantity", side, n=_number(rule.bonus_from_quantity, side)))
        if rule.bonus_from_amount is not None:
            bonus.append(_say("from_amount", side, n=_number(rule.bonus_from_amount, side), c=rule.money_currency))
        if rule.basket:
            bonus.append(_say("basket", side, n=", ".join(rule.basket)))
        if rule.is_first_only:
            bonus.append(_say("first", side))
        parts.append(" ".join(part for part in bonus if part))
    return " + ".join(parts)


def _what(rule: Rule, side: int) -> str:
    if rule.leg == "event":
        if all(name.startswith(CHALLENGE_PREFIX) for name in rule.selection.events) and rule.selection.events:
            return _say("challenge", side)
        return _say("event", side, n=", ".join(rule.selection.events) or "–")
    chosen = [*rule.selection.categories, *rule.selection.brands, *rule.selection.products]
    return f"{_say(rule.leg, side)}, {', '.join(chosen) or _say('everything', side)}"


def _life(rule: Rule, side: int) -> str:
    life = rule.expiry
    if life.inactivity_months is not None:
        return _say("idle", side, n=str(life.inactivity_months))
    if life.months is None:
        return _say("never", side)
    periods = {"month": ("Monats", "month"), "quarter": ("Quartals", "quarter"), "year": ("Jahres", "year")}
    text = (
        _say("end_of", side, n=str(life.months), p=periods[life.end_of][side])
        if life.end_of
        else _say("months", side, n=str(life.months))
    )
    return f"{text}, {_say('earned', side)}" if life.counts_from == "earned" else text


def _caps(caps: Caps, side: int, with_funding: bool) -> str:
    names = ("total", "per_member", "per_distributor", "per_period", "per_member_period")
    limits = [_say(name, side, n=_number(getattr(caps, name), side)) for name in names if getattr(caps, name) is not None]
    if with_funding:
        limits += [_say("per_funder", side, n=_number(points, side), f=_say(name, side)) for name, points in caps.per_funder]
    parts = [_say("caps", side, n=", ".join(limits))] if limits else []
    if caps.per_funder and not with_funding:
        parts.append(_say("budget", side))
    text = ", ".join(parts)
    if caps.per_period or caps.per_member_period:
        text += f" ({_say(caps.period, side)})"
    return text if caps.is_partial else f"{text}, {_say('none', side)}"


def _say(key: str, side: int, **values: str) -> str:
    return _WORDS[key][side].format(**values)


def _number(value: Decimal | int, side: int) -> str:
    text = f"{value.normalize():,f}" if isinstance(value, Decimal) else f"{value:,}"
    return text.translate(str.maketrans(",.", ".,")) if side == 0 else text
