"""Posting what documents are worth: the difference between that and what the ledger decided for them before, batch by batch.

Everything is decided inside the writing transaction from what is stored, so a retry, a second run or a correction in any order
ends in the same balances, and posting the same twice adds nothing. What a cause was worth when it was last decided stands in its
newest entry, so that an award that a cap cut is not asked for again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from core.clock import Clock
from core.store import writing
from loyalty.books import Books
from loyalty.caps import CapCounter, CapLimit, cap_limits, load_caps, write_caps
from loyalty.domain.points import expiry_of, moment_of_day
from loyalty.domain.programme import POINTS, Programme
from loyalty.evaluated import EvaluatedDocument, NoAward
from loyalty.lapsing import expire_idle_lots, expire_over, lapse_idle
from loyalty.lot_states import IDS_PER_QUERY, LotState
from loyalty.posted import SIGNED, Posted, members_of, read_caps, read_posted
from loyalty.tables import journal, transfers
from loyalty.writing import request_hash as request_hash


@dataclass(frozen=True, slots=True)
class PostingReport:
    """What a call posted: journal entries and points, added up over its documents."""

    awards: int = 0
    reversals: int = 0
    points_awarded: int = 0
    points_reversed: int = 0
    confirmed: int = 0
    no_awards: int = 0


def post_awards(
    engine: Engine, programme: Programme, documents: Iterable[EvaluatedDocument], clock: Clock, no_awards: Sequence[NoAward] = ()
) -> PostingReport:
    """Post the difference for each document, all in one transaction. Worth above decided: award; below posted: reversal.

    Points wait in `pending` until the rule's condition is met. A reversal takes points from the document's own lots first, then from
    the member's other lots; what is spent already becomes debt, and the next credits settle debt first. Caps cut awards.
    """
    wanted = {(document.cause, document.gives): document for document in documents}
    with writing(engine) as connection:
        totals = PostingReport()
        for gives in sorted({gives for _, gives in wanted} | ({POINTS} if no_awards else set())):
            chosen = {cause: document for (cause, given), document in wanted.items() if given == gives}
            books = Books(connection, programme, programme.currency_of(gives), clock.now())
            confirmed, counter = _post(books, chosen)
            written = _explain(books, no_awards) if gives == POINTS else 0
            books.write()
            write_caps(connection, counter)
            awards, reversals = books.counts("award"), books.counts("reversal")
            totals = PostingReport(totals.awards + awards[0], totals.reversals + reversals[0], totals.points_awarded + awards[1],
                                   totals.points_reversed + reversals[1], totals.confirmed + confirmed, totals.no_awards + written)  # fmt: skip
        return totals


def _post(books: Books, wanted: dict[str, EvaluatedDocument]) -> tuple[int, CapCounter]:
    causes = list(wanted)
    buyers = {member for document in wanted.values() for member, _ in document.worth}
    books.lock_members(buyers | members_of(books.connection, causes, books.currency))
    posted = read_posted(books.connection, causes, books.currency)
    lapse_idle(books, buyers)
    counter = _counter(books, wanted, posted)
    confirmed = 0
    for cause, document in wanted.items():
        known = posted.get(cause)
        _settle_difference(books, document, known or Posted(), counter)
        if known is not None and document.rule.pending_until != "booked":
            confirmed += _confirm(books, document, known)
    return confirmed, counter


def _counter(books: Books, wanted: dict[str, EvaluatedDocument], posted: dict[str, Posted]) -> CapCounter:
    """The caps that these documents may consume or give back to, locked."""
    read_caps(books.connection, posted, list(posted), books.currency)
    keys = {key for known in posted.values() for used in known.caps.values() for key in used}
    for document in wanted.values():
        if document.rule.is_capped:
            for member in dict(document.worth):
                keys |= _limits(books.programme, document, member).keys()
    return load_caps(books.connection, keys)


def _limits(programme: Programme, document: EvaluatedDocument, member: int) -> dict[str, CapLimit]:
    return cap_limits(
        programme.programme_id, document.rule, member, document.distributor, document.event_on, gives=document.gives
    )


def _settle_difference(books: Books, document: EvaluatedDocument, posted: Posted, counter: CapCounter) -> None:
    """What is taken back comes first, so that caps and lots are free for what is awarded."""
    worth = dict(document.worth)
    awards: list[tuple[int, int]] = []
    for member in sorted(posted.net_points.keys() | worth.keys()):
        now_worth, had = worth.get(member, 0), posted.net_points.get(member, 0)
        decided = posted.decided.get(member, had)
        if now_worth and had and _has_moved(books, document, posted.awarded_at.get(member)):
            _reverse(books, document, member, 0, had, posted, counter)
            awards.append((member, now_worth))
        elif now_worth < decided:
            _reverse(books, document, member, now_worth, max(0, had - now_worth), posted, counter)
        elif now_worth > decided:
            awards.append((member, now_worth - max(decided, had)))
    for member, more in awards:
        _award(books, document, member, worth.get(member, 0), more, posted, counter)


def _has_moved(books: Books, document: EvaluatedDocument, awarded_at: datetime | None) -> bool:
    """Whether a document now has another day than when it was awarded: its lots would expire by the wrong one."""
    if awarded_at is None or document.rule.grain != "document":
        return False
    return awarded_at.astimezone(ZoneInfo(books.programme.time_zone)).date() != document.event_on


def _award(
    books: Books, document: EvaluatedDocument, member: int, worth: int, more: int, posted: Posted, counter: CapCounter
) -> None:
    rule, programme = document.rule, books.programme
    limits = _limits(programme, document, member) if rule.is_capped else {}
    granted, cap_key = counter.grant(limits, more, is_partial=rule.is_cut_at_cap)
    explanation = document.explanation
    if cap_key is not None:
        explanation = json.dumps({**json.loads(explanation), "asked": more, "granted": granted, "cap": cap_key})
    effective_at = _effective_at(books, document)
    entry = _enter(books, "award" if granted else "no_award", document, member, granted, worth, posted, explanation, effective_at)
    if not granted:
        return
    counter.consume(limits, granted, entry)
    day = _available_on(books, document) or (document.event_on if rule.pending_until == "booked" else None)
    available_at = None if day is None else moment_of_day(day, programme.time_zone)
    expires_at = None if day is None else expiry_of(rule.expiry, day, document.event_on, programme.time_zone)
    funders = None if rule.funders == (("manufacturer", 100),) else ",".join(f"{name}:{share}" for name, share in rule.funders)
    is_status = document.gives != POINTS
    waits = rule.pending_until != "booked" or rule.grain != "document"  # points of a period wait until it is over
    lot = books.credit_lot(
        entry, member, granted, earned_at=moment_of_day(document.event_on, programme.time_zone), available_at=available_at,
        is_pending=waits and (day is None or day > books.today), expires_at=None if is_status else expires_at, idle_months=None if is_status else rule.expiry.inactivity_months, funders=funders,
        cause=document.cause,
    )  # fmt: skip
    expire_idle_lots(books, [lot])


def _available_on(books: Books, document: EvaluatedDocument) -> date | None:
    """The day from which the points can be spent: when the rule's condition was met, or when its last day of waiting has come. Before that
    day nobody knows yet: what they wait for may still be reported."""
    if document.rule.or_after_days is None:
        return document.available_on
    latest = document.event_on + timedelta(days=document.rule.or_after_days)
    if document.available_on is None:
        return latest if latest <= books.today else None
    return min(document.available_on, latest)


def _effective_at(books: Books, document: EvaluatedDocument) -> datetime:
    """The day of the event. A period that still runs is an event of its last day, which is not over: what it gives so far is dated today, so
    that no statement shows a date to come. Status points keep the last day, by which tiers read them; nobody's statement lists them."""
    day = document.event_on
    if document.rule.grain != "document" and document.gives == POINTS:
        day = min(day, books.today)
    return moment_of_day(day, books.programme.time_zone)


def _reverse(
    books: Books, document: EvaluatedDocument, member: int, worth: int, points: int, posted: Posted, counter: CapCounter
) -> None:
    """The document's own lots in draw order: what is pending first, then available, then expired unused. What was spent is taken from
    the member's other lots as far as they can be used, and the rest is debt."""
    award_id = posted.award_ids.get(member)
    effective_at = posted.awarded_at.get(member) or _effective_at(books, document)
    kind = "reversal" if points else "no_award"
    entry = _enter(books, kind, document, member, -points, worth, posted, document.explanation, effective_at, award_id)
    if not points:
        return
    counter.give_back(posted.caps[member], points, posted.net_points.get(member, points), entry)
    own = books.lots_of_cause(document.cause, member)
    expire_over(books, [(lot.owner, lot.lot_id) for lot in own if lot.available])
    missing = points
    for account in ("pending", "available", "breakage"):
        missing -= books.take(entry, member, account, "liability", missing, own)
    if missing:
        alive = [lot for lot in books.lots_of(member) if books.is_alive(lot)]
        missing -= books.take(entry, member, "available", "liability", missing, alive)
    if missing:
        books.move(entry, member, "debt", "liability", missing, None)


def _enter(
    books: Books, kind: str, document: EvaluatedDocument, member: int, points: int, worth: int, posted: Posted, explanation: str,
    effective_at: datetime, reverses: int | None = None,
) -> int:  # fmt: skip
    rule = document.rule
    posted.entries += 1
    key = f"{document.cause}|{books.currency}|{rule.version}|{posted.entries}"
    return books.enter(
        kind, member, key, request_hash(kind, member, points, explanation), effective_at, explanation, cause=document.cause,
        source_id=document.source_id, document_no=document.document_no, rule_id=rule.rule_id, rule_version=rule.version,
        reverses=reverses, decided=worth, tier=document.tier, distributor=document.distributor, campaign_id=rule.campaign_id,
    )  # fmt: skip


def _confirm(books: Books, document: EvaluatedDocument, posted: Posted) -> int:
    """Pending points of a document whose condition is met by now become available."""
    day = _available_on(books, document)
    if day is None or day > books.today:
        return 0
    available_at = moment_of_day(day, books.programme.time_zone)
    confirmed = 0
    for member in sorted(posted.net_points):
        waiting = [lot for lot in books.lots_of_cause(document.cause, member) if lot.pending]
        if waiting:
            expires_at = expiry_of(document.rule.expiry, day, document.event_on, books.programme.time_zone)
            confirm_lots(
                books, member, waiting, available_at, expires_at, document.cause, document.source_id, document.document_no
            )
            confirmed += 1
    return confirmed


def confirm_lots(
    books: Books, member: int, waiting: Sequence[LotState], available_at: datetime, expires_at: datetime | None, cause: str | None,
    source_id: str | None, document_no: str | None,
) -> None:  # fmt: skip
    """One entry that makes pending lots of a member available."""
    key = f"confirm|{books.programme.programme_id}|{books.currency}|{member}|{waiting[0].lot_id}|{len(waiting)}"
    points = sum(lot.pending for lot in waiting)
    explanation = json.dumps({"confirmed": points, "available_at": available_at.isoformat()})
    entry = books.enter("confirm", member, key, request_hash("confirm", member, points), available_at, explanation,
                        cause=cause, source_id=source_id, document_no=document_no)  # fmt: skip
    for lot in waiting:
        books.confirm(entry, member, lot, available_at, expires_at)
    expire_idle_lots(books, waiting)


def _explain(books: Books, no_awards: Sequence[NoAward]) -> int:
    """Documents that earned nothing under any rule: one entry without points per document and reason."""
    if not no_awards:
        return 0
    keys = {f"{one.cause}|{one.reason}": one for one in no_awards}
    known: set[str] = set()
    ordered = list(keys)
    for start in range(0, len(ordered), IDS_PER_QUERY):
        rows = books.connection.execute(
            select(journal.c.idempotency_key).where(journal.c.idempotency_key.in_(ordered[start : start + IDS_PER_QUERY]))
        )
        known |= {str(row[0]) for row in rows}
    for key, one in keys.items():
        if key not in known:
            effective_at = moment_of_day(one.event_on, books.programme.time_zone)
            books.enter("no_award", one.member, key, request_hash("no_award", one.member, one.reason), effective_at, one.explanation,
                        cause=one.cause, source_id=one.source_id, document_no=one.document_no, decided=0, distributor=one.distributor)  # fmt: skip
    return len(keys.keys() - known)


def posted_points(
    connection: Connection, programme_id: str, campaign_id: str | None = None, causes: Mapping[str, Sequence[str]] | None = None
) -> dict[tuple[str, int, str], tuple[int, int]]:
    """(cause, member, currency) -> (net points that the ledger holds, points decided before caps) of a programme, of one campaign of it,
    or of these causes by currency."""
    if causes is not None:
        return {
            (cause, member, currency): (points, known.decided[member])
            for currency, wanted in causes.items()
            for cause, known in read_posted(connection, wanted, currency).items()
            for member, points in known.net_points.items()
        }
    net = (
        select(transfers.c.journal_id, func.sum(SIGNED).label("points"))
        .where((transfers.c.debit_account == "liability") | (transfers.c.credit_account == "liability"))
        .group_by(transfers.c.journal_id).subquery()
    )  # fmt: skip
    chosen = [journal.c.programme_id == programme_id, *([journal.c.campaign_id == campaign_id] if campaign_id else [])]
    rows = connection.execute(
        select(journal.c.cause, journal.c.member_party_id, journal.c.currency, net.c.points, journal.c.points_decided)
        .outerjoin(net, net.c.journal_id == journal.c.journal_id)
        .where(*chosen, journal.c.rule_id.is_not(None), journal.c.cause.is_not(None))
        .order_by(journal.c.journal_id)
    )  # fmt: skip
    found: dict[tuple[str, int, str], tuple[int, int]] = {}
    for cause, member, currency, points, decided in rows:
        held = found.get((cause, member, currency), (0, 0))[0] + int(points or 0)
        found[cause, member, currency] = (held, held if decided is None else int(decided))
    return found
