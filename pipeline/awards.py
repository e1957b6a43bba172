"""The awarding step of a run: evaluate -> post -> reconcile -> keep house -> seal -> anchor outside the database -> copy the ledger.

What others decide comes in as hooks: which campaigns earn beside the programme and for whom, and which documents wait for a review.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Engine

from core.clock import Clock, random_id
from core.errors import IntegrityError
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.owner import append_rows
from loyalty import Programme, RunningCampaign, post_awards, seal
from loyalty.anchoring import ANCHORS, append_anchor
from loyalty.auditing import tip
from loyalty.awarding import (
    PERIOD_COLUMNS,
    WORTH_COLUMNS,
    Expected,
    last_entry,
    members_since,
    no_longer_worth,
    posted_before,
    reward_events,
    waiting_orders,
)
from loyalty.campaigns.running import campaigns_of_run
from loyalty.domain.programme import POINTS, STATUS, Rule
from loyalty.evaluation import DOCUMENTS_PER_BATCH, Unearned, evaluate_rules, rule_key
from loyalty.expiring import keep_house
from loyalty.exporting import COPIES, Copy
from loyalty.files import all_are_there
from loyalty.owning import owned
from loyalty.review import review_before_posting
from loyalty.tiering import decide_tiers, held_tiers
from loyalty.workspace import Workspace, prepare_memory
from pipeline.between_runs import before_posting

log = structlog.get_logger("dreiklang.awards")

Campaigns = Callable[[Engine, Programme, Clock], Sequence[RunningCampaign]]
"""Campaigns whose awards stand (running, ended), with their rules and the members that may earn under them."""

UnderReview = Callable[[Any, Engine, Programme, Clock], Collection[int]]
"""Ids of orders whose points wait for a review: open, answered or confirmed. Is given the warehouse (with `mart`) and the store."""


@dataclass(frozen=True, slots=True)
class AwardHooks:
    """What the step asks others, once per programme and run."""

    campaigns: Campaigns = campaigns_of_run
    under_review: UnderReview = field(default_factory=lambda: review_before_posting(random_id))


USUAL_HOOKS = AwardHooks()
"""The store's campaigns earn, and what looks like gaming waits for a review."""


def award_points_of_run(connection: Any, settings: Settings, programmes: Sequence[Programme], clock: Clock, hooks: AwardHooks, *, full: bool) -> tuple[int, bool]:  # fmt: skip
    """Post what each programme owes for documents touched since it was last evaluated. Returns (transfers copied to the
    warehouse, whether anything of the ledger or around it is new there).

    Raises ConfigurationError LOY-104 when a programme that has members is not among them, and IntegrityError LOY-301 when orders and
    ledger do not say the same afterwards; then nothing is published.
    """
    store = open_store(settings.resolved_store_url())
    awards: list[ProgrammeAward] = []
    try:
        migrate(store)
        prepare_awards(connection)
        all_are_there(store, programmes)
        programmes = [_with_owner(connection, programme) for programme in programmes]
        for programme in programmes:
            before_posting(connection, store, programme, clock)
            award = ProgrammeAward(connection, store, programme, clock, hooks, full=full)
            awards.append(award)
            award.run()
            keep_house(store, programme, clock)
        moved = [award.remember() for award in awards]
        seal(store)
        append_anchor(settings.root / ANCHORS, tip(store), clock)
        posted, has_grown = _copy_ledger(connection, store, programmes, clock)
        return posted, has_grown or any(moved)
    finally:
        for award in awards:
            award.work.close()
        store.dispose()


def _with_owner(connection: Any, programme: Programme) -> Programme:
    """The programme with its owner as the master knows it now; the operator is told of a distributor's that nobody runs yet."""
    found = owned(connection, programme)
    if found.is_distributors and found.owner_id is None:
        log.warning(
            "programme_owner_unknown",
            programme=found.programme_id,
            distributor_ref=found.distributor_ref,
            effect="it earns nothing",
        )
    return found


class ProgrammeAward:
    """One programme in one run: status points, then the tiers they make, then points; each rule from where it was evaluated last."""

    def __init__(
        self, connection: Any, store: Engine, programme: Programme, clock: Clock, hooks: AwardHooks, *, full: bool
    ) -> None:
        self.connection, self.store, self.programme, self.clock = connection, store, programme, clock
        self.under_review = frozenset(hooks.under_review(connection, store, programme, clock))
        self.work = Workspace(connection, programme, campaigns=hooks.campaigns(store, programme, clock), left_out=self.under_review,
                              events=reward_events(store, programme))  # fmt: skip
        self.known = {} if full else self._evaluated_before()
        self.today = clock.now().astimezone(ZoneInfo(programme.time_zone)).date()
        self.expected = Expected(programme, self.under_review, self.today)

    def run(self) -> None:
        """Post, and see that orders and ledger say the same."""
        since = [self.known[name] for name in map(self._name, self.work.rules) if name in self.known]
        if since:
            self.work.touch(min(since), {*self._left_out_before(), *waiting_orders(self.store, self.programme)})
        everything = any(self._name(rule) not in self.known for rule in self.work.rules)
        before = posted_before(self.store, self.programme) if everything else {}
        entry = last_entry(self.store)
        self._post(STATUS, before)
        changed = decide_tiers(
            self.store, self.programme, self.clock, members_since(self.store, self.programme, entry) if since else None
        )
        self.work.set_tiers(held_tiers(self.store, self.programme), changed)
        self._post(POINTS, before)
        findings = self.expected.compare(self.store, [] if since else [rule_key(rule) for rule in self.work.rules])
        if findings:
            raise IntegrityError(
                "LOY-301", where=f"programme {self.programme.programme_id}", found="; ".join(findings[:20]),
                expected="orders and ledger that say the same, both ways", next_step="Nothing is published. Stop posting and look at these documents.",
            )  # fmt: skip

    def _post(self, gives: str, before: dict[tuple[str, int, str], tuple[int, int]]) -> None:
        unearned = Unearned() if gives == POINTS else None
        for is_narrow in (True, False):
            rules = [rule for rule in self.work.rules if gives in rule.gives and (self._name(rule) in self.known) is is_narrow]
            if not rules:
                continue
            if unearned is not None:
                unearned.only_known = bool(self.known) and not is_narrow
            for documents in evaluate_rules(self.work, rules, gives, is_narrow=is_narrow, unearned=unearned):
                self._post_batch(documents)
            if not is_narrow:
                self._post_batch(no_longer_worth(self.store, self.programme, rules, gives, before, self.expected))
        no_awards = unearned.no_awards(self.programme) if unearned is not None else []
        for start in range(0, len(no_awards), DOCUMENTS_PER_BATCH):
            post_awards(self.store, self.programme, (), self.clock, no_awards[start : start + DOCUMENTS_PER_BATCH])

    def _post_batch(self, documents: Sequence[Any]) -> None:
        for start in range(0, len(documents), DOCUMENTS_PER_BATCH):
            batch = documents[start : start + DOCUMENTS_PER_BATCH]
            post_awards(self.store, self.programme, batch, self.clock)
            self.expected.add(batch)

    def remember(self) -> bool:
        """Keep what the next run has to know; whether running periods hold something else than before. Losing it costs a full evaluation,
        nothing else."""
        self.work.remember()
        programme_id = self.programme.programme_id
        self.connection.execute("delete from raw.awards_left_out where programme = $id", {"id": programme_id})
        if self.under_review:
            append_rows(self.connection, "raw.awards_left_out", (("programme", "VARCHAR"), ("order_id", "UBIGINT")),
                        [(programme_id, order_id) for order_id in sorted(self.under_review)])  # fmt: skip
        self._remember_worth()
        has_moved = self._remember_periods()
        for rule in self.work.rules:
            self.connection.execute("delete from raw.awarded where programme = $name", {"name": self._name(rule)})
            self.connection.execute(
                "insert into raw.awarded select $name, run_no from raw.transform_state", {"name": self._name(rule)}
            )
        return has_moved

    def _remember_periods(self) -> bool:
        """What running periods hold so far, also those that are worth nothing yet; whether that is something new."""
        mine = "from raw.awarded_periods where programme_id = $id"
        parameters = {"id": self.programme.programme_id}
        before = self.connection.execute(f"select * {mine} order by all", parameters).fetchall()
        self.connection.execute(
            f"delete {mine} and (ends_on < $today or cause in (select cause from evaluated) or not list_contains($keys, rule_key))",
            {
                **parameters,
                "today": self.today,
                "keys": [rule_key(rule) for rule in self.work.rules if self._name(rule) in self.known],
            },
        )
        if self.expected.periods:
            append_rows(self.connection, "raw.awarded_periods", PERIOD_COLUMNS, list(self.expected.periods.values()))
        return bool(self.connection.execute(f"select * {mine} order by all", parameters).fetchall() != before)

    def _remember_worth(self) -> None:
        """What every document is worth, as far as this run evaluated it: dbt compares it with the ledger's copy before each publish."""
        everything = sorted({rule_key(rule) for rule in self.work.rules if self._name(rule) not in self.known})
        stored = "delete from raw.awarded_worth where programme_id = $id and"
        if everything:
            self.connection.execute(
                f"{stored} rule_key in (select unnest($keys))", {"id": self.programme.programme_id, "keys": everything}
            )
        columns, rows = self.expected.rows()
        self.connection.execute("create or replace temp table evaluated (cause varchar)")
        causes = [(cause,) for cause in sorted(self.expected.all_causes())]
        if causes:
            append_rows(self.connection, "evaluated", (("cause", "VARCHAR"),), causes)
        self.connection.execute(f"{stored} cause in (select cause from evaluated)", {"id": self.programme.programme_id})
        if rows:
            append_rows(self.connection, "raw.awarded_worth", columns, rows)

    def _name(self, rule: Rule) -> str:
        """What was evaluated; for a distributor's programme also whose sales, since its owner may become known later."""
        seller = f"@{self.programme.owner_id}" if self.programme.is_distributors else ""
        return f"{self.programme.programme_id}@{self.programme.version}{seller}|{rule_key(rule)}@{rule.version}"

    def _evaluated_before(self) -> dict[str, int]:
        rows = self.connection.execute("select programme, max(run_no) from raw.awarded group by programme").fetchall()
        return {str(name): int(run_no) for name, run_no in rows}

    def _left_out_before(self) -> list[int]:
        rows = self.connection.execute(
            "select order_id from raw.awards_left_out where programme = $id", {"id": self.programme.programme_id}
        ).fetchall()
        return [int(row[0]) for row in rows]


def prepare_awards(connection: Any) -> None:
    """What the awarding step remembers in the warehouse. Losing it costs a full evaluation, nothing else."""
    connection.execute("create table if not exists raw.awarded (programme varchar, run_no integer)")
    connection.execute("create table if not exists raw.awards_left_out (programme varchar, order_id ubigint)")
    connection.execute(
        f"create table if not exists raw.awarded_worth ({', '.join(f'{name} {kind}' for name, kind in WORTH_COLUMNS)})"
    )
    periods = ", ".join(f"{name} {kind}" for name, kind in PERIOD_COLUMNS)
    connection.execute(f"create table if not exists raw.awarded_periods ({periods})")
    prepare_memory(connection)


def prepare_ledger_copy(connection: Any) -> None:
    """The warehouse's copies of the ledger; one of an older version, with other columns, is made anew from the store."""
    prepare_awards(connection)
    for copy in COPIES:
        columns = ", ".join(f"{name} {sql_type}" for name, sql_type in copy.columns)
        found = connection.execute(
            """select column_name from information_schema.columns
               where table_catalog = current_database() and table_schema = 'raw' and table_name = $name order by ordinal_position""",
            {"name": copy.name},
        ).fetchall()
        if found and [row[0] for row in found] != [name for name, _ in copy.columns]:
            connection.execute(f"drop table raw.{copy.name} cascade")
        connection.execute(f"create table if not exists raw.{copy.name} ({columns})")


def _copy_ledger(connection: Any, store: Engine, programmes: Sequence[Programme], clock: Clock) -> tuple[int, bool]:
    """Append what grew, replace what changed."""
    written = {copy.name: _copied(connection, copy, store, programmes, clock) for copy in COPIES}
    return written["ledger_transfers"], any(written.values())


def _copied(connection: Any, copy: Copy, store: Engine, programmes: Sequence[Programme], clock: Clock) -> int:
    if copy.key is not None:
        last = int(connection.execute(f"select coalesce(max({copy.key}), 0) from raw.{copy.name}").fetchall()[0][0])
        written = 0
        for rows in copy.rows(store, programmes, clock, last):
            append_rows(connection, f"raw.{copy.name}", copy.columns, rows)
            written += len(rows)
        return written
    wanted = [row for rows in copy.rows(store, programmes, clock, 0) for row in rows]
    known = connection.execute(f"select * from raw.{copy.name}").fetchall()
    if sorted(map(repr, known)) == sorted(map(repr, wanted)):
        return 0
    connection.execute(f"delete from raw.{copy.name}")
    if wanted:
        append_rows(connection, f"raw.{copy.name}", copy.columns, wanted)
    return max(1, len(wanted))
