"""Campaigns as they lie in the store, and who may read them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, select

from core.scope import Role, Scope
from core.store import reading
from loyalty.campaigns.model import EARNING_STATES, Campaign, Draft, Notice, Signature, not_found, owns, rules_of
from loyalty.domain.parsing import parse_rules
from loyalty.domain.programme import Programme
from loyalty.domain.terms import describe_rules
from loyalty.programme_tables import campaign_members, campaign_signatures, campaigns


def list_campaigns(engine: Engine, scope: Scope) -> list[Campaign]:
    """Campaigns of the asker, newest first: its own, and a distributor's as co-funder once their owner has signed."""
    with reading(engine) as connection:
        return visible(connection, scope)


def get_campaign(engine: Engine, scope: Scope, campaign_id: str) -> Campaign:
    """One of them. Raises AccessDeniedError LOY-404 for a foreign or missing one."""
    with reading(engine) as connection:
        found = visible(connection, scope, campaigns.c.campaign_id == campaign_id)
    if not found:
        raise not_found(campaign_id)
    return found[0]


def visible(connection: Connection, scope: Scope, *conditions: ColumnElement[bool]) -> list[Campaign]:
    """The same inside a transaction. Default is deny: a role that is not named here sees nothing."""
    if scope.role is Role.OPERATOR:
        return load(connection, *conditions)
    mine = (campaigns.c.owner_role == str(scope.role)) & campaigns.c.owner_party_id.in_(scope.party_ids)
    if scope.role is Role.DISTRIBUTOR:
        mine = mine | campaigns.c.co_funder_party_id.in_(scope.party_ids)
    found = load(connection, mine, *conditions)
    return [
        _cut(one, one.owner_role if owns(scope, one) else "co_funder") for one in found if owns(scope, one) or one.is_signed_by_owner
    ]  # fmt: skip


def load(connection: Connection, *conditions: ColumnElement[bool]) -> list[Campaign]:
    """Campaigns with these conditions, whoever asks; newest first."""
    rows = connection.execute(
        select(campaigns).where(*conditions).order_by(campaigns.c.changed_at.desc(), campaigns.c.campaign_id)
    ).all()
    signed = connection.execute(
        select(campaign_signatures).where(campaign_signatures.c.campaign_id.in_([row.campaign_id for row in rows]))
    ).all()
    return [_campaign(row, [s for s in signed if s.campaign_id == row.campaign_id and s.version == row.version]) for row in rows]


def running_campaigns(engine: Engine, programme: Programme) -> list[Campaign]:
    """Campaigns of a programme whose rules are evaluated, running and past ones, by id."""
    with reading(engine) as connection:
        found = load(connection, campaigns.c.programme_id == programme.programme_id, campaigns.c.status.in_(EARNING_STATES))
    return sorted(found, key=lambda campaign: campaign.campaign_id)


def held_out(engine: Engine, campaign_id: str) -> frozenset[int]:
    """Members that earn nothing from a campaign, for comparison."""
    return frozenset(member for member, is_out in members_of(engine, campaign_id).items() if is_out)


def members_of(engine: Engine, campaign_id: str) -> dict[int, bool]:
    """Members that were known at the launch -> whether they are held out."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(campaign_members.c.member_party_id, campaign_members.c.is_held_out).where(
                campaign_members.c.campaign_id == campaign_id
            )
        )
        return {int(row[0]): bool(row[1]) for row in rows}


def list_notices(
    engine: Engine, scope: Scope, programmes: Sequence[Programme], today: date, distributors: Collection[int] = ()
) -> list[Notice]:
    """Running and past campaigns that concern a distributor or retailer without their money, by start, newest first.

    A distributor reads of campaigns that its retailers can earn from, never of one that another distributor pays for or runs. A retailer
    reads of one unless it is held out; where a distributor pays, only if it was among that distributor's buyers at the launch, or is now:
    `distributors` are those that a retailer buys from.
    """
    if scope.role not in (Role.DISTRIBUTOR, Role.RETAILER):
        return []
    by_id = {programme.programme_id: programme for programme in programmes}
    with reading(engine) as connection:
        found = load(connection, campaigns.c.status.in_(EARNING_STATES), campaigns.c.programme_id.in_(by_id))
        mine = connection.execute(
            select(campaign_members.c.campaign_id, campaign_members.c.is_held_out).where(
                campaign_members.c.member_party_id.in_(scope.party_ids)
            )
        ).all()
    out = {row.campaign_id for row in mine if row.is_held_out}
    takes_part = {row.campaign_id for row in mine} - out
    notices = []
    for campaign in found:
        seller = seller_of(campaign, by_id[campaign.programme_id])
        is_shared = seller is not None
        if scope.role is Role.DISTRIBUTOR and is_shared and seller not in scope.party_ids:
            continue
        if scope.role is Role.RETAILER and (
            campaign.campaign_id in out or (is_shared and campaign.campaign_id not in takes_part and seller not in distributors)
        ):
            continue
        notices.append(_notice(campaign, by_id[campaign.programme_id], today))
    return sorted(notices, key=lambda notice: (notice.starts_on, notice.campaign_id), reverse=True)


def seller_of(campaign: Campaign, programme: Programme) -> int | None:
    """The one distributor whose sales earn: the owner of a distributor's programme, or who pays a share; None: everybody's."""
    return campaign.owner if programme.is_distributors else campaign.draft.co_funder


def _notice(campaign: Campaign, programme: Programme, today: date) -> Notice:
    rules = rules_of(campaign, programme)
    status = "running" if campaign.ends_on >= today else "ended"
    return Notice(campaign.campaign_id, campaign.programme_id, status, campaign.draft.title_de, campaign.draft.title_en, campaign.starts_on,
                  campaign.ends_on, describe_rules(rules, "de"), describe_rules(rules, "en"))  # fmt: skip


def _campaign(row: Row[Any], signed: Sequence[Row[Any]]) -> Campaign:
    co_funder = None if row.co_funder_party_id is None else int(row.co_funder_party_id)
    draft = Draft(row.title_de, row.title_en, row.rules_toml, co_funder, int(row.hold_out_percent))
    ends_on = row.ends_on if row.stopped_on is None else min(row.ends_on, row.stopped_on)
    return Campaign(
        row.campaign_id, row.programme_id, int(row.version), row.status, draft, int(row.owner_party_id), row.starts_on, ends_on,
        row.stopped_on, row.launched_at, None if row.hold_out_seed is None else int(row.hold_out_seed), row.simulation,
        tuple(Signature(int(one.party_id), one.role, one.signed_at) for one in signed), row.owner_role,
    )  # fmt: skip


def _cut(campaign: Campaign, reader: str) -> Campaign:
    """The simulation as that reader (`manufacturer`, `distributor` or `co_funder`) may know it; a co-funder reads nothing of seed and sizes drawn
    for others."""
    if campaign.simulation is None:
        return campaign
    whole = json.loads(campaign.simulation)
    return replace(campaign, simulation=json.dumps({"basis": whole.get("basis"), reader: whole.get(reader)}))


def campaign_rule_titles(engine: Engine) -> dict[str, tuple[str, str]]:
    """Rule id as the ledger has it -> (German, English) title, for every campaign that ran. Holds nothing else of a campaign."""
    with reading(engine) as connection:
        found = load(connection, campaigns.c.status.in_(EARNING_STATES))
    titles = {}
    for campaign in found:
        for rule in parse_rules(campaign.draft.rules_toml, "", campaign.campaign_id):
            titles[f"{campaign.campaign_id}.{rule.rule_id}"] = (rule.title_de, rule.title_en)
    return titles
