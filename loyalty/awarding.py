"""What the awarding step of a run asks the store: events to reward, orders whose points wait, what a full evaluation no longer finds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, select

from core.store import reading
from loyalty.auditing import compare_with_ledger
from loyalty.domain.programme import Programme, Rule
from loyalty.evaluated import EvaluatedDocument
from loyalty.evaluation import rule_key
from loyalty.gamification.events import undone_events
from loyalty.lot_states import IDS_PER_QUERY, fold
from loyalty.posting import posted_points
from loyalty.programme_tables import programme_event_actions, programme_events
from loyalty.tables import journal, lots, transfers
from loyalty.workspace import RewardEvent

Place = tuple[str, int, str]
"""Cause, member, currency of points."""


WORTH_COLUMNS = (
    ("programme_id", "VARCHAR"), ("rule_key", "VARCHAR"), ("cause", "VARCHAR"), ("member_party_id", "BIGINT"), ("currency", "VARCHAR"),
    ("points", "BIGINT"), ("is_capped", "BOOLEAN"), ("order_id", "UBIGINT"),
)  # fmt: skip
"""What the warehouse remembers of what documents are worth: (name, DuckDB type)."""


PERIOD_COLUMNS = (
    ("programme_id", "VARCHAR"), ("rule_key", "VARCHAR"), ("rule_id", "VARCHAR"), ("cause", "VARCHAR"), ("member_party_id", "BIGINT"),
    ("distributor_party_id", "BIGINT"), ("currency", "VARCHAR"), ("ends_on", "DATE"), ("quantity_milli", "BIGINT"),
    ("amount_subcents", "BIGINT"), ("points", "BIGINT"),
)  # fmt: skip
"""What the warehouse remembers of periods that still run: (name, DuckDB type)."""


class Expected:
    """What a run evaluated, to be compared with what the ledger holds when it is posted. Orders under review are not compared.

    Periods that end on `today` or later are kept with what they hold so far.
    """

    def __init__(self, programme: Programme, left_out: Collection[int] = (), today: date = date.max) -> None:
        self.programme, self.today = programme, today
        self.periods: dict[tuple[str, str], tuple[object, ...]] = {}
        self.left_out = frozenset(left_out)
        self.worth: dict[Place, tuple[int, bool]] = {}
        self.causes: dict[str, set[str]] = defaultdict(set)

    def add(self, documents: Sequence[EvaluatedDocument]) -> None:
        """Documents as they were posted."""
        for document in documents:
            currency = self.programme.currency_of(document.gives)
            self.causes[currency].add(document.cause)
            for member, points in document.worth:
                self.worth[document.cause, member, currency] = (points, document.rule.is_capped)
            if document.rule.grain != "document" and document.event_on >= self.today:
                self._keep_period(document, currency)

    def _keep_period(self, document: EvaluatedDocument, currency: str) -> None:
        steps = json.loads(document.explanation)["steps"]
        if not steps:  # a period that a full evaluation no longer found
            return
        (step,) = steps
        if not any(int(step[name]) for name in ("quantity_milli", "amount_subcents", "points")):
            return  # emptied by what came later: as if it had never held anything
        rule = document.rule
        self.periods[document.cause, currency] = (
            self.programme.programme_id, rule_key(rule), rule.rule_id, document.cause, int(step["member"]), document.distributor, currency,
            document.event_on, int(step["quantity_milli"]), int(step["amount_subcents"]), int(step["points"]),
        )  # fmt: skip

    def all_causes(self) -> set[str]:
        """Every document that was evaluated, also when it is worth nothing now."""
        return {cause for causes in self.causes.values() for cause in causes}

    def rows(self) -> tuple[tuple[tuple[str, str], ...], list[tuple[object, ...]]]:
        """What they are worth, as WORTH_COLUMNS."""
        return WORTH_COLUMNS, [
            (self.programme.programme_id, _rule_of(cause), cause, member, currency, points, is_capped, _order_of(cause))
            for (cause, member, currency), (points, is_capped) in self.worth.items()
        ]  # fmt: skip

    def compare(self, engine: Engine, everything_of: Sequence[str]) -> list[str]:
        """Findings: what the ledger says otherwise. `everything_of`: rules whose whole ledger is compared; none: the documents of this run."""
        if everything_of:
            wanted = set(everything_of)
            with reading(engine) as connection:
                posted = posted_points(connection, self.programme.programme_id)
            posted = {place: held for place, held in posted.items()
                      if _rule_of(place[0]) in wanted and _order_of(place[0]) not in self.left_out}  # fmt: skip
        else:
            with reading(engine) as connection:
                posted = posted_points(
                    connection, self.programme.programme_id, causes={name: sorted(one) for name, one in self.causes.items()}
                )
        return compare_with_ledger(self.worth, posted)


def posted_before(engine: Engine, programme: Programme) -> dict[Place, tuple[int, int]]:
    """(held, decided) per cause, member and currency, before a full evaluation."""
    with reading(engine) as connection:
        return posted_points(connection, programme.programme_id)


def no_longer_worth(
    engine: Engine, programme: Programme, rules: Sequence[Rule], gives: str, before: dict[Place, tuple[int, int]], expected: Expected
) -> list[EvaluatedDocument]:  # fmt: skip
    """Documents that the ledger holds points for and a full evaluation of these rules did not find: worth nothing now."""
    by_key = {rule_key(rule): rule for rule in reversed(rules)}
    currency = programme.currency_of(gives)
    gone = {
        cause for (cause, _, given), (held, decided) in before.items()
        if given == currency and (held or decided) and _rule_of(cause) in by_key and cause not in expected.causes[currency]
        and _order_of(cause) not in expected.left_out
    }  # fmt: skip
    days = _days_of(engine, programme, sorted(gone))
    return [
        EvaluatedDocument(
            cause, source_id, document_no, by_key[_rule_of(cause)], day, (), '{"steps": [], "failed": "gone"}', gives
        )
        for cause, (source_id, document_no, day) in sorted(days.items())
    ]


def reward_events(engine: Engine, programme: Programme) -> list[RewardEvent]:
    """Everything that rules of leg `event` may reward."""
    with reading(engine) as connection:
        rows = connection.execute(select(programme_events).where(programme_events.c.programme_id == programme.programme_id)).all()
        undone, acted = (
            undone_events(connection),
            {str(row[0]) for row in connection.execute(select(programme_event_actions.c.event_id))},
        )
    return [
        RewardEvent(
            row.event_key,
            int(row.member_party_id),
            int(row.distributor_party_id),
            row.event,
            row.title,
            row.occurred_on,
            row.event_id in undone,
            row.event_id in acted,
        )
        for row in rows
    ]


def waiting_orders(engine: Engine, programme: Programme) -> set[int]:
    """Orders with pending points of which nobody knows yet when they become available."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(journal.c.cause).join(lots, lots.c.journal_id == journal.c.journal_id)
            .join(transfers, transfers.c.lot_id == lots.c.lot_id)
            .where(lots.c.programme_id == programme.programme_id, lots.c.available_at.is_(None))
            .group_by(journal.c.cause, lots.c.lot_id).having(fold("pending") > 0)
        ).all()  # fmt: skip
    return {order for row in rows if (order := _order_of(str(row[0]))) is not None}


def last_entry(engine: Engine) -> int:
    """The newest entry's id; 0 in an empty ledger."""
    with reading(engine) as connection:
        return int(connection.execute(select(func.coalesce(func.max(journal.c.journal_id), 0))).scalar_one())


def members_since(engine: Engine, programme: Programme, journal_id: int) -> set[int]:
    """Members whose status points changed after an entry."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(journal.c.member_party_id)  # without distinct: for that SQLite walks the index of members, over all entries
            .where(journal.c.journal_id > journal_id, journal.c.programme_id == programme.programme_id,
                   journal.c.currency == programme.status_currency)
        ).all()  # fmt: skip
    return {int(row[0]) for row in rows}


def _days_of(engine: Engine, programme: Programme, causes: Sequence[str]) -> dict[str, tuple[str, str, date]]:
    zone, found = ZoneInfo(programme.time_zone), dict[str, tuple[str, str, date]]()
    with reading(engine) as connection:
        for start in range(0, len(causes), IDS_PER_QUERY):
            for row in connection.execute(
                select(journal.c.cause, journal.c.source_id, journal.c.document_no, journal.c.effective_at)
                .where(journal.c.cause.in_(causes[start : start + IDS_PER_QUERY]), journal.c.rule_id.is_not(None))
            ):  # fmt: skip
                found.setdefault(str(row[0]), (str(row[1]), str(row[2]), row[3].astimezone(zone).date()))
    return found


def _rule_of(cause: str) -> str:
    return cause.split("|", 2)[1]


def _order_of(cause: str) -> int | None:
    last = cause.rpartition("|")[2]
    return int(last) if last.isdigit() else None
