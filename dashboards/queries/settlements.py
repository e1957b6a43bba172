"""Settlements as tables. They are read from the store as the asker's scope; each table is also an export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
from sqlalchemy import Engine

from core.scope import Role, Scope
from dashboards.texts import Language, text
from loyalty.campaigns.records import campaign_rule_titles
from loyalty.campaigns.settled import Settlement, list_settlements

SUBCENTS = Decimal(10_000)
LIST_COLUMNS = [
    "settlement",
    "campaign",
    "until_on",
    "points_burned",
    "burned_cents",
    "distributor_cents",
    "manufacturer_cents",
    "currency",
]
LINE_COLUMNS = [
    "settlement",
    "distributor",
    "line",
    "shares",
    "points_burned",
    "burned_value",
    "distributor_value",
    "manufacturer_value",
    "currency",
]


def settlements_frame(found: list[Settlement], language: Language) -> pd.DataFrame:
    """One row per settlement."""
    rows = [
        (one.settlement_no, _title(one, language), one.until, one.points_burned, one.burned_cents,
         one.burned_cents - one.manufacturer_cents, one.manufacturer_cents, one.money_currency)
        for one in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=LIST_COLUMNS)


def _title(one: Settlement, language: Language) -> str:
    title = one.title_de if language == "de" else one.title_en
    return title if one.campaign_id else f"{title}: {text(language, 'settlement.standing')}"


def lines_frame(
    one: Settlement, titles: Mapping[str, tuple[str, str]], names: Mapping[int, str], language: Language, *, whole: bool
) -> pd.DataFrame:
    """The document: exact lines, what rounding adds, and the total of each statement; for the manufacturer the total of all, too."""
    side = 0 if language == "de" else 1
    rows: list[tuple[object, ...]] = []
    for distributor, statement in sorted(one.statements.items()):
        name = names.get(distributor, str(distributor)) if distributor else text(language, "settlement.alone")
        own = [line for line in one.lines if line.distributor == distributor]
        for line in own:
            rows.append((one.settlement_no, name, (line.title or titles.get(line.rule_id, (line.rule_id, line.rule_id)))[side], shares_text(line.funders, language),
                         line.points_burned, line.burned_subcents / SUBCENTS, line.distributor_subcents / SUBCENTS,
                         line.manufacturer_subcents / SUBCENTS, one.money_currency))  # fmt: skip
        totals = tuple(
            Decimal(cents) / 100 for cents in (statement.burned_cents, statement.distributor_cents, statement.manufacturer_cents)
        )
        exact = tuple(
            sum(values, start=0) / SUBCENTS
            for values in (
                [line.burned_subcents for line in own],
                [line.distributor_subcents for line in own],
                [line.manufacturer_subcents for line in own],
            )
        )
        if totals != exact:
            rest = [total - value for total, value in zip(totals, exact, strict=True)]
            rows.append((one.settlement_no, name, text(language, "settlement.carried"), "", None, *rest, one.money_currency))
        rows.append(
            (
                one.settlement_no,
                name,
                text(language, "settlement.total"),
                "",
                statement.points_burned,
                *totals,
                one.money_currency,
            )
        )
    if whole:
        rows += _whole(one, language)
    return pd.DataFrame(rows, columns=LINE_COLUMNS)


def _whole(one: Settlement, language: Language) -> list[tuple[object, ...]]:
    """What rounding over all distributors leaves to the manufacturer, and the sum of everything."""
    burned, manufacturer = Decimal(one.burned_cents) / 100, Decimal(one.manufacturer_cents) / 100
    rounding = burned - Decimal(sum(s.burned_cents for s in one.statements.values())) / 100
    rows: list[tuple[object, ...]] = []
    if rounding:
        rows.append(
            (
                one.settlement_no,
                "",
                text(language, "settlement.rounding"),
                "",
                None,
                rounding,
                Decimal(0),
                rounding,
                one.money_currency,
            )
        )
    rows.append((one.settlement_no, "", text(language, "settlement.total"), "", one.points_burned, burned, burned - manufacturer, manufacturer,
                 one.money_currency))  # fmt: skip
    return rows


def shown(frame: pd.DataFrame) -> pd.DataFrame:
    """The document for a screen, whose tables know numbers but not decimals; the export keeps them exact."""
    return frame.astype(dict.fromkeys(("burned_value", "distributor_value", "manufacturer_value"), float))


def shares_text(funders: str, language: Language) -> str:
    """`manufacturer:70,distributor:30` in words."""
    parts = (part.partition(":") for part in funders.split(","))
    return ", ".join(f"{text(language, f'role.{name}')} {percent} %" for name, _, percent in parts)


@dataclass(frozen=True, slots=True)
class StoreExport:
    """A table out of the store: who may have it, its filters, and how it is made."""

    name: str
    roles: frozenset[Role]
    parameters: tuple[str, ...]
    frame: Callable[[Engine, Scope, Mapping[str, str | None], Language, Mapping[int, str]], pd.DataFrame]


def _export_list(
    store: Engine, scope: Scope, filters: Mapping[str, str | None], language: Language, names: Mapping[int, str]
) -> pd.DataFrame:
    frame = settlements_frame(list_settlements(store, scope), language)
    return frame.assign(**{column: frame[column] / 100 for column in frame.columns if column.endswith("_cents")})


def _export_lines(
    store: Engine, scope: Scope, filters: Mapping[str, str | None], language: Language, names: Mapping[int, str]
) -> pd.DataFrame:
    titles = campaign_rule_titles(store)
    found = [
        lines_frame(one, titles, names, language, whole=scope.role is Role.MANUFACTURER)
        for one in list_settlements(store, scope)
        if filters.get("settlement") in (None, one.settlement_no)
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=LINE_COLUMNS)


_PAYERS = frozenset({Role.MANUFACTURER, Role.DISTRIBUTOR})
STORE_EXPORTS: dict[str, StoreExport] = {
    one.name: one
    for one in (
        StoreExport("settlements", _PAYERS, (), _export_list),
        StoreExport("settlement_lines", _PAYERS, ("settlement",), _export_lines),
    )
}
"""Exports that are read from the store, by name; never one of a query's name."""
