"""What an evaluation says of a document, before anything is posted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from loyalty.domain.programme import POINTS, Rule


@dataclass(frozen=True, slots=True)
class EvaluatedDocument:
    """What one document (or one period of a member) is worth under one rule, after returns and cancellations, before caps.

    `cause` names document and rule and never changes. `worth` is (member, points) of whoever is owed something: nobody for
    a cancelled document or an unknown buyer. `gives`: points or status. `available_on`: the day from which points can be spent, None
    while nobody knows it. `tier`: the member's at the event's date. `distributor`: who sold (0: nobody).
    """

    cause: str
    source_id: str
    document_no: str
    rule: Rule
    event_on: date
    worth: tuple[tuple[int, int], ...]
    explanation: str
    gives: str = POINTS
    available_on: date | None = None
    tier: str | None = None
    distributor: int = 0


@dataclass(frozen=True, slots=True)
class NoAward:
    """A document that earned nothing under any rule, and the condition that failed first."""

    cause: str
    source_id: str
    document_no: str
    event_on: date
    member: int
    distributor: int
    reason: str
    explanation: str


@dataclass(frozen=True, slots=True)
class RunningCampaign:
    """A campaign whose rules earn beside the programme's. `participants`: who may earn; None: everybody. Who is held out is not in it."""

    campaign_id: str
    rules: tuple[Rule, ...]
    participants: frozenset[int] | None = None
