"""The demo's campaigns: one that runs since 75 days with members held out and a first settlement, one offered to a distributor to sign."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy
from sqlalchemy import Connection, Engine

from core.clock import Clock, FixedClock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.published import published_marts
from loyalty import Programme, Redemption, redeem
from loyalty.campaigns.drafting import SimpleCampaign, to_toml
from loyalty.campaigns.facts import candidates
from loyalty.campaigns.lifecycle import create, keep_simulation, launch, sign
from loyalty.campaigns.model import Actor, Draft, rules_of
from loyalty.campaigns.records import get_campaign, list_campaigns, members_of
from loyalty.campaigns.settling import settle
from loyalty.campaigns.simulating import simulate
from loyalty.statement import usable_points
from loyalty.tiering import held_tiers
from portal import audit

DAYS_RUNNING, DAYS_LEFT = 75, 30
SPENDS_EVERY = 8
"""One member in so many spends what it has, so that there is something to settle."""


def demo_draft(programme: Programme, first_day: date, last_day: date, co_funder: int | None = None) -> Draft:
    """Points on accessories, paid by the manufacturer; or on machines at list price, of which a distributor pays a part."""
    if co_funder is None:
        simple = SimpleCampaign(
            "Zubehör-Wochen", "Accessory weeks", first_day, last_day, "unit", Decimal(5), 0, "Accessories", 3, 0, 400_000, 5_000
        )
        return Draft(simple.title_de, simple.title_en, to_toml(simple, programme.money_currency), None, 20)
    simple = SimpleCampaign("Maschinen-Frühling", "Machine spring", first_day, last_day, "list_value", Decimal("0.2"), 0, "Machines", 12, 40,
                            60_000, 4_000, 20_000)  # fmt: skip
    return Draft(simple.title_de, simple.title_en, to_toml(simple, programme.money_currency), co_funder, 20)


def launch_demo_campaign(settings: Settings, programme: Programme, manufacturer: int, distributor: int, end_date: date) -> bool:
    """Make both campaigns and launch the first, as if it had been done when it began. False when there are campaigns already."""
    store = open_store(settings.resolved_store_url())
    migrate(store)
    try:
        if list_campaigns(store, Scope.of(Role.OPERATOR)):
            return False
        maker = demo_actor(Role.MANUFACTURER, manufacturer)
        first_day = end_date - timedelta(days=DAYS_RUNNING)
        then = noon(first_day)
        create(
            store,
            programme,
            maker,
            "demo-accessories",
            demo_draft(programme, first_day, end_date + timedelta(days=DAYS_LEFT)),
            then,
        )
        try_out(settings, store, programme, maker, "demo-accessories", then)
        sign(store, maker, "demo-accessories", 1, then)
        with published_marts(settings) as connection:
            who = candidates(connection, rules_of(get_campaign(store, maker.scope, "demo-accessories"), programme), first_day)
        launch(store, programme, maker, "demo-accessories", 1, who, 7, then)
        today = noon(end_date)
        spring = date(end_date.year + 1, 3, 1)
        create(
            store,
            programme,
            maker,
            "demo-machines",
            demo_draft(programme, spring, spring + timedelta(days=60), distributor),
            today,
        )
        try_out(settings, store, programme, maker, "demo-machines", today)
        sign(store, maker, "demo-machines", 1, today)
        return True
    finally:
        store.dispose()


def settle_demo_campaign(settings: Settings, programme: Programme, manufacturer: int, end_date: date, keep: int) -> None:
    """Some members spend their points, all but `keep`; what was burned is settled up to the day before the last."""
    store = open_store(settings.resolved_store_url())
    try:
        day_before = noon(end_date - timedelta(days=1))
        taking_part = sorted(
            member for member, is_out in members_of(store, "demo-accessories").items() if not is_out and member != keep
        )
        for member in taking_part[::SPENDS_EVERY]:
            points = usable_points(store, programme, member, day_before)
            if points:
                redeem(store, programme, Redemption("demo-campaign", member, points, "demo"), day_before)
        maker = demo_actor(Role.MANUFACTURER, manufacturer)
        settle(store, programme, maker, "demo-accessories", end_date - timedelta(days=1), noon(end_date), random_id)
    finally:
        store.dispose()


def try_out(settings: Settings, store: Engine, programme: Programme, maker: Actor, campaign_id: str, clock: Clock) -> None:
    """Simulate over a year."""
    campaign = get_campaign(store, maker.scope, campaign_id)
    rng = numpy.random.default_rng(zlib.crc32(campaign_id.encode()))
    with published_marts(settings) as connection:
        found = simulate(
            connection,
            programme,
            campaign,
            months=12,
            rng=rng,
            progress=lambda step, share: None,
            tiers=held_tiers(store, programme),
        )
    keep_simulation(store, maker, campaign_id, 1, found, clock)


def demo_actor(role: Role, party: int) -> Actor:
    """The demo itself, acting for a party."""

    def write(connection: Connection, moment: datetime, act: str, whose: int, detail: Mapping[str, str | int]) -> None:
        audit.record(connection, moment, act, actor="demo", party_id=whose, **detail)

    return Actor("demo", Scope.of(role, party), write)


def noon(day: date) -> FixedClock:
    """A clock that stands at noon UTC of a day."""
    return FixedClock(datetime.combine(day, time(12), UTC))
