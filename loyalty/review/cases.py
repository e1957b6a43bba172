"""Cases and what people do with them: the partner answers, whoever is responsible clears or confirms. Each act once, with its history."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, Engine, Row, select

from core.clock import Clock, Ids
from core.errors import ConflictError, InputRefusedError
from core.store import reading, writing
from loyalty.domain.programme import Programme
from loyalty.evaluated import NoAward
from loyalty.groups import groups_of
from loyalty.posting import post_awards
from loyalty.programme_tables import review_case_events, review_cases
from loyalty.review.detector import Figures, Hit

OPEN, ANSWERED, CLEARED, CONFIRMED = "open", "answered", "cleared", "confirmed"
WAITING = (OPEN, ANSWERED)
ANSWER_MAX = 1_000
CASES_MAX = 500


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """One document under one suspicion. `figures` are what `describe_case` puts into words; `decider` 0: the manufacturer decides."""

    case_id: str
    order_id: int
    source_id: str
    document_no: str
    member: int
    decider: int
    reason_code: str
    variant: str
    figures: Figures
    status: str
    answer: str
    opened_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One step in the history of a case. `actor` None: the detector."""

    status: str
    recorded_at: datetime
    actor: str | None
    note: str


def open_cases(store: Engine, programme: Programme, hits: Sequence[Hit], clock: Clock, ids: Ids) -> int:
    """A case for each hit that has none yet; returns how many. A decided one stays decided: nobody is asked twice."""
    with writing(store) as connection:
        keys = {_key(programme, hit): hit for hit in hits}
        known = {str(row[0]) for row in connection.execute(
            select(review_cases.c.case_key).where(review_cases.c.programme_id == programme.programme_id)
        )}  # fmt: skip
        new = {key: hit for key, hit in keys.items() if key not in known}
        for key, hit in new.items():
            case_id, now = ids(), clock.now()
            connection.execute(review_cases.insert().values(
                case_id=case_id, case_key=key, programme_id=programme.programme_id, order_id=str(hit.document.order_id),
                source_id=hit.document.source_id, document_no=hit.document.document_no, member_party_id=hit.document.member,
                distributor_party_id=hit.document.distributor, reason_code=hit.reason_code,
                detail=json.dumps({"variant": hit.variant, "ordered_on": hit.document.ordered_on.isoformat(), **hit.figures}),
                status=OPEN, answer="", opened_at=now, changed_at=now,
            ))  # fmt: skip
            _note(connection, case_id, OPEN, clock, None, hit.variant)
        return len(new)


def clear_in_time(store: Engine, programme: Programme, reason_code: str, still: Sequence[Hit], clock: Clock) -> int:
    """Clear waiting cases of a reason that the facts no longer support: what was too early to say has turned out well."""
    kept = {_key(programme, hit) for hit in still}
    with writing(store) as connection:
        rows = connection.execute(
            select(review_cases.c.case_id, review_cases.c.case_key).where(
                review_cases.c.programme_id == programme.programme_id, review_cases.c.reason_code == reason_code,
                review_cases.c.status.in_(WAITING),
            )
        ).all()  # fmt: skip
        over = [str(row[0]) for row in rows if str(row[1]) not in kept]
        for case_id in over:
            _move(connection, case_id, WAITING, CLEARED, clock, None, "the facts no longer support it")
        return len(over)


def answer_case(engine: Engine, member: int, case_id: str, answer: str, clock: Clock, *, actor: str) -> ReviewCase:
    """What the partner says to it; may be said again until it is decided.

    Raises InputRefusedError LOY-520 (missing, or another partner's), LOY-521 (empty or too long), ConflictError LOY-522 (decided).
    """
    words = answer.strip()
    if not 0 < len(words) <= ANSWER_MAX:
        raise InputRefusedError(
            "LOY-521",
            where="answer",
            found=f"{len(words)} characters",
            expected=f"1 to {ANSWER_MAX}",
            next_step="Say it in a few sentences.",
        )
    with writing(engine) as connection:
        case = _of(connection, case_id, review_cases.c.member_party_id.in_(groups_of(connection).get(member, (member,))))
        if case.status == ANSWERED and case.answer == words:
            return case
        _move(connection, case_id, WAITING, ANSWERED, clock, actor, words, answer=words)
        return _of(connection, case_id)


def decide_case(
    engine: Engine, programme: Programme, decider: int, case_id: str, outcome: str, clock: Clock, *, actor: str, note: str = ""
) -> ReviewCase:
    """Clear it (its points come with the next run) or confirm it (an entry without points says why). The same again does nothing more.

    `decider`: the distributor that sold, 0 for the manufacturer. Raises InputRefusedError LOY-520, ConflictError LOY-522 (decided otherwise).
    """
    if outcome not in (CLEARED, CONFIRMED):
        raise ValueError(f"a case is cleared or confirmed, not {outcome}")
    with writing(engine) as connection:
        case = _of(
            connection,
            case_id,
            review_cases.c.distributor_party_id == decider,
            review_cases.c.programme_id == programme.programme_id,
        )
        if case.status != outcome:
            _move(connection, case_id, WAITING, outcome, clock, actor, note)
        case = _of(connection, case_id)
    if outcome == CONFIRMED:
        explain_confirmed(engine, programme, [case], clock)
    return case


def explain_confirmed(store: Engine, programme: Programme, cases: Sequence[ReviewCase], clock: Clock) -> int:
    """An entry without points for each confirmed case that has none; returns how many. The books say why nothing was earned."""
    entries = [
        NoAward(
            f"{programme.programme_id}|review|{case.source_id}|{case.document_no}|{case.order_id}", case.source_id, case.document_no,
            _ordered_on(case), case.member, case.decider, f"review_{case.reason_code}",
            json.dumps({"reason": f"review_{case.reason_code}", "variant": case.variant, **case.figures}),
        ) for case in cases
    ]  # fmt: skip
    return post_awards(store, programme, [], clock, entries).no_awards if entries else 0


def orders_waiting(store: Engine, programme: Programme) -> frozenset[int]:
    """Orders whose points are not posted: a case of theirs is open, answered or confirmed."""
    return frozenset(case.order_id for case in cases_in_state(store, programme, (*WAITING, CONFIRMED)))


def cases_in_state(store: Engine, programme: Programme, statuses: Sequence[str]) -> list[ReviewCase]:
    """Every case of a programme in these states."""
    with reading(store) as connection:
        return _cases(connection, review_cases.c.programme_id == programme.programme_id, review_cases.c.status.in_(statuses))


def cases_of_member(engine: Engine, programme: Programme, member: int) -> list[ReviewCase]:
    """The cases of a member and whoever is merged with it, newest first."""
    with reading(engine) as connection:
        group = groups_of(connection).get(member, (member,))
        return _cases(
            connection, review_cases.c.programme_id == programme.programme_id, review_cases.c.member_party_id.in_(group)
        )[:CASES_MAX]


def cases_of_decider(engine: Engine, programme: Programme, decider: int) -> list[ReviewCase]:
    """The cases that a distributor decides, newest first; 0: the manufacturer."""
    with reading(engine) as connection:
        return _cases(
            connection, review_cases.c.programme_id == programme.programme_id, review_cases.c.distributor_party_id == decider
        )[:CASES_MAX]


def case_history(engine: Engine, case_id: str) -> list[CaseEvent]:
    """What happened to a case, oldest first. The caller has read the case under its own scope."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(review_case_events).where(review_case_events.c.case_id == case_id).order_by(review_case_events.c.event_no)
        )
        return [CaseEvent(row.status, row.recorded_at, row.actor, row.note) for row in rows]


def _move(
    connection: Connection, case_id: str, expected: Sequence[str], status: str, clock: Clock, actor: str | None, note: str,
    answer: str | None = None,
) -> None:  # fmt: skip
    """From one of the expected states to another: whoever comes first."""
    values = {"status": status, "changed_at": clock.now(), "changed_by": actor} | ({} if answer is None else {"answer": answer})
    won = connection.execute(
        review_cases.update().where(review_cases.c.case_id == case_id, review_cases.c.status.in_(expected)).values(**values)
    ).rowcount
    if not won:
        found = connection.execute(select(review_cases.c.status).where(review_cases.c.case_id == case_id)).scalar_one()
        raise ConflictError(
            "LOY-522", where=f"case {case_id}", found=f"one that is {found}", expected="one that is not decided yet",
            next_step="Load the page again; somebody has decided it.",
        )  # fmt: skip
    _note(connection, case_id, status, clock, actor, note)


def _note(connection: Connection, case_id: str, status: str, clock: Clock, actor: str | None, note: str) -> None:
    connection.execute(
        review_case_events.insert().values(
            case_id=case_id, status=status, recorded_at=clock.now(), actor=actor, note=note[:1_000]
        )
    )


def _key(programme: Programme, hit: Hit) -> str:
    document = hit.document
    return f"{programme.programme_id}|{hit.reason_code}|{document.source_id}|{document.document_no}|{document.order_id}"


def _of(connection: Connection, case_id: str, *conditions: ColumnElement[bool]) -> ReviewCase:
    found = _cases(connection, review_cases.c.case_id == case_id, *conditions)
    if not found:
        raise InputRefusedError(
            "LOY-520", where=f"case {case_id}", found="none of yours", expected="a case that you may act on",
            next_step="Look at your list of cases.",
        )  # fmt: skip
    return found[0]


def _cases(connection: Connection, *conditions: ColumnElement[bool]) -> list[ReviewCase]:
    rows = connection.execute(
        select(review_cases).where(*conditions).order_by(review_cases.c.opened_at.desc(), review_cases.c.case_key)
    )
    return [_case(row) for row in rows]


def _case(row: Row[tuple[object, ...]]) -> ReviewCase:
    figures = json.loads(row.detail)
    variant = str(figures.pop("variant"))
    return ReviewCase(row.case_id, int(row.order_id), row.source_id, row.document_no, int(row.member_party_id), int(row.distributor_party_id),
                      row.reason_code, variant, figures, row.status, row.answer, row.opened_at, row.changed_at)  # fmt: skip


def _ordered_on(case: ReviewCase) -> date:
    return date.fromisoformat(str(case.figures["ordered_on"]))
