"""Settlements as they lie in the store, of campaigns and of a programme's standing rules, and who may read them. Default is deny."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, case, func, select

from core.scope import Role, Scope
from core.store import reading
from loyalty.campaigns.charging import Charge, Charges
from loyalty.lot_states import IDS_PER_QUERY
from loyalty.programme_tables import campaigns
from loyalty.settlement_tables import (
    rule_settlement_lines,
    rule_settlement_statements,
    rule_settlements,
    settlement_lines,
    settlement_statements,
    settlements,
)
from loyalty.tables import journal, lots, transfers
from loyalty.writing import insert_rows

ORIGINS = journal.alias("origins")
"""The entry that opened the lot of a transfer."""

MOVES = (
    transfers.join(lots, lots.c.lot_id == transfers.c.lot_id)
    .join(ORIGINS, ORIGINS.c.journal_id == lots.c.journal_id)
    .join(journal, journal.c.journal_id == transfers.c.journal_id)
)
BURNS = (transfers.c.credit_account == "redeemed") | (transfers.c.debit_account == "redeemed")
SIGNED_BURN = case((transfers.c.credit_account == "redeemed", transfers.c.points), else_=-transfers.c.points)
"""SQL: points that a transfer burned, or gave back."""


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """One rule and split of the costs at one distributor; values in subcents, exact. `title`: (German, English) as it was when settled."""

    distributor: int
    rule_id: str
    funders: str
    points_burned: int
    burned_subcents: int
    manufacturer_subcents: int
    distributor_subcents: int
    title: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A settlement as its reader sees it: its owner all of it, another distributor its own statement and lines.

    `burned_cents` = `manufacturer_cents` + the distributors' cents. For the owner they are those of the whole settlement, whose
    rounding it bears; for a distributor those of its statement. `campaign_id` is empty for a programme's standing rules, whose statement of
    distributor 0 is what the manufacturer bears alone.
    """

    settlement_id: str
    settlement_no: str
    campaign_id: str
    title_de: str
    title_en: str
    until: date
    money_currency: str
    settled_at: datetime
    points_burned: int
    burned_cents: int
    manufacturer_cents: int
    statements: Mapping[int, Charge]
    lines: tuple[SettlementLine, ...]
    programme_id: str = ""


def list_settlements(engine: Engine, scope: Scope) -> list[Settlement]:
    """Settlements of the asker, newest first: those of its own campaigns and programmes, and a distributor's own statements. Nobody else has any."""
    with reading(engine) as connection:
        found = [*read_campaigns(connection, scope), *read_rules(connection, scope)]
    return sorted(found, key=lambda one: (-one.until.toordinal(), one.settlement_no))


def read_campaigns(connection: Connection, scope: Scope, *conditions: Any) -> list[Settlement]:
    """Those of campaigns."""
    joined = settlements.join(campaigns, campaigns.c.campaign_id == settlements.c.campaign_id)
    wanted = select(settlements, campaigns.c.title_de, campaigns.c.title_en, campaigns.c.owner_party_id, campaigns.c.owner_role)
    wanted = wanted.select_from(joined).where(*conditions)
    return _read(connection, scope, wanted, settlements, campaigns, (settlement_statements, settlement_lines))


def read_rules(connection: Connection, scope: Scope, *conditions: Any) -> list[Settlement]:
    """Those of standing rules."""
    wanted = select(rule_settlements).where(*conditions)
    kept = (rule_settlement_statements, rule_settlement_lines)
    return _read(connection, scope, wanted, rule_settlements, rule_settlements, kept)


def _read(
    connection: Connection, scope: Scope, wanted: Any, heads: Table, owners: Table, kept: tuple[Table, Table]
) -> list[Settlement]:
    statements = kept[0]
    mine = (owners.c.owner_role == str(scope.role)) & owners.c.owner_party_id.in_(scope.party_ids)
    if scope.role is Role.MANUFACTURER:
        wanted = wanted.where(mine)
    elif scope.role is Role.DISTRIBUTOR:
        own = select(statements.c.settlement_id).where(statements.c.distributor_party_id.in_(scope.party_ids))
        wanted = wanted.where(heads.c.settlement_id.in_(own) | mine)
    elif scope.role is not Role.OPERATOR:
        return []
    rows = connection.execute(wanted.order_by(heads.c.until.desc(), heads.c.settlement_no)).all()
    details = _details(connection, scope, [row.settlement_id for row in rows], kept)
    return [_settlement(row, scope, *details.get(row.settlement_id, ({}, ()))) for row in rows]


Details = tuple[dict[int, Charge], tuple[SettlementLine, ...]]


def _details(
    connection: Connection, scope: Scope, settlement_ids: Sequence[str], kept: tuple[Table, Table]
) -> dict[str, Details]:
    """Settlement -> statements and lines that the asker may read."""
    statements: dict[str, dict[int, Charge]] = defaultdict(dict)
    lines: dict[str, list[SettlementLine]] = defaultdict(list)
    for start in range(0, len(settlement_ids), IDS_PER_QUERY):
        chosen = settlement_ids[start : start + IDS_PER_QUERY]
        for table in kept:
            wanted = select(table).where(table.c.settlement_id.in_(chosen)).order_by(*table.primary_key.columns)
            if scope.role is Role.DISTRIBUTOR:
                wanted = wanted.where(table.c.distributor_party_id.in_(scope.party_ids))
            for row in connection.execute(wanted):
                if table is kept[0]:
                    statements[row.settlement_id][int(row.distributor_party_id)] = charge_of(row)
                else:
                    lines[row.settlement_id].append(_line(row))
    return {one: (statements[one], tuple(lines[one])) for one in settlement_ids}


def _line(row: Row[Any]) -> SettlementLine:
    title = (row.title_de, row.title_en) if "title_de" in row._mapping else None
    return SettlementLine(int(row.distributor_party_id), row.rule_id, row.funders, int(row.points_burned), int(row.burned_subcents),
                          int(row.manufacturer_subcents), int(row.distributor_subcents), title)  # fmt: skip


def _settlement(row: Row[Any], scope: Scope, statements: dict[int, Charge], lines: tuple[SettlementLine, ...]) -> Settlement:
    points, burned, manufacturer = int(row.points_burned), int(row.burned_cents), int(row.manufacturer_cents)
    if scope.role is Role.DISTRIBUTOR and not (row.owner_role == str(scope.role) and int(row.owner_party_id) in scope.party_ids):
        points = sum(one.points_burned for one in statements.values())
        burned = sum(one.burned_cents for one in statements.values())
        manufacturer = sum(one.manufacturer_cents for one in statements.values())
    return Settlement(row.settlement_id, row.settlement_no, row._mapping.get("campaign_id", ""), row.title_de, row.title_en, row.until,
                      row.money_currency, row.settled_at, points, burned, manufacturer, statements, lines, row.programme_id)  # fmt: skip


def charge_of(row: Row[Any]) -> Charge:
    """A statement's row."""
    return Charge(int(row.points_burned), int(row.burned_subcents), int(row.distributor_subcents), int(row.burned_cents),
                  int(row.distributor_cents))  # fmt: skip


def charged_before(
    connection: Connection, headers: Table, statements: Table, of: ColumnElement[bool]
) -> tuple[dict[int, Charge], Charge]:
    """What earlier settlements of the same kind and subject (`of`) charged: per distributor, and in all."""
    before: dict[int, Charge] = defaultdict(Charge)
    rows = select(statements).join(headers, headers.c.settlement_id == statements.c.settlement_id).where(of)
    for row in connection.execute(rows):
        before[int(row.distributor_party_id)] = before[int(row.distributor_party_id)].plus(charge_of(row))
    sums = [func.coalesce(func.sum(column), 0) for column in (headers.c.burned_subcents, headers.c.burned_cents)]
    subcents, cents = connection.execute(select(*sums).where(of)).one()
    return before, Charge(burned_subcents=int(subcents), burned_cents=int(cents))


def write_statements(connection: Connection, statements: Table, settlement_id: str, charges: Charges) -> None:
    """One row per distributor, as both kinds of settlement keep it."""
    insert_rows(connection, statements, [
        (settlement_id, distributor, one.points_burned, one.burned_subcents, one.distributor_subcents, one.burned_cents,
         one.distributor_cents, one.manufacturer_cents)
        for distributor, one in charges.by_distributor.items()
    ])  # fmt: skip


def line_values(settlement_id: str, charges: Charges) -> list[tuple[object, ...]]:
    """Lines of statements, numbered, in the order of the tables' columns."""
    return [
        (settlement_id, line.burned.distributor, number, line.burned.rule_id,
         ",".join(f"{name}:{percent}" for name, percent in line.burned.funders), line.burned.points, line.burned_subcents,
         line.manufacturer_subcents, line.distributor_subcents)
        for number, line in enumerate(charges.lines, 1)
    ]  # fmt: skip


def funders_of(text_of: str) -> tuple[tuple[str, int], ...]:
    """`manufacturer:70,distributor:30` -> pairs of name and percent."""
    return tuple((name, int(percent)) for name, _, percent in (part.partition(":") for part in text_of.split(",")))
