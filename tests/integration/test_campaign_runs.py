"""Campaigns in a run: who earns, that a launch is seen without new files, and that a replay equals the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from core.clock import FixedClock, random_id
from core.scope import Role
from core.store import open_store
from core.warehouse.published import published_marts
from loyalty import Programme, active_programmes, load_programme, verify
from loyalty.campaigns.facts import candidates
from loyalty.campaigns.lifecycle import create, keep_simulation, launch, sign
from loyalty.campaigns.model import Actor, Draft, rules_of
from loyalty.campaigns.records import get_campaign, members_of
from loyalty.campaigns.running import replay
from pipeline import Pipeline, Reporting, RunResult
from tests.conftest import NOW
from tests.support.campaigns import actor
from tests.support.lookalikes import TRADES, Lookalikes, build_lookalikes

pytestmark = pytest.mark.integration
RULES = """
[caps]
total = {total}
[[rules]]
rule_id = "crates"
version = 1
title_de = "Kisten"
title_en = "Crates"
points_per_unit = "2"
valid_from = 2026-05-01
valid_to = 2026-06-30
[rules.funders]
manufacturer = 60
distributor = 40
"""


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lookalikes]:
    """Two channels, run once without a campaign."""
    instance = build_lookalikes(Path(tmp_path_factory.mktemp("channel")), TRADES, FixedClock(NOW))
    yield instance
    instance.serving.close()


@pytest.fixture(scope="module")
def programme(channel: Lookalikes) -> Programme:
    """Sell-through of water."""
    return load_programme(str(channel.settings.root / "programmes" / "quell.toml"))


@pytest.fixture(scope="module")
def ledger(channel: Lookalikes) -> Iterator[Engine]:
    """The instance's store."""
    engine = open_store(channel.settings.resolved_store_url())
    yield engine
    engine.dispose()


def run(channel: Lookalikes, programme: Programme) -> RunResult:
    """A run that brings no files."""
    others = [one for one in active_programmes(channel.settings.root) if one.programme_id != programme.programme_id]
    pipeline = Pipeline(channel.settings, FixedClock(NOW), random_id, [programme, *others])
    return pipeline.run([], Reporting(step=lambda _: None), data_docs=False)


def start(channel: Lookalikes, ledger: Engine, programme: Programme, campaign_id: str, total: int) -> None:
    """Launch a campaign on 1 May, co-funded by D1, which holds nobody out."""
    clock = FixedClock(datetime(2026, 5, 1, 6, tzinfo=UTC))
    maker: Actor = actor(Role.MANUFACTURER, channel.party_id("QG1"))
    seller = actor(Role.DISTRIBUTOR, channel.party_id("D1"))
    draft = Draft("Kisten", "Crates", RULES.format(total=total), channel.party_id("D1"), 0)
    create(ledger, programme, maker, campaign_id, draft, clock)
    keep_simulation(ledger, maker, campaign_id, 1, "{}", clock)
    sign(ledger, maker, campaign_id, 1, clock)
    sign(ledger, seller, campaign_id, 1, clock)
    campaign = get_campaign(ledger, maker.scope, campaign_id)
    with published_marts(channel.settings) as connection:
        who = candidates(connection, rules_of(campaign, programme), date(2026, 7, 1))
    launch(ledger, programme, maker, campaign_id, 1, who, 7, clock)


def test_a_launch_earns_in_the_next_run_for_its_payers_sales_alone_and_replays(
    channel: Lookalikes, ledger: Engine, programme: Programme
) -> None:
    assert not run(channel, programme).published, "nothing new, nothing to do"
    start(channel, ledger, programme, "one", 10_000)
    assert sorted(members_of(ledger, "one")) == sorted([channel.party_id("R1"), channel.party_id("RX")])
    result = run(channel, programme)
    assert result.published
    with ledger.connect() as connection:
        rows = connection.execute(text(
            """select member_party_id, distributor_party_id, document_no, sum(points_decided) from journal where campaign_id = 'one'
               group by 1, 2, 3 order by 1, 3""")).all()  # fmt: skip
    first, shared, seller = channel.party_id("R1"), channel.party_id("RX"), channel.party_id("D1")
    # each bought 20 crates on 1 June and 10 on 1 May, of which one came back, R1 one more that D1's own desk reports; what RX bought from D2 does not count
    wanted = {(m, seller, p) for m in (first, shared) for p in (40, 18)} | {(first, seller, 2)}
    assert {(int(m), int(d), int(p)) for m, d, _, p in rows} == wanted
    assert not run(channel, programme).published, "the launch was seen"
    campaign = get_campaign(ledger, actor(Role.MANUFACTURER, channel.party_id("QG1")).scope, "one")
    with published_marts(channel.settings) as connection:
        assert replay(connection, ledger, programme, campaign) == []
        changed = replace(campaign, draft=replace(campaign.draft, rules_toml=campaign.draft.rules_toml.replace('"2"', '"3"')))
        assert len(replay(connection, ledger, programme, changed)) == 5, "other rules would not equal the ledger"
    assert verify(ledger).findings == ()
