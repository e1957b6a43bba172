"""Posting what documents are worth: the difference between that and what the ledger holds for them, batch by batch.

Everything is decided inside the writing transaction from what is stored, so a retry, a second run or a correction in any order
ends in the same balances, and posting the same twice adds nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, case, func, select

from core.clock import Clock
from core.store import writing
from loyalty.books import Books
from loyalty.domain.points import OpenLot, draw, draw_order, expiry_of, moment_of_day
from loyalty.domain.programme import Programme
from loyalty.evaluation import EvaluatedDocument
from loyalty.tables import journal, transfers


@dataclass(frozen=True, slots=True)
class PostingReport:
    """What a call posted: journal entries and points, added up over its documents."""

    awards: int
    reversals: int
    points_awarded: int
    points_reversed: int


@dataclass(slots=True)
class _Posted:
    """What the ledger holds for a cause: net points and first award per member, and how many entries."""

    net_points: dict[int, int] = field(default_factory=dict)
    award_ids: dict[int, int] = field(default_factory=dict)
    entries: int = 0


def post_awards(engine: Engine, programme: Programme, documents: Iterable[EvaluatedDocument], clock: Clock) -> PostingReport:
    """Post the difference for each document, all in one transaction. Worth above posted: award; below: reversal.

    A reversal takes points from the document's own lots first, then from the member's other lots; what is
    spent already becomes debt, and the next credits settle debt first.
    """
    wanted = {document.cause: document for document in documents}
    with writing(engine) as connection:
        books = Books(connection, programme.programme_id, programme.currency, clock.now())
        books.lock_members({member for document in wanted.values() for member, _ in document.worth})
        posted = _posted(connection, list(wanted))
        books.lock_members({member for known in posted.values() for member in known.net_points})
        for cause, document in wanted.items():
            _settle_difference(books, programme, document, posted.get(cause, _Posted()))
        books.write()
        return PostingReport(
            books.count("award"), books.count("reversal"), books.points("award"), books.points("reversal")
        )  # fmt: skip


def _settle_difference(books: Books, programme: Programme, document: EvaluatedDocument, posted: _Posted) -> None:
    ordinal, worth = posted.entries, dict(document.worth)
    for member in sorted(posted.net_points.keys() | worth.keys()):
        difference = worth.get(member, 0) - posted.net_points.get(member, 0)
        if difference == 0:
            continue
        ordinal += 1
        key = f"{document.cause}|{document.rule.version}|{ordinal}"
        effective_at = moment_of_day(document.ordered_on, programme.time_zone)
        kind = "award" if difference > 0 else "reversal"
        entry = books.enter(
            kind, member, key, request_hash(kind, member, difference, document.explanation), effective_at, document.explanation,
            cause=document.cause, source_id=document.source_id, document_no=document.document_no,
            rule_id=document.rule.rule_id, rule_version=document.rule.version,
            reverses=posted.award_ids.get(member) if difference < 0 else None,
        )  # fmt: skip
        if difference > 0:
            expires_at = expiry_of(document.ordered_on, document.rule.expires_after_months, programme.time_zone)
            books.credit_lot(entry, member, difference, earned_at=effective_at, expires_at=expires_at)
        else:
            _take_back(books, entry, member, document, -difference)


def _take_back(books: Books, entry: int, member: int, document: EvaluatedDocument, points: int) -> None:
    """The document's own lots in draw order, then the member's other lots, and only then debt: who owes has nothing to spend."""
    own = books.open_lots_of_cause(document.cause, member)
    missing = points
    for lot in draw_order(own):
        taken = min(lot.points_left, missing)
        if taken:
            books.move(entry, member, "available", "liability", taken, lot.lot_id)
            missing -= taken
    if missing:
        missing -= _draw_any(books, entry, member, missing, books.open_lots(member))
    if missing:
        books.owe(entry, member, missing)


def _draw_any(books: Books, entry: int, member: int, points: int, lots: Sequence[OpenLot]) -> int:
    draws = draw(lots, points, None)
    for taken in draws:
        books.move(entry, member, "available", "liability", taken.points, taken.lot_id)
    return sum(taken.points for taken in draws)


def request_hash(*parts: object) -> str:
    """A hash of what was asked for, kept beside the idempotency key."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()


CAUSES_PER_QUERY = 10_000
"""Bound parameters per query stay below SQLite's limit of 32,766."""


_SIGNED = case(
    (transfers.c.debit_account == "liability", transfers.c.points),
    (transfers.c.credit_account == "liability", -transfers.c.points),
    else_=0,
)
"""Points that a transfer gave to (or took back from) the member."""


def _posted(connection: Connection, causes: Sequence[str]) -> dict[str, _Posted]:
    found: dict[str, _Posted] = defaultdict(_Posted)
    for start in range(0, len(causes), CAUSES_PER_QUERY):
        rows = connection.execute(
            select(
                journal.c.cause,
                journal.c.member_party_id,
                func.sum(_SIGNED),
                func.count(journal.c.journal_id.distinct()),
                func.min(case((journal.c.kind == "award", journal.c.journal_id))),
            )
            .join(transfers, transfers.c.journal_id == journal.c.journal_id)
            .where(journal.c.cause.in_(causes[start : start + CAUSES_PER_QUERY]))
            .group_by(journal.c.cause, journal.c.member_party_id)
        )
        for cause, member, points, entries, award_id in rows:
            found[cause].net_points[int(member)] = int(points)
            if award_id is not None:
                found[cause].award_ids[int(member)] = int(award_id)
            found[cause].entries += int(entries)
    return dict(found)


def posted_points(connection: Connection, programme_id: str) -> dict[tuple[str, int], int]:
    """Net points that the ledger holds per cause and member of a programme."""
    rows = connection.execute(
        select(journal.c.cause, journal.c.member_party_id, func.sum(_SIGNED))
        .join(transfers, transfers.c.journal_id == journal.c.journal_id)
        .where(journal.c.programme_id == programme_id, journal.c.cause.is_not(None))
        .group_by(journal.c.cause, journal.c.member_party_id)
    )
    return {(str(cause), int(member)): int(points) for cause, member, points in rows}
