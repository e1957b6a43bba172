"""Whom a detection has to look at: everybody once a day, and in between those of whom something is new since the last one.

A pattern is a pattern of one member. It can only change with that member's own documents, with what it sold on, with points it spent,
and, for the quarter's end, with time: so the first detection after the newest day of a leg has moved looks at everybody (ADR 0034).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, select

from core.store import reading
from loyalty.domain.programme import Programme
from loyalty.evaluation import Warehouse
from loyalty.programme_tables import review_cases
from loyalty.review.settings import DetectorSettings
from loyalty.tables import journal
from loyalty.workspace import prepare_memory

REMEMBERED = """
create schema if not exists raw;
create table if not exists raw.reviewed (programme varchar not null, leg varchar not null, thresholds varchar not null,
    run_no integer not null, newest_on date, entry_no bigint not null)
"""

TOUCHED = """
    select order_id, leg, distributor_id, retailer_id, ordered_on from mart.fct_order_lines where run_no > $since
"""
OUTFLOW = {
    "sell_through": "select retailer_id, sold_on from mart.fct_sales_report_lines where run_no > $since and leg = 'sell_out'",
    "sell_in": """
        select distributor_id, sold_on from mart.fct_sales_report_lines where run_no > $since and leg = 'sell_through'
        union all select distributor_id, ordered_on from touched where leg = 'sell_through'""",
}
MEMBERS = """
    with touched as ({touched}), newest as (select date_trunc('quarter', max(ordered_on)) as quarter_on from mart.fct_order_lines where leg = $leg),
    own as (select {member} as member, ordered_on from touched where leg = $leg),
    former as (
        select member_party_id as member, event_on as ordered_on from raw.awarded_documents
        where leg = $leg and order_id in (select order_id from touched)
    ),
    sold (member, sold_on) as ({outflow})
    select member, true as is_own, ordered_on < newest.quarter_on
            or ordered_on >= cast(date_trunc('quarter', ordered_on) + interval 3 month as date) - $tail_days as is_for_loading
    from (select * from own union all select * from former), newest
    union all
    select member, false, true from sold
"""


@dataclass(frozen=True, slots=True)
class Focus:
    """Members of one leg to look at, None: all of them. Those of `new_members` have documents that changed after `since_run`."""

    members: tuple[int, ...] | None = None
    loading_members: tuple[int, ...] | None = None
    new_members: tuple[int, ...] | None = None
    since_run: int | None = None


EVERYBODY = Focus()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How far a detection of one leg has seen: runs, days, entries of the ledger; and under which thresholds and programme."""

    thresholds: str
    run_no: int
    newest_on: date | None
    entry_no: int


def seen_now(warehouse: Warehouse, store: Engine, programme: Programme, leg: str, settings: DetectorSettings) -> Reviewed:
    """What a detection that begins now sees at least."""
    row = warehouse.execute(
        """select coalesce(greatest((select max(run_no) from mart.fct_order_lines), (select max(run_no) from mart.fct_sales_report_lines)), 0),
               (select max(ordered_on) from mart.fct_order_lines where leg = $leg)""",
        {"leg": leg},
    ).fetchall()[0]
    with reading(store) as connection:
        entry_no = connection.execute(select(journal.c.journal_id).order_by(journal.c.journal_id.desc()).limit(1)).scalar()
    return Reviewed(f"{programme.version}|{settings}", int(row[0]), row[1], int(entry_no or 0))


def seen_before(warehouse: Warehouse, programme: Programme, leg: str) -> Reviewed | None:
    """What the last detection saw; None when there was none."""
    warehouse.execute(REMEMBERED)
    rows = warehouse.execute(
        "select thresholds, run_no, newest_on, entry_no from raw.reviewed where programme = $programme and leg = $leg",
        {"programme": programme.programme_id, "leg": leg},
    ).fetchall()
    return Reviewed(*rows[0]) if rows else None


def remember_seen(warehouse: Warehouse, programme: Programme, leg: str, seen: Reviewed) -> None:
    """Keep it for the next detection. Losing it costs a look at everybody."""
    place = {"programme": programme.programme_id, "leg": leg}
    warehouse.execute("delete from raw.reviewed where programme = $programme and leg = $leg", place)
    warehouse.execute(
        "insert into raw.reviewed values ($programme, $leg, $thresholds, $run_no, $newest_on, $entry_no)",
        place | {"thresholds": seen.thresholds, "run_no": seen.run_no, "newest_on": seen.newest_on, "entry_no": seen.entry_no},
    )


def focus_of(
    warehouse: Warehouse, store: Engine, programme: Programme, leg: str, member: str, settings: DetectorSettings,
    before: Reviewed | None, now: Reviewed, waiting: Sequence[tuple[int, int]],
) -> Focus:  # fmt: skip
    """Whom to look at. `waiting`: (order, member) of cases that time may clear: whoever they are about now is looked at too."""
    if before is None or (before.thresholds, before.newest_on) != (now.thresholds, now.newest_on):
        return EVERYBODY
    prepare_memory(warehouse)
    sql = MEMBERS.format(touched=TOUCHED, member=member, outflow=OUTFLOW[leg])
    found = warehouse.execute(
        f"select member, bool_or(is_own), bool_or(is_for_loading) from ({sql}) group by member",
        {"since": before.run_no, "leg": leg, "tail_days": settings.loading_tail_days},
    ).fetchall()
    rows: list[tuple[Any, ...]] = [row for row in found if row[0] is not None and row[0] > 0]
    spent = _spent_since(store, programme, before.entry_no)
    loading = {int(row[0]) for row in rows if row[2]} | _about_now(warehouse, leg, member, waiting)
    new = {int(row[0]) for row in rows if row[1]}
    return Focus(tuple(sorted(new | spent)), tuple(sorted(loading)), tuple(sorted(new)), before.run_no)


def waiting_loading_cases(
    store: Engine, programme: Programme, reason_code: str, statuses: Sequence[str]
) -> list[tuple[int, int]]:
    """(order, member) of the cases of a reason in these states."""
    with reading(store) as connection:
        rows = connection.execute(
            select(review_cases.c.order_id, review_cases.c.member_party_id).where(
                review_cases.c.programme_id == programme.programme_id, review_cases.c.reason_code == reason_code,
                review_cases.c.status.in_(statuses),
            )
        ).all()  # fmt: skip
    return [(int(row[0]), int(row[1])) for row in rows]


def _about_now(warehouse: Warehouse, leg: str, member: str, waiting: Sequence[tuple[int, int]]) -> set[int]:
    if not waiting:
        return set()
    rows = warehouse.execute(
        f"select distinct {member} from mart.fct_order_lines where leg = $leg and order_id in (select unnest($orders))",
        {"leg": leg, "orders": sorted({order for order, _ in waiting})},
    ).fetchall()
    return {int(row[0]) for row in rows} | {one for _, one in waiting}


def _spent_since(store: Engine, programme: Programme, entry_no: int) -> set[int]:
    with reading(store) as connection:
        rows = connection.execute(
            select(journal.c.member_party_id).where(  # without distinct: for that SQLite walks the index of members, over all entries
                journal.c.journal_id > entry_no, journal.c.programme_id == programme.programme_id,
                journal.c.kind.in_(("redeem", "hold")),
            )
        ).all()  # fmt: skip
    return {int(row[0]) for row in rows}
