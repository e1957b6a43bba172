"""A programme as data: what earns points, for how long, who pays for it, and what tiers are worth. Read by `parsing`, said by `terms`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

Language = Literal["de", "en"]

EARNING_LEGS = ("sell_in", "sell_through", "sell_out", "event")
"""Legs that orders and sales reports carry, and `event`: rewards for training and data quality."""

GRAINS = ("document", "month", "quarter", "year")
"""What a rule looks at as a whole: one document, or all of a member's documents of a period."""

PENDING_UNTIL = ("booked", "delivered", "invoice_paid", "return_window", "sell_through")
"""What has to happen before points can be spent; `booked`: nothing."""

FUNDERS = ("manufacturer", "distributor")
"""Who pays for points that are burned: the distributor is the one that sold."""

OWN_SALES_LEGS = ("sell_through", "event")
"""Where a distributor's programme can earn: what the distributor sells, and what it records."""

NOBODY = -2
"""No party's id: a distributor's programme is bound to it while nobody knows its owner, so that it looks at no sale."""

CHALLENGE_PREFIX = "challenge:"
"""Events of reached challenges are named `challenge:<challenge_id>`."""

POINTS, STATUS = "points", "status"
"""What a rule gives: points to spend, status points that tiers read."""

MILLI = 1_000
RATE_SCALE = 10_000
"""Rates are kept as ten-thousandths of a point, quantities and multipliers as thousandths."""


class ProgrammeError(ValueError):
    """What is wrong with a programme file; `findings` has one text per cause, each naming its line and key."""

    def __init__(self, findings: list[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(findings))


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a lot expires. All None: never.

    `months` after the day it counts from, moved to the end of that month, quarter or year when `end_of` says so; or
    `inactivity_months` after the member's last award or redemption.
    """

    months: int | None = None
    end_of: str | None = None
    inactivity_months: int | None = None
    counts_from: str = "available"


@dataclass(frozen=True, slots=True)
class Caps:
    """Points that a rule, or all rules of a campaign together, give at most; None: no limit.

    `per_period` and `per_member_period` count in `period`s of event dates. `per_funder`: (funder, points): what is charged to a funder
    by its share, counted exactly in hundredths of a point; each distributor has a limit of its own. `is_partial`: the award that
    reaches a cap is cut to what is left; else it is refused whole.
    """

    total: int | None = None
    per_member: int | None = None
    per_distributor: int | None = None
    per_period: int | None = None
    per_member_period: int | None = None
    period: str = "month"
    is_partial: bool = True
    per_funder: tuple[tuple[str, int], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        limits = (self.total, self.per_member, self.per_distributor, self.per_period, self.per_member_period)
        return bool(self.per_funder) or any(limit is not None for limit in limits)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a rule looks at. An empty tuple: everything. Within one tuple any of them, across tuples all of them."""

    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """Whom a rule of a campaign or of a distributor's programme is bound to, as party ids that no file names. Empty: everybody.

    `manufacturers` of the product, `distributors` in the sale; members that are `held_out` earn nothing.
    """

    manufacturers: tuple[int, ...] = ()
    distributors: tuple[int, ...] = ()
    held_out: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to earn.

    `points_per_unit` counts kept units, `points_per_amount` kept net amount in whole units of `money_currency`, after discount or at
    the list price (`is_before_discount`). `bonus_points` come on top, once per document or period, when it keeps at least
    `bonus_from_quantity` units, `bonus_from_amount` of money and every category of `basket`. `is_first_only`: only a member's first
    document counts. `is_tier_multiplied`: the rates, not the bonus, are multiplied by the member's tier at the event's date.
    `or_after_days`: so many days after the event points that wait for a delivery or a payment become available in any case; None: they wait.
    `funders`: (name, percent), the first one takes what rounding leaves. `campaign_caps` hold for all rules of the campaign together.
    """

    rule_id: str
    version: int
    title_de: str
    title_en: str
    valid_from: date
    valid_to: date | None = None
    points_per_unit: Decimal = Decimal(0)
    points_per_amount: Decimal = Decimal(0)
    money_currency: str = ""
    is_before_discount: bool = False
    bonus_points: int = 0
    bonus_from_quantity: Decimal | None = None
    bonus_from_amount: Decimal | None = None
    basket: tuple[str, ...] = ()
    is_first_only: bool = False
    is_tier_multiplied: bool = False
    leg: str = "sell_through"
    grain: str = "document"
    gives: tuple[str, ...] = (POINTS,)
    selection: Selection = Selection()
    pending_until: str = "booked"
    return_window_days: int = 0
    expiry: Expiry = Expiry()
    funders: tuple[tuple[str, int], ...] = (("manufacturer", 100),)
    caps: Caps = Caps()
    campaign_id: str | None = None
    campaign_caps: Caps = Caps()
    bound: Bound = Bound()
    or_after_days: int | None = None

    @property
    def is_capped(self) -> bool:
        """Whether any limit holds for this rule."""
        return bool(self.caps) or bool(self.campaign_caps)

    @property
    def is_cut_at_cap(self) -> bool:
        """Whether an award that reaches a cap is cut to what is left; every set of limits has to allow it."""
        return all(caps.is_partial for caps in (self.caps, self.campaign_caps) if caps)


@dataclass(frozen=True, slots=True)
class Tier:
    """A standing that is reached with so many status points in the qualifying window; `multiplier` in thousandths."""

    tier: str
    from_status_points: int
    multiplier_milli: int = MILLI


@dataclass(frozen=True, slots=True)
class TierSettings:
    """How tiers are won and kept. `window`: `rolling` over `window_months`, or `calendar_year`."""

    window: str = "rolling"
    window_months: int = 12
    maintain_months: int = 12
    lowers_one_step: bool = True
    notice_days: int = 30
    grace_days: int = 0


@dataclass(frozen=True, slots=True)
class Challenge:
    """A goal with visible progress: so many units, documents or different categories of a selection between two days.

    `measure`: `quantity`, `documents` or `categories`. Reaching it gives a badge, and `bonus_points` as an event.
    """

    challenge_id: str
    title_de: str
    title_en: str
    measure: str
    goal: int
    valid_from: date
    valid_to: date
    badge: str
    bonus_points: int = 0
    selection: Selection = Selection()


@dataclass(frozen=True, slots=True)
class Programme:
    """A points programme. `leg` is where its rules earn unless a rule says otherwise.

    `point_value_subcents`: what a burned point costs its funders, in hundredths of a minor unit of `money_currency`.
    `expected_redemption_percent`: share of issued points that will be redeemed, for the liability. `manufacturer_ref`: the manufacturer's
    number in the master, which then reads of members; None: the only one that there is. `distributor_ref`: the distributor whose own
    programme it is, by its number in the master; it looks at that distributor's sales only. `owner_id`: the owner's party id, which no file
    names (`owned_by`); None: not known.
    """

    programme_id: str
    version: int
    title_de: str
    title_en: str
    currency: str
    time_zone: str
    leg: str
    rules: tuple[Rule, ...]
    status_currency: str = STATUS
    money_currency: str = "EUR"
    point_value_subcents: int = 100
    expected_redemption_percent: int = 100
    hold_days: int = 14
    step_up_points: int = 5_000
    tiers: tuple[Tier, ...] = ()
    tier_settings: TierSettings = TierSettings()
    challenges: tuple[Challenge, ...] = ()
    manufacturer_ref: str | None = None
    distributor_ref: str | None = None
    owner_id: int | None = None

    @property
    def owner_kind(self) -> str:
        """Who runs it: `manufacturer` or `distributor`, one of FUNDERS."""
        return "manufacturer" if self.distributor_ref is None else "distributor"

    @property
    def is_distributors(self) -> bool:
        """Whether it is a distributor's own."""
        return self.distributor_ref is not None

    def owned_by(self, party_id: int | None) -> Programme:
        """The same with its owner's party id. Rules of a distributor's programme then look at the sales of that distributor alone, at nobody's
        while it is not known."""
        known = replace(self, owner_id=party_id)
        return replace(known, rules=known.bound(self.rules)) if self.is_distributors else known

    def bound(self, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        """Rules as this programme may evaluate them: a distributor's are bound to its own sales."""
        if self.seller is None:
            return rules
        return tuple(replace(rule, bound=replace(rule.bound, distributors=(self.seller,))) for rule in rules)

    @property
    def seller(self) -> int | None:
        """The one distributor whose sales count, NOBODY while its id is not known; None: everybody's sales count."""
        if not self.is_distributors:
            return None
        return NOBODY if self.owner_id is None else self.owner_id

    def looks_at(self, distributor: int) -> bool:
        """Whether sales of that distributor, or events that it recorded, belong to this programme."""
        return self.seller in (None, distributor)

    def currency_of(self, gives: str) -> str:
        """The currency of points or of status points."""
        return self.currency if gives == POINTS else self.status_currency

    def multiplier_milli(self, tier: str | None) -> int:
        """What a tier multiplies rates with, in thousandths; 1 without a tier."""
        return next((one.multiplier_milli for one in self.tiers if one.tier == tier), MILLI)
