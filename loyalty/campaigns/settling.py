"""Settlements: which burned points of a campaign were charged to whom. Each transfer is charged once; what is burned later, or given back,
lands in the next settlement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, Engine, func, select, text

from core.clock import Clock, Ids
from core.errors import InputRefusedError
from core.store import reading, writing
from loyalty.campaigns.charging import Burned, Charges, charge
from loyalty.campaigns.lifecycle import locked, today_in
from loyalty.campaigns.model import EARNING_STATES, Actor, Campaign, not_found, wrong_state
from loyalty.campaigns.records import seller_of
from loyalty.campaigns.settled import (
    BURNS,
    MOVES,
    ORIGINS,
    SIGNED_BURN,
    charged_before,
    funders_of,
    line_values,
    read_campaigns,
    write_statements,
)
from loyalty.campaigns.settled import Settlement as Settlement
from loyalty.campaigns.settled import SettlementLine as SettlementLine
from loyalty.campaigns.settled import list_settlements as list_settlements
from loyalty.domain.programme import Programme
from loyalty.programme_tables import campaigns
from loyalty.settlement_tables import settled_transfers, settlement_lines, settlement_statements, settlements
from loyalty.tables import journal, lots, transfers
from loyalty.writing import POSTING_LOCK, insert_rows


def settle(
    engine: Engine, programme: Programme, actor: Actor, campaign_id: str, until: date, clock: Clock, ids: Ids
) -> Settlement:
    """Charge what was booked as burned up to and including a day and not charged yet. The same day again gives the same settlement.

    Raises AccessDeniedError LOY-404, ConflictError LOY-402 (it never ran), InputRefusedError LOY-408 (the day is not over, or lies before
    the last settlement).
    """
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": POSTING_LOCK})
        campaign = locked(connection, campaign_id)
        if not actor.owns(campaign):
            raise not_found(campaign_id)
        known = read_campaigns(connection, actor.scope, settlements.c.campaign_id == campaign_id)
        if any(one.until == until for one in known):
            return next(one for one in known if one.until == until)
        _check(
            campaign, until, max((one.until for one in known), default=None), min(today_in(programme, clock), clock.now().date())
        )
        burned, transfer_ids = _burned(connection, campaign, seller_of(campaign, programme), f"{programme.owner_kind}:100", until)
        before = charged_before(connection, settlements, settlement_statements, settlements.c.campaign_id == campaign_id)
        charges = charge(burned, programme.point_value_subcents, *before)
        settlement_id = ids()
        _write(connection, campaign, programme, until, charges, settlement_id, actor, clock)
        insert_rows(connection, settled_transfers, [(transfer_id, settlement_id) for transfer_id in transfer_ids])
        if campaign.status == "ended":
            connection.execute(campaigns.update().where(campaigns.c.campaign_id == campaign_id).values(status="settled"))
        actor.audit(connection, clock.now(), "campaign_settled", actor.party_id,
                    {"campaign_id": campaign_id, "until": until.isoformat(), "burned_cents": charges.total.burned_cents})  # fmt: skip
        return read_campaigns(connection, actor.scope, settlements.c.settlement_id == settlement_id)[0]


def open_points(engine: Engine, campaign_ids: Sequence[str]) -> dict[str, int]:
    """Campaign -> points burned and not charged yet, less those given back."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(ORIGINS.c.campaign_id, func.sum(SIGNED_BURN)).select_from(MOVES)
            .where(ORIGINS.c.campaign_id.in_(campaign_ids), BURNS, _NOT_SETTLED).group_by(ORIGINS.c.campaign_id)
        )  # fmt: skip
        return {str(row[0]): int(row[1]) for row in rows}


_NOT_SETTLED = ~select(settled_transfers.c.transfer_id).where(settled_transfers.c.transfer_id == transfers.c.transfer_id).exists()


def _check(campaign: Campaign, until: date, last: date | None, today: date) -> None:
    if campaign.status not in EARNING_STATES:
        raise wrong_state(campaign, f"one of {', '.join(EARNING_STATES)}")
    if until >= today or (last is not None and until <= last):
        raise InputRefusedError(
            "LOY-408", where=f"campaign {campaign.campaign_id}", found=f"a settlement up to {until}",
            expected=f"a day before {today}" + (f" and after {last}" if last else ""), next_step="Choose a day that is over and not settled.",
        )  # fmt: skip


def _burned(
    connection: Connection, campaign: Campaign, seller: int | None, alone: str, until: date
) -> tuple[list[Burned], list[int]]:  # fmt: skip
    """What is to be charged, and the transfers it consists of. `seller`: whose sales earn; `alone`: who pays for lots that do not say."""
    rows = connection.execute(
        select(transfers.c.transfer_id, ORIGINS.c.distributor_party_id, ORIGINS.c.rule_id, lots.c.funders, SIGNED_BURN)
        .select_from(MOVES).where(ORIGINS.c.campaign_id == campaign.campaign_id, journal.c.booked_on <= until, BURNS, _NOT_SETTLED)
    ).all()  # fmt: skip
    points: dict[tuple[int, str, str], int] = defaultdict(int)
    for _, distributor, rule_id, funders, signed in rows:
        points[int(distributor or seller or 0), str(rule_id), funders or alone] += int(signed)
    burned = [Burned(who, rule_id, funders_of(funders), count) for (who, rule_id, funders), count in points.items()]
    return burned, [int(row[0]) for row in rows]


def _write(
    connection: Connection, campaign: Campaign, programme: Programme, until: date, charges: Charges, settlement_id: str, actor: Actor, clock: Clock
) -> None:  # fmt: skip
    total = charges.total
    connection.execute(settlements.insert().values(
        settlement_id=settlement_id, settlement_no=f"{campaign.campaign_id}-{until:%Y%m%d}", campaign_id=campaign.campaign_id,
        programme_id=programme.programme_id, until=until, money_currency=programme.money_currency, points_burned=total.points_burned,
        burned_subcents=total.burned_subcents, burned_cents=total.burned_cents, manufacturer_cents=total.manufacturer_cents,
        settled_at=clock.now(), settled_by=actor.user_id,
    ))  # fmt: skip
    write_statements(connection, settlement_statements, settlement_id, charges)
    insert_rows(connection, settlement_lines, line_values(settlement_id, charges))
