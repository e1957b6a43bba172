"""Settling a programme's standing rules: burned points that no campaign gave charge the funders of their lots, each transfer once.

Lots that the manufacturer pays for alone, or whose sale has no distributor, stand together in the statement of distributor 0: they make the
statements add up to everything that was burned, and tell nobody at whose sales it was earned. A distributor's programme charges its owner
alone, for whatever was burned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, Engine, func, select, text

from core.clock import Clock, Ids
from core.errors import AccessDeniedError, InputRefusedError
from core.store import reading, writing
from loyalty.campaigns.charging import Burned, Charges, charge
from loyalty.campaigns.lifecycle import today_in
from loyalty.campaigns.model import Actor
from loyalty.campaigns.settled import (
    BURNS,
    MOVES,
    ORIGINS,
    SIGNED_BURN,
    Settlement,
    charged_before,
    funders_of,
    line_values,
    read_rules,
    write_statements,
)
from loyalty.domain.programme import Programme
from loyalty.owning import runs
from loyalty.settlement_tables import (
    rule_settled_transfers,
    rule_settlement_lines,
    rule_settlement_statements,
    rule_settlements,
)
from loyalty.tables import journal, lots, transfers
from loyalty.writing import POSTING_LOCK, insert_rows

ALONE, OWNER_ALONE = "manufacturer:100", "distributor:100"
_NOT_SETTLED = (
    ~select(rule_settled_transfers.c.transfer_id).where(rule_settled_transfers.c.transfer_id == transfers.c.transfer_id).exists()
)


def settle_rules(
    engine: Engine, programme: Programme, owner: int | None, actor: Actor, until: date, clock: Clock, ids: Ids
) -> Settlement:
    """Charge what was booked as burned up to and including a day and not charged yet. The same day again gives the same settlement.

    `owner`: the programme's owner, as published now. Raises AccessDeniedError LOY-404 for anybody else, InputRefusedError LOY-408
    (the day is not over, or lies before the last settlement).
    """
    if owner is None or not runs(actor.scope, programme, owner):
        raise AccessDeniedError(
            "LOY-404", where=f"programme {programme.programme_id}", found="none that you may settle", expected="a programme of your own",
            next_step="Settle from your own list; `manufacturer_ref` or `distributor_ref` in the programme's file says whose it is.",
        )  # fmt: skip
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": POSTING_LOCK})
        known = read_rules(connection, actor.scope, rule_settlements.c.programme_id == programme.programme_id)
        if any(one.until == until for one in known):
            return next(one for one in known if one.until == until)
        _check(
            programme, until, max((one.until for one in known), default=None), min(today_in(programme, clock), clock.now().date())
        )
        burned, transfer_ids = _burned(connection, programme, owner, until)
        of_programme = rule_settlements.c.programme_id == programme.programme_id
        before = charged_before(connection, rule_settlements, rule_settlement_statements, of_programme)
        charges = charge(burned, programme.point_value_subcents, *before)
        settlement_id = ids()
        _write(connection, programme, owner, until, charges, settlement_id, actor, clock)
        insert_rows(connection, rule_settled_transfers, [(transfer_id, settlement_id) for transfer_id in transfer_ids])
        actor.audit(connection, clock.now(), "rules_settled", actor.party_id,
                    {"programme_id": programme.programme_id, "until": until.isoformat(), "burned_cents": charges.total.burned_cents})  # fmt: skip
        return read_rules(connection, actor.scope, rule_settlements.c.settlement_id == settlement_id)[0]


def open_rule_points(engine: Engine, programme: Programme) -> int:
    """Points of standing rules that were burned and not charged yet, less those given back."""
    with reading(engine) as connection:
        total = connection.execute(
            select(func.coalesce(func.sum(SIGNED_BURN), 0)).select_from(MOVES).where(_of(programme), BURNS, _NOT_SETTLED)
        ).scalar_one()
        return int(total)


def _of(programme: Programme) -> ColumnElement[bool]:
    """SQL: lots that a standing rule of the programme gave."""
    return (
        ORIGINS.c.campaign_id.is_(None)
        & (ORIGINS.c.programme_id == programme.programme_id)
        & (lots.c.currency == programme.currency)
    )


def _check(programme: Programme, until: date, last: date | None, today: date) -> None:
    if until >= today or (last is not None and until <= last):
        raise InputRefusedError(
            "LOY-408", where=f"programme {programme.programme_id}", found=f"a settlement up to {until}",
            expected=f"a day before {today}" + (f" and after {last}" if last else ""), next_step="Choose a day that is over and not settled.",
        )  # fmt: skip


def _burned(connection: Connection, programme: Programme, owner: int, until: date) -> tuple[list[Burned], list[int]]:
    """What is to be charged, and the transfers it consists of."""
    rows = connection.execute(
        select(transfers.c.transfer_id, ORIGINS.c.distributor_party_id, ORIGINS.c.rule_id, lots.c.funders, SIGNED_BURN)
        .select_from(MOVES).where(_of(programme), journal.c.booked_on <= until, BURNS, _NOT_SETTLED)
    ).all()  # fmt: skip
    points: dict[tuple[int, str, str], int] = defaultdict(int)
    for _, distributor, rule_id, funders, signed in rows:
        if programme.is_distributors:
            points[owner, str(rule_id), OWNER_ALONE] += int(signed)
            continue
        is_shared = bool(distributor) and "distributor" in (funders or "")
        points[int(distributor) if is_shared else 0, str(rule_id), funders if is_shared else ALONE] += int(signed)
    burned = [Burned(who, rule_id, funders_of(funders), count) for (who, rule_id, funders), count in points.items()]
    return burned, [int(row[0]) for row in rows]


def _write(
    connection: Connection, programme: Programme, owner: int, until: date, charges: Charges, settlement_id: str, actor: Actor, clock: Clock
) -> None:  # fmt: skip
    total = charges.total
    connection.execute(rule_settlements.insert().values(
        settlement_id=settlement_id, settlement_no=f"{programme.programme_id}-{until:%Y%m%d}", programme_id=programme.programme_id,
        owner_party_id=owner, title_de=programme.title_de, title_en=programme.title_en, until=until, money_currency=programme.money_currency,
        points_burned=total.points_burned, burned_subcents=total.burned_subcents, burned_cents=total.burned_cents,
        manufacturer_cents=total.manufacturer_cents, settled_at=clock.now(), settled_by=actor.user_id, owner_role=programme.owner_kind,
    ))  # fmt: skip
    write_statements(connection, rule_settlement_statements, settlement_id, charges)
    insert_rows(connection, rule_settlement_lines, [
        (*values, *_title(programme, line.burned.rule_id))
        for values, line in zip(line_values(settlement_id, charges), charges.lines, strict=True)
    ])  # fmt: skip


def _title(programme: Programme, rule_id: str) -> Sequence[str]:
    found = next((rule for rule in reversed(programme.rules) if rule.rule_id == rule_id), None)
    return (rule_id, rule_id) if found is None else (found.title_de, found.title_en)
