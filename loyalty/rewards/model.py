"""What rewards and their orders are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

STEP_UP_VALID = timedelta(minutes=5)
"""How long a password that was given again stands for the person: long enough for one order, too short for a desk left alone."""

ORDERED, SHIPPED, DELIVERED, CANCELLED = "ordered", "shipped", "delivered", "cancelled"

QUANTITY_MAX = 1_000
"""Pieces of one reward in one order: more is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class NewReward:
    """A reward to offer. `stock` and `limit_per_member` None: no limit; `owner` None: the manufacturer's, else a distributor's own.

    `from_tier`: the lowest tier that may order it; None: everybody.
    """

    title_de: str
    title_en: str
    points: int
    stock: int | None = None
    limit_per_member: int | None = None
    from_tier: str | None = None
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward as it stands. `status`: offered or withdrawn."""

    reward_id: str
    title_de: str
    title_en: str
    points: int
    stock: int | None
    limit_per_member: int | None
    from_tier: str | None
    status: str
    owner: int | None

    def title(self, language: str) -> str:
        """Its title in a language of the screens."""
        return self.title_de if language == "de" else self.title_en


@dataclass(frozen=True, slots=True)
class Offer:
    """A reward as one member sees it: how many pieces it may order now, and why not more.

    `obstacle`: None, or what stands first in the way: out_of_stock, tier, limit, points.
    """

    reward: Reward
    quantity_max: int
    points_missing: int
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who orders: a person of a member, and the distributors that member trades with, as the published data says it now."""

    user_id: str
    member: int
    distributors: frozenset[int]


@dataclass(frozen=True, slots=True)
class StepUp:
    """That a person gave its password again at a moment. Made by portal.step_up alone."""

    user_id: str
    confirmed_at: datetime

    def stands_for(self, user_id: str, now: datetime) -> bool:
        """Whether it is this person's, and fresh."""
        return self.user_id == user_id and timedelta(0) <= now - self.confirmed_at <= STEP_UP_VALID


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """A basket that is ordered. `key`: the caller's idempotency key, scoped by programme and member; `lines`: (reward id, pieces)."""

    key: str
    distributor: int
    lines: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One reward of an order."""

    reward_id: str
    title_de: str
    title_en: str
    quantity: int
    quantity_cancelled: int
    points_each: int

    @property
    def quantity_kept(self) -> int:
        """Pieces that are not cancelled."""
        return self.quantity - self.quantity_cancelled

    def title(self, language: str) -> str:
        """Its title in a language of the screens."""
        return self.title_de if language == "de" else self.title_en


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One step in the history of an order."""

    status: str
    recorded_at: datetime
    actor: str | None
    note: str


@dataclass(frozen=True, slots=True)
class RewardOrder:
    """An order of rewards. `points` is what is held or spent for it now; `held_until` None once the points are spent or back."""

    reward_order_id: str
    order_no: str
    member: int
    distributor: int
    status: str
    points: int
    ordered_at: datetime
    held_until: datetime | None
    lines: tuple[OrderLine, ...]
    events: tuple[OrderEvent, ...]
