"""Campaigns in the awarding step, and the replay that shows that the ledger holds what they owe."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Engine

from core.clock import Clock
from loyalty.auditing import reconcile
from loyalty.campaigns.lifecycle import end_due
from loyalty.campaigns.model import Campaign, rules_of
from loyalty.campaigns.records import held_out, running_campaigns
from loyalty.domain.programme import Programme, Rule
from loyalty.evaluated import EvaluatedDocument, RunningCampaign
from loyalty.evaluation import Warehouse, evaluate
from loyalty.tiering import held_tiers
from loyalty.workspace import HeldTier


def campaigns_of_run(engine: Engine, programme: Programme, clock: Clock) -> Sequence[RunningCampaign]:
    """What earns beside the programme now; marks what has ended by its days."""
    end_due(engine, programme, clock)
    return earning_campaigns(engine, programme)


def earning_campaigns(engine: Engine, programme: Programme) -> list[RunningCampaign]:
    """The same without marking anything: for previews."""
    return [
        earning(campaign, programme, held_out(engine, campaign.campaign_id)) for campaign in running_campaigns(engine, programme)
    ]


def earning(campaign: Campaign, programme: Programme, out: frozenset[int]) -> RunningCampaign:
    """A campaign as the evaluation takes it; members that joined after the launch take part."""
    return RunningCampaign(campaign.campaign_id, without(rules_of(campaign, programme), out))


def with_campaigns(engine: Engine, programme: Programme) -> Programme:
    """The programme with the rules of its campaigns, running and past, so that an entry's rule is found by its id."""
    rules = [rule for campaign in running_campaigns(engine, programme) for rule in rules_of(campaign, programme)]
    return replace(programme, rules=(*programme.rules, *rules))


def without(rules: Sequence[Rule], out: frozenset[int]) -> tuple[Rule, ...]:
    """The rules with nothing in them for members that are held out."""
    return tuple(replace(rule, bound=replace(rule.bound, held_out=tuple(sorted(out)))) for rule in rules)


def evaluate_alone(
    connection: Warehouse,
    programme: Programme,
    campaigns: Sequence[RunningCampaign],
    *,
    left_out: Collection[int] = (),
    tiers: Sequence[HeldTier] = (),
) -> Iterator[list[EvaluatedDocument]]:
    """What documents are worth under campaigns, without the programme's own rules, through the evaluation that awards."""
    return evaluate(connection, replace(programme, rules=()), None, campaigns=campaigns, left_out=left_out, tiers=tiers)


def replay(connection: Warehouse, engine: Engine, programme: Programme, campaign: Campaign) -> list[str]:
    """Evaluate a campaign that has run again and compare with the ledger, document by document; no findings: they are equal.

    Every document was decided at what it is worth now; the ledger holds that, less only where a cap cut; nothing else was posted.
    """
    running = earning(campaign, programme, held_out(engine, campaign.campaign_id))
    documents = [
        document
        for batch in evaluate_alone(connection, programme, [running], tiers=held_tiers(engine, programme))
        for document in batch
    ]
    return reconcile(engine, programme, documents, campaign_id=campaign.campaign_id)
