"""The step before posting: detect, open cases for what is not posted yet, and say which orders wait."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Engine, select

from core.clock import Clock, Ids
from core.store import reading
from loyalty.domain.programme import Programme
from loyalty.lot_states import IDS_PER_QUERY
from loyalty.review.cases import CONFIRMED, WAITING, cases_in_state, clear_in_time, explain_confirmed, open_cases, orders_waiting
from loyalty.review.detector import Hit, detect, legs_of
from loyalty.review.focus import focus_of, remember_seen, seen_before, seen_now, waiting_loading_cases
from loyalty.review.scoring import QUARTER_END
from loyalty.review.settings import DetectorSettings
from loyalty.tables import journal

Gate = Callable[[Any, Engine, Programme, Clock], Collection[int]]


def review_before_posting(ids: Ids, settings: DetectorSettings | None = None) -> Gate:
    """The hook of the awarding step. What was posted before stays posted: a case never takes points back behind a partner's back."""
    thresholds = settings or DetectorSettings()

    def gate(connection: Any, store: Engine, programme: Programme, clock: Clock) -> Collection[int]:
        seen = {leg: seen_now(connection, store, programme, leg, thresholds) for leg, _ in legs_of(programme)}
        waiting = waiting_loading_cases(store, programme, QUARTER_END, WAITING)
        focus = {
            leg: focus_of(connection, store, programme, leg, member, thresholds, seen_before(connection, programme, leg), seen[leg], waiting)
            for leg, member in legs_of(programme)
        }  # fmt: skip
        hits = detect(connection, store, programme, thresholds, focus)
        open_cases(store, programme, _not_posted(store, programme, hits), clock, ids)
        clear_in_time(store, programme, QUARTER_END, hits, clock)
        for leg, now in seen.items():
            remember_seen(connection, programme, leg, now)
        explain_confirmed(store, programme, cases_in_state(store, programme, (CONFIRMED,)), clock)
        return orders_waiting(store, programme)

    return gate


def _not_posted(store: Engine, programme: Programme, hits: list[Hit]) -> list[Hit]:
    numbers = sorted({hit.document.document_no for hit in hits})
    posted: set[tuple[str, str, int]] = set()
    with reading(store) as connection:
        for start in range(0, len(numbers), IDS_PER_QUERY):
            rows = connection.execute(
                select(journal.c.source_id, journal.c.document_no, journal.c.member_party_id).where(
                    journal.c.document_no.in_(numbers[start : start + IDS_PER_QUERY]), journal.c.kind == "award",
                    journal.c.programme_id == programme.programme_id,
                )
            )  # fmt: skip
            posted |= {(str(source), str(number), int(member)) for source, number, member in rows}
    return [hit for hit in hits if (hit.document.source_id, hit.document.document_no, hit.document.member) not in posted]
