"""What documents and periods are worth: one set-based query per rule, then one pure function per row.

mart.* --Workspace--> lines with their stage --sums per document or period of a member--> award_points --> EvaluatedDocument

Posting, the preview of a basket, explanations, re-evaluation and simulations run this; there is no second version of a rule.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, cast

from loyalty.domain.points import award_points, period_of
from loyalty.domain.programme import MILLI, POINTS, STATUS, Programme, Rule
from loyalty.earning_sql import COUNTS, STAGES, Narrow, documents_sql, periods_sql
from loyalty.evaluated import EvaluatedDocument, NoAward, RunningCampaign
from loyalty.workspace import HeldTier, RewardEvent, Workspace, gives_of

DOCUMENTS_PER_BATCH = 5_000
"""Documents evaluated and posted per transaction."""

Row = tuple[Any, ...]

Warehouse = Any
"""A connection of the warehouse's engine that knows the marts as `mart`."""

LATER_STAGES = ("not_valid_on_that_day", "tier", "not_the_first", "below_threshold", "less_than_a_point")
"""Conditions of a whole document, looked at after those of its lines."""


class Unearned:
    """Collects, over all rules, documents that earned nothing, with the condition that failed last of all first ones: the rule that came
    closest says why."""

    def __init__(self) -> None:
        self.only_known = False
        """Whether documents that no earlier rule spoke of are left out: while a new rule is evaluated over the whole past."""
        self._best: dict[tuple[str, str, int, int], tuple[int, str, str, date, int, str] | None] = {}

    def add(self, rule: Rule, row: Row, reason: str | None, explanation: str) -> None:
        """One document under one rule; no reason: it earned something."""
        key = (str(row[0]), str(row[1]), int(row[2]), int(row[5]))
        if self.only_known and key not in self._best:
            return
        if reason is None:
            self._best[key] = None
            return
        progress = (*STAGES, *LATER_STAGES).index(reason)
        best = self._best.get(key, (-1, "", "", date.min, 0, ""))
        if best is not None and progress > best[0]:
            self._best[key] = (progress, reason, rule.rule_id, row[3], int(row[4]), explanation)

    def no_awards(self, programme: Programme) -> list[NoAward]:
        """Documents of known members that earned nothing."""
        return [
            NoAward(f"{programme.programme_id}|-|{key[0]}|{key[1]}|{key[2]}", key[0], key[1], best[3], key[3], best[4], best[1], best[5])
            for key, best in self._best.items()
            if best is not None and key[3] > 0
        ]  # fmt: skip


def evaluate(
    connection: Any, programme: Programme, since_run: int | None, *, campaigns: Sequence[RunningCampaign] = (),
    left_out: Collection[int] = (), also: Collection[int] = (), tiers: Sequence[HeldTier] = (), events: Sequence[RewardEvent] = (),
    unearned: Unearned | None = None,
) -> Iterator[list[EvaluatedDocument]]:  # fmt: skip
    """What everything is worth now, in batches, status points first. With `since_run` only what later runs touched, whole, and orders `also`.

    Without it only what is worth something is given; with it also what is worth nothing now, so that what it had earned can be taken back.
    Orders that are `left_out` are not looked at. `connection` knows the marts as `mart`.
    """
    work = Workspace(connection, programme, campaigns=campaigns, left_out=left_out, events=events)
    if since_run is not None:
        work.touch(since_run, also)
    work.set_tiers(tiers)
    for gives in (STATUS, POINTS):
        yield from evaluate_rules(work, [rule for rule in work.rules if gives in gives_of(rule)], gives, unearned=unearned)
    work.close()


def evaluate_rules(
    work: Workspace, rules: Sequence[Rule], gives: str, *, is_narrow: bool | None = None, unearned: Unearned | None = None
) -> Iterator[list[EvaluatedDocument]]:
    """The same for chosen rules and one of points and status. `is_narrow` False: everything, whatever the workspace was narrowed to."""
    narrowed = work.is_narrow if is_narrow is None else is_narrow
    for rule in rules:
        narrow = _narrow(work, rule, gives, narrowed)
        sql, parameters = documents_sql(rule, narrow) if rule.grain == "document" else periods_sql(rule, narrow)
        rows = _stream(work.sql.execute(sql, parameters))
        judge = _Judge(work.programme, rule, gives, [one for one in rules if rule_key(one) == rule_key(rule)], is_narrow=narrowed)
        one_of = judge.periods(rows) if rule.grain != "document" else judge.documents(rows, unearned if gives == POINTS else None)
        batch: list[EvaluatedDocument] = []
        for document in one_of:
            batch.append(document)
            if len(batch) == DOCUMENTS_PER_BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _narrow(work: Workspace, rule: Rule, gives: str, is_narrow: bool) -> Narrow:
    is_limited = rule.campaign_id in work.limited
    if not is_narrow:
        return Narrow(is_limited=is_limited)
    suffix = "_by_tier" if gives == POINTS and (rule.is_tier_multiplied or rule.selection.tiers) else ""
    return Narrow("touched" + suffix, "pairs" + suffix, is_limited)


def _stream(cursor: Any) -> Iterator[Row]:
    while rows := cursor.fetchmany(DOCUMENTS_PER_BATCH):
        yield from rows


def rule_key(rule: Rule) -> str:
    """What stands for a rule in causes; the rules of a campaign carry its id."""
    return rule.rule_id if rule.campaign_id is None else f"{rule.campaign_id}/{rule.rule_id}"


class _Judge:
    """Turns rows of sums into documents under one rule."""

    def __init__(self, programme: Programme, rule: Rule, gives: str, versions: Sequence[Rule], *, is_narrow: bool) -> None:
        self.programme, self.rule, self.gives, self.is_narrow = programme, rule, gives, is_narrow
        self.prefix = f"{programme.programme_id}|{rule_key(rule)}|"
        self.is_first_version = versions[0] is rule
        self.versions = versions
        self.is_multiplied = rule.is_tier_multiplied and gives == POINTS
        self.chosen_tiers = rule.selection.tiers if gives == POINTS else ()
        self.factors = {tier.tier: tier.multiplier_milli for tier in programme.tiers}
        self.lowest = programme.tiers[0].tier if programme.tiers else None
        head = {"rule": rule.rule_id, "version": rule.version, "gives": gives}
        self.head = json.dumps(head if rule.campaign_id is None else {**head, "campaign": rule.campaign_id})[:-1]

    def documents(self, rows: Iterator[Row], unearned: Unearned | None) -> Iterator[EvaluatedDocument]:
        """One per order, report or event; `rows` as `documents_sql` gives them, those of a document together."""
        for (source_id, document_no, order_id), group in groupby(rows, key=lambda row: row[:3]):
            members = list(group)
            event_on = min(row[3] for row in members)
            is_valid = _is_valid(self.rule, event_on)
            if not is_valid and not self._takes_back(event_on) and unearned is None:
                continue
            worth, steps, tier = [], [], None
            for row in members:
                points, held, reason = self._points(row[5], row[6], row[7], row[8], row[9], row[10], row[11], is_valid)
                steps.append(self._step(row[5], row[6], row[7], held, row[9] and row[10], points, reason))
                if points:
                    worth.append((int(row[5]), points))
                    tier = held
                if unearned is not None and self.programme.looks_at(int(row[4])):
                    unearned.add(self.rule, row, None if points else reason, f'{self.head}, "failed": "{reason}"}}')
            if not worth and not (self.is_narrow and (is_valid or self._takes_back(event_on))):
                continue
            first = members[0]
            yield EvaluatedDocument(
                f"{self.prefix}{source_id}|{document_no}|{order_id}", source_id, document_no, self.rule, event_on, tuple(worth),
                f'{self.head}, "steps": [{", ".join(steps)}]}}', self.gives, max((row[12] for row in members if row[12]), default=None),
                tier or first[11] or self.lowest, int(first[4]),
            )  # fmt: skip

    def periods(self, rows: Iterator[Row]) -> Iterator[EvaluatedDocument]:
        """One per member and period; `rows` as `periods_sql` gives them."""
        by_distributor = any(name == "distributor" for name, _ in self.rule.funders)
        for period_on, event_on, distributor, member, quantity, amount, stage, tier in rows:
            points, held, reason = self._points(member, quantity, amount, stage, True, True, tier, True)
            if not points and not quantity and not self.is_narrow:
                continue
            name = period_of(period_on, self.rule.grain)
            ending = f"|d{distributor}" if by_distributor else ""
            step = self._step(member, quantity, amount, held, True, points, reason)
            available_on = event_on + timedelta(days=self.rule.return_window_days)
            yield EvaluatedDocument(
                f"{self.prefix}{self.rule.grain}|{name}|m{member}{ending}", self.rule.grain, name, self.rule, event_on,
                ((int(member), points),) if points else (), f'{self.head}, "steps": [{step}]}}', self.gives, available_on, held, int(distributor),
            )  # fmt: skip

    def _points(
        self,
        member: int,
        quantity: int,
        amount: int,
        stage: int,
        has_basket: bool,
        is_first: bool,
        tier: str | None,
        is_valid: bool,
    ) -> tuple[int, str | None, str]:
        """(points, tier at the event, the condition that failed first)."""
        held = tier or self.lowest
        if stage < COUNTS:
            return 0, held, STAGES[stage]
        if not is_valid:
            return 0, held, LATER_STAGES[0]
        if self.chosen_tiers and held not in self.chosen_tiers:
            return 0, held, LATER_STAGES[1]
        if self.rule.is_first_only and not is_first:
            return 0, held, LATER_STAGES[2]
        factor = self.factors.get(cast(str, held), MILLI) if self.is_multiplied else MILLI
        points = signed_points(self.rule, quantity, amount, factor, has_basket)
        has_rate = bool(self.rule.points_per_unit or self.rule.points_per_amount)
        return points, held, LATER_STAGES[4] if has_rate else LATER_STAGES[3]

    def _step(
        self, member: int, quantity: int, amount: int, tier: str | None, is_complete: bool, points: int, reason: str
    ) -> str:
        text = f'{{"member": {member}, "quantity_milli": {quantity}, "amount_subcents": {amount}, "points": {points}'
        if self.is_multiplied:
            text += f', "tier": {json.dumps(tier)}, "multiplier_milli": {self.factors.get(cast(str, tier), MILLI)}'
        if not is_complete:
            text += ', "is_complete": false'
        return text + ("}" if points else f', "failed": "{reason}"}}')

    def _takes_back(self, event_on: date) -> bool:
        """Whether this version speaks for a document that no version of the rule is valid for."""
        return self.is_narrow and self.is_first_version and not any(_is_valid(version, event_on) for version in self.versions)


def signed_points(rule: Rule, quantity_milli: int, amount_subcents: int, multiplier_milli: int, has_basket: bool) -> int:
    """Points of what was kept; of a return that no order explains, below zero: what its goods would have earned that day, without a bonus."""
    if quantity_milli < 0:
        return -award_points(rule, -quantity_milli, -amount_subcents, multiplier_milli, baskets_filled=False)
    return award_points(rule, quantity_milli, amount_subcents, multiplier_milli, baskets_filled=has_basket)


def _is_valid(rule: Rule, day: date) -> bool:
    return rule.valid_from <= day and (rule.valid_to is None or day <= rule.valid_to)
