"""The awarding step of a run: evaluate -> post -> keep house -> seal -> anchor outside the database -> copy the ledger.

What others decide comes in as hooks: which campaigns earn beside the programme and for whom, and which documents wait for a review.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from core.clock import Clock
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.owner import append_rows
from loyalty import Programme, RunningCampaign, evaluate, post_awards, seal
from loyalty.anchoring import append_anchor
from loyalty.auditing import tip
from loyalty.campaigns.running import campaigns_of_run, evaluate_alone
from loyalty.expiring import keep_house
from loyalty.exporting import COPIES, Copy

Campaigns = Callable[[Engine, Programme, Clock], Sequence[RunningCampaign]]
"""Campaigns whose awards stand (running, ended), with their rules and the members that may earn under them."""

UnderReview = Callable[[Any, Engine, Programme, Clock], Collection[int]]
"""Ids of orders whose points wait for a review: open, answered or confirmed. Is given the warehouse (with `mart`) and the store."""


def nothing_under_review(connection: Any, store: Engine, programme: Programme, clock: Clock) -> Collection[int]:
    """No document waits."""
    return ()


@dataclass(frozen=True, slots=True)
class AwardHooks:
    """What the step asks others, once per programme and run."""

    campaigns: Campaigns = campaigns_of_run
    under_review: UnderReview = nothing_under_review


USUAL_HOOKS = AwardHooks()
"""The store's campaigns earn, and nothing waits."""


def award_points_of_run(connection: Any, settings: Settings, programmes: Sequence[Programme], clock: Clock, hooks: AwardHooks, *, full: bool) -> tuple[int, bool]:  # fmt: skip
    """Post what each programme owes for documents touched since it was last evaluated. Returns (transfers copied to the
    warehouse, whether anything of the ledger or around it is new there)."""
    store = open_store(settings.resolved_store_url())
    try:
        migrate(store)
        _prepare(connection)
        for programme in programmes:
            _award(connection, store, programme, clock, hooks, full=full)
            keep_house(store, programme, clock)
        seal(store)
        append_anchor(settings.root / "anchors" / "ledger.jsonl", tip(store), clock)
        return _copy_ledger(connection, store, programmes, clock)
    finally:
        store.dispose()


def _prepare(connection: Any) -> None:
    connection.execute("create table if not exists raw.awarded (programme varchar, run_no integer)")
    connection.execute("create table if not exists raw.awards_left_out (programme varchar, order_id ubigint)")


def _award(connection: Any, store: Engine, programme: Programme, clock: Clock, hooks: AwardHooks, *, full: bool) -> None:
    campaigns = hooks.campaigns(store, programme, clock)
    under_review = hooks.under_review(connection, store, programme, clock)
    waited = connection.execute(
        "select order_id from raw.awards_left_out where programme = $id", {"id": programme.programme_id}
    ).fetchall()
    name = f"{programme.programme_id}@{programme.version}"
    row = connection.execute("select max(run_no) from raw.awarded where programme = $name", {"name": name}).fetchone()
    since_run = None if full or row is None or row[0] is None else int(row[0])
    batches = evaluate(
        connection, programme, since_run, campaigns=campaigns, left_out=under_review, also=[int(entry[0]) for entry in waited]
    )
    for documents in batches:
        post_awards(store, programme, documents, clock)
    if since_run is not None:
        for documents in evaluate_alone(connection, programme, _new(connection, programme, campaigns), left_out=under_review):
            post_awards(store, programme, documents, clock)
    connection.execute("delete from raw.awards_left_out where programme = $id", {"id": programme.programme_id})
    if under_review:
        append_rows(connection, "raw.awards_left_out", (("programme", "VARCHAR"), ("order_id", "UBIGINT")),
                    [(programme.programme_id, order_id) for order_id in sorted(under_review)])  # fmt: skip
    for one in (name, *(_name_of(programme, campaign) for campaign in campaigns)):
        connection.execute("insert into raw.awarded select $name, run_no from raw.transform_state", {"name": one})


def campaigns_wait(connection: Any, settings: Settings, programmes: Sequence[Programme], clock: Clock, hooks: AwardHooks) -> bool:
    """Whether a campaign was launched that no run has looked at: its first orders may be here already."""
    store = open_store(settings.resolved_store_url())
    try:
        migrate(store)
        _prepare(connection)
        return any(_new(connection, programme, hooks.campaigns(store, programme, clock)) for programme in programmes)
    finally:
        store.dispose()


def _new(connection: Any, programme: Programme, campaigns: Sequence[RunningCampaign]) -> list[RunningCampaign]:
    known = {row[0] for row in connection.execute("select distinct programme from raw.awarded").fetchall()}
    return [campaign for campaign in campaigns if _name_of(programme, campaign) not in known]


def _name_of(programme: Programme, campaign: RunningCampaign) -> str:
    return f"{programme.programme_id}/{campaign.campaign_id}"


def prepare_ledger_copy(connection: Any) -> None:
    """The warehouse's copies of the ledger; one of an older version, with other columns, is made anew from the store."""
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
