"""The views, role by role. A view answers one question: filters, queries, figures, empty state, export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.scope import Role
from dashboards.components.context import Context
from dashboards.views import (
    campaign_notices,
    campaign_signing,
    campaigns,
    cases,
    catalogue,
    challenges,
    distributor,
    feeds,
    fulfilment,
    intake,
    invoices,
    manufacturer,
    matching,
    members,
    points,
    programme,
    programme_members,
    retailer,
    rewards,
    rule_settlements,
)


@dataclass(frozen=True, slots=True)
class View:
    """One page: its address (empty: where the role arrives), who may open it, the key of its texts, and what draws it.

    `is_owners`: only for whoever runs a programme, in a section of the menu of its own.
    """

    path: str
    role: Role
    texts: str
    render: Callable[[Context], None]
    is_owners: bool = False


VIEWS: tuple[View, ...] = (
    View("", Role.MANUFACTURER, "m.activity", manufacturer.activity),
    View("delivery", Role.MANUFACTURER, "m.delivery", manufacturer.delivery),
    View("support-load", Role.MANUFACTURER, "m.support", manufacturer.support),
    View("programme", Role.MANUFACTURER, "m.health", programme.health),
    View("liability", Role.MANUFACTURER, "m.liability", programme.liability),
    View("programme-members", Role.MANUFACTURER, "m.members", programme_members.members),
    View("campaigns", Role.MANUFACTURER, "m.campaigns", campaigns.studio),
    View("settlements-made", Role.MANUFACTURER, "m.settlements", rule_settlements.settlements),
    View("rewards-offered", Role.MANUFACTURER, "m.catalogue", catalogue.catalogue),
    View("purchases-under-review", Role.MANUFACTURER, "m.review", cases.review),
    View("partner-quality", Role.MANUFACTURER, "m.quality", feeds.partner_quality),
    View("match-partners", Role.MANUFACTURER, "m.matches", matching.matches),
    View("", Role.DISTRIBUTOR, "d.overview", distributor.overview),
    View("orders", Role.DISTRIBUTOR, "d.orders", distributor.orders),
    View("invoices", Role.DISTRIBUTOR, "d.invoices", invoices.invoices),
    View("stock", Role.DISTRIBUTOR, "d.stock", distributor.stock),
    View("support", Role.DISTRIBUTOR, "d.support", distributor.support),
    View("campaigns-to-sign", Role.DISTRIBUTOR, "d.campaigns", campaign_signing.campaigns),
    View("settlements", Role.DISTRIBUTOR, "d.settlements", campaign_signing.settlements),
    View("new-files", Role.DISTRIBUTOR, "d.intake", intake.new_files),
    View("refused-rows", Role.DISTRIBUTOR, "d.refused", feeds.refused),
    View("data-quality", Role.DISTRIBUTOR, "d.quality", feeds.quality),
    View("members", Role.DISTRIBUTOR, "d.members", members.members),
    View("fulfilment", Role.DISTRIBUTOR, "d.fulfilment", fulfilment.fulfilment),
    View("under-review", Role.DISTRIBUTOR, "d.review", cases.review),
    View("events", Role.DISTRIBUTOR, "d.events", members.events),
    View("catalogue", Role.DISTRIBUTOR, "d.catalogue", catalogue.catalogue),
    View("own-programme", Role.DISTRIBUTOR, "m.health", programme.health, is_owners=True),
    View("own-liability", Role.DISTRIBUTOR, "m.liability", programme.liability, is_owners=True),
    View("own-members", Role.DISTRIBUTOR, "m.members", programme_members.members, is_owners=True),
    View("own-campaigns", Role.DISTRIBUTOR, "m.campaigns", campaigns.studio, is_owners=True),
    View("own-settlements", Role.DISTRIBUTOR, "d.settling", rule_settlements.settlements, is_owners=True),
    View("", Role.RETAILER, "r.points", points.points),
    View("rewards", Role.RETAILER, "r.rewards", rewards.rewards),
    View("challenges", Role.RETAILER, "r.challenges", challenges.challenges),
    View("running-campaigns", Role.RETAILER, "r.campaigns", campaign_notices.campaigns),
    View("my-cases", Role.RETAILER, "r.cases", cases.my_cases),
    View("my-orders", Role.RETAILER, "r.orders", retailer.orders),
    View("my-requests", Role.RETAILER, "r.support", retailer.support),
)
"""Every page, in the order of the menu; the first of a role has the empty address."""
