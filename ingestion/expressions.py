"""From a profile's mapping to SQL: for each contract column the text found, the typed value, and the checks.

Nothing is guessed: a number must look exactly as the profile's decimal and thousands marks say, a date must have the declared
format. What does not is null in the typed value while the text found is not, and that is a finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.money import CURRENCIES
from ingestion.contracts import Column, Feed
from ingestion.decoding import literal, quoted
from ingestion.profiles.model import FeedProfile, Mapping, Profile

FUTURE_HOURS_MAX = 24
"""Event dates further ahead than this are refused."""

FIGURES_PER_NUMBER_MAX = 15


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that makes a row a finding. `found` is SQL for the text to show."""

    condition: str
    column_name: str
    error_code: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """SQL of one contract column: stored columns as (name, expression), and its checks."""

    stored: tuple[tuple[str, str], ...]
    checks: tuple[Check, ...]


def map_column(column: Column, contract: Feed, feed: FeedProfile, profile: Profile, types: dict[str, str]) -> Mapped:
    """The SQL of one contract column over the view `decoded`."""
    mapping = _given(column, feed, profile) or _default(column, feed, profile)
    if mapping is None:
        return Mapped(tuple((name, f"cast(null as {sql_type})") for name, sql_type in column.sql_columns()), ())
    origin = mapping.column or ", ".join((*mapping.columns, *mapping.product_of)) or column.name
    text, sql_type = _found(mapping, feed, types)
    typed, expected = (
        _product(mapping, feed, types) if mapping.product_of else _typed(column, mapping, text, sql_type, feed, profile)
    )
    checks = []
    if mapping.const is None and not (column.kind in ("text", "ref") and not column.required):
        if expected and typed != text:
            checks.append(Check(f"({typed}) is null and {text} is not null", origin, "ING-303", text, expected))
        if column.required:
            checks.append(Check(f"{text} is null", origin, "ING-304", text, f"a value ({column.description or column.name})"))
    checks += _sign_checks(column, typed, text, origin)
    if column.name == "currency" and mapping.const is None:
        known = ", ".join(literal(code) for code in sorted(CURRENCIES))
        checks.append(Check(f"({typed}) not in ({known})", origin, "ING-307", text, "an ISO 4217 code such as EUR"))
    if column.kind == "instant" or column.name == contract.event_date:  # every moment that a contract knows has happened
        limit = f"_now + interval {FUTURE_HOURS_MAX} hour"
        checks.append(Check(f"({typed}) > {limit}", origin, "ING-305", text, "a date that is not in the future"))
    return Mapped(_stored(column, mapping, typed, profile, sql_type), tuple(checks))


def constant_columns(contract: Feed, feed: FeedProfile, profile: Profile) -> dict[str, str]:
    """Stored columns that are the same in every row of a feed, whatever its files hold, as name -> SQL."""
    found: dict[str, str] = {}
    for column in contract.columns:
        mapping = _given(column, feed, profile) or _default(column, feed, profile)
        if column.name != "document_id" and (mapping is None or (mapping.const is not None and not mapping.scheme_column)):
            found |= dict(map_column(column, contract, feed, profile, {}).stored)
    return found


def quantity_checks(contract: Feed, feed: FeedProfile, mapped: dict[str, Mapped]) -> list[Check]:
    """Order lines whose quantity does not fit their kind: below zero is a return if the kind says so, zero is nothing.

    A cancelled line may be zero; a source that keeps zero lines says `zero_quantities` in its profile.
    """
    if contract.name != "order_lines":
        return []
    value = {name: expression for one in mapped.values() for name, expression in one.stored}
    quantity, kind, status = value["quantity"], value["line_kind"], value["line_status"]
    text = f"cast({quantity} as varchar)"
    checks = [
        Check(
            f"({quantity}) < 0 and ({kind}) = 'order'",
            "quantity",
            "ING-306",
            text,
            "a number above zero, or a line that says it is a return",
        )
    ]
    if not feed.zero_quantities:
        checks.append(
            Check(
                f"({quantity}) = 0 and ({status}) is distinct from 'cancelled'",
                "quantity",
                "ING-306",
                text,
                "a number that is not zero",
            )
        )
    return checks


def _default(column: Column, feed: FeedProfile, profile: Profile) -> Mapping | None:
    if column.name == "source_zone":
        return Mapping(const=profile.zone_of(feed))
    if column.name == "currency":
        return Mapping(const=profile.currency)
    return None


def _given(column: Column, feed: FeedProfile, profile: Profile) -> Mapping | None:
    """The profile's mapping. A document that names no currency has the profile's."""
    mapping = feed.mapping(column.name)
    if mapping is not None and feed.is_documents and column.name == "currency" and mapping.column and mapping.fallback is None:
        return mapping.model_copy(update={"fallback": profile.currency})
    return mapping


def _found(mapping: Mapping, feed: FeedProfile, types: dict[str, str]) -> tuple[str, str]:
    """SQL for what the file says (null when it says nothing), and its type."""
    if mapping.const is not None:
        return literal(str(mapping.const)), "VARCHAR"
    if mapping.columns or mapping.product_of:
        parts = ", ".join(f"cast({quoted(name)} as varchar)" for name in (*mapping.columns, *mapping.product_of))
        separator = mapping.separator if mapping.columns else " x "
        return f"nullif(concat_ws({literal(separator)}, {parts}), '')", "VARCHAR"
    name = str(mapping.column)
    sql_type = types[name]
    if sql_type != "VARCHAR":
        return quoted(name), sql_type
    text = f"nullif(trim({quoted(name)}), '')"
    for token in feed.null_tokens if mapping.null_tokens is None else mapping.null_tokens:
        text = f"nullif({text}, {literal(token)})"
    return (text if mapping.fallback is None else f"coalesce({text}, {literal(mapping.fallback)})"), sql_type


def _typed(column: Column, mapping: Mapping, text: str, sql_type: str, feed: FeedProfile, profile: Profile) -> tuple[str, str]:
    """SQL of the value before it is split into stored columns, and what was expected."""
    kind = column.kind
    if mapping.values or mapping.when_prefix:
        return _translated(column, mapping, text), f"one of {', '.join(mapping.values) or ', '.join(mapping.when_prefix)}"
    if kind in ("text", "ref"):
        return (text if sql_type == "VARCHAR" else f"cast({text} as varchar)"), ""
    if kind == "choice":
        allowed = ", ".join(literal(choice) for choice in column.choices)
        if mapping.const is not None:
            return text, ""
        return f"case when {text} in ({allowed}) then {text} end", f"one of {', '.join(column.choices)}"
    if kind == "boolean":
        return f"try_cast({text} as boolean)", "true or false"
    if kind in ("quantity", "money", "integer"):
        return _number(kind, mapping, text, sql_type, feed)
    return _moment(kind, mapping, text, sql_type, feed, profile)


def _product(mapping: Mapping, feed: FeedProfile, types: dict[str, str]) -> tuple[str, str]:
    """Exact decimals all the way; null when one of the numbers is missing or none."""
    factors = [_found(Mapping(column=name, null_tokens=mapping.null_tokens), feed, types) for name in mapping.product_of]
    numbers = [f"cast({_number('money', mapping, text, sql_type, feed)[0]} as decimal(24,6))" for text, sql_type in factors]
    return f"cast({' * '.join(numbers)} as decimal(24,6))", f"the numbers {' and '.join(mapping.product_of)}"


def _translated(column: Column, mapping: Mapping, text: str) -> str:
    branches = "".join(f" when cast({text} as varchar) = {literal(k)} then {literal(v)}" for k, v in mapping.values.items())
    branches += "".join(
        f" when starts_with(cast({text} as varchar), {literal(k)}) then {literal(v)}" for k, v in mapping.when_prefix.items()
    )
    otherwise = f" else {literal(mapping.otherwise)}" if mapping.otherwise is not None else ""
    guard = f"when {text} is null and {'true' if mapping.otherwise is None else 'false'} then null"
    return f"case {guard}{branches}{otherwise} end"


def _number(kind: str, mapping: Mapping, text: str, sql_type: str, feed: FeedProfile) -> tuple[str, str]:
    target = {"quantity": "decimal(18,3)", "money": "decimal(24,6)", "integer": "bigint"}[kind]
    if sql_type == "VARCHAR":
        mark, group = re.escape(feed.decimal), re.escape(feed.thousands)
        grouped = rf"\d{{1,3}}(?:{group}\d{{3}})+|" if feed.thousands else ""
        pattern = rf"[+-]?(?:{grouped}\d{{1,{FIGURES_PER_NUMBER_MAX}}})(?:{mark}\d{{1,9}})?"
        plain = text
        if feed.thousands:
            plain = f"replace({plain}, {literal(feed.thousands)}, '')"
        if feed.decimal != ".":
            plain = f"replace({plain}, {literal(feed.decimal)}, '.')"
        value = f"case when regexp_full_match({text}, {literal(pattern)}) then try_cast({plain} as {target}) end"
        example = f"1{feed.thousands}234{feed.decimal}56" if feed.thousands else f"1234{feed.decimal}56"
        return value, f"a number like {'1234' if kind == 'integer' else example}"
    if sql_type in ("DOUBLE", "FLOAT"):
        return f"case when isfinite({text}) then try_cast({text} as {target}) end", "a finite number"
    if kind == "money" and sql_type.startswith("DECIMAL") and int(sql_type.rstrip(")").split(",")[1]) <= 2:
        return text, "a number"
    return f"try_cast({text} as {target})", "a number"


def _moment(kind: str, mapping: Mapping, text: str, sql_type: str, feed: FeedProfile, profile: Profile) -> tuple[str, str]:
    pattern = mapping.format or (feed.date_format if kind == "date" else feed.instant_format)
    if sql_type == "TIMESTAMP WITH TIME ZONE":
        zone = profile.zone_of(feed) if kind == "date" else "UTC"
        naive = f"timezone({literal(zone)}, {text})"
        return (f"cast({naive} as date)" if kind == "date" else naive), "a date"
    if sql_type == "VARCHAR" and kind == "instant" and "%z" in pattern:
        return f"timezone('UTC', try_strptime({text}, {literal(pattern)}))", f"a date and time like {_example(pattern)}"
    if sql_type == "VARCHAR":
        naive = f"try_strptime({text}, {literal(pattern)})"
        expected = f"a {'date' if kind == 'date' else 'date and time'} like {_example(pattern)}"
    else:
        naive = f"try_cast({text} as timestamp)"
        expected = "a date"
    if kind == "date":
        return (f"try_cast({text} as date)" if sql_type != "VARCHAR" else f"cast({naive} as date)"), expected
    zone = profile.zone_of(feed)
    if zone == "UTC":
        return naive, expected
    utc = f"timezone('UTC', timezone({literal(zone)}, {naive}))"
    # an hour that the clock skipped does not come back as itself
    back = f"timezone({literal(zone)}, timezone('UTC', {utc}))"
    return f"case when {back} = {naive} then {utc} end", f"{expected} that exists in {zone}"


def _example(pattern: str) -> str:
    for mark, text in {
        "%d": "31", "%-d": "31", "%m": "12", "%-m": "12", "%Y": "2026", "%y": "26", "%H": "23", "%M": "59", "%S": "58",
    }.items():  # fmt: skip
        pattern = pattern.replace(mark, text)
    return pattern


def _sign_checks(column: Column, typed: str, text: str, origin: str) -> list[Check]:
    if column.sign == "positive":
        return [Check(f"({typed}) <= 0", origin, "ING-306", text, "a number above zero")]
    if column.sign == "not_negative":
        return [Check(f"({typed}) < 0", origin, "ING-306", text, "a number that is not negative")]
    return []


def _stored(column: Column, mapping: Mapping, typed: str, profile: Profile, sql_type: str) -> tuple[tuple[str, str], ...]:
    names = column.sql_columns()
    if column.kind == "ref":
        scheme = literal(mapping.scheme or profile.source_id)
        if mapping.scheme_column:
            scheme = f"coalesce(nullif(trim({quoted(mapping.scheme_column)}), ''), {scheme})"
        return ((names[0][0], f"case when ({typed}) is not null then {scheme} end"), (names[1][0], typed))
    if column.kind == "money":
        return _money(names, mapping, typed, sql_type)
    return ((names[0][0], f"cast({typed} as {names[0][1]})"),)


def _money(names: tuple[tuple[str, str], ...], mapping: Mapping, typed: str, sql_type: str) -> tuple[tuple[str, str], ...]:
    """Minor units half-even and what is left in hundredths of one. Source: ADR 0003."""
    cents_name, subcents_name = names[0][0], names[1][0]
    factor = 1 if mapping.is_minor_units else 100
    if not mapping.is_minor_units and sql_type.startswith("DECIMAL") and int(sql_type.rstrip(")").split(",")[1]) <= 2:
        return ((cents_name, f"cast({typed} * 100 as bigint)"), (subcents_name, "cast(0 as smallint)"))
    cents = f"round_even(({typed}) * {factor}, 0)"
    return (
        (cents_name, f"cast({cents} as bigint)"),
        (subcents_name, f"cast(round_even((({typed}) * {factor} - {cents}) * 100, 0) as smallint)"),
    )
