"""Does the ledger add up: chain, folds, lots, and both ways with the orders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, case, func, or_, select, text

from core.store import reading, writing
from loyalty.domain.programme import Programme
from loyalty.evaluated import EvaluatedDocument
from loyalty.lot_states import fold
from loyalty.posting import posted_points
from loyalty.tables import cap_uses, caps, closed_periods, holds, journal, lot_terms, lots, members, seals, transfers
from loyalty.writing import POSTING_LOCK

ROWS_PER_BATCH = 20_000
GENESIS = "0" * 64

EXPORT_COLUMNS = (
    ("transfer_id", "BIGINT"), ("journal_id", "BIGINT"), ("idempotency_key", "VARCHAR"), ("kind", "VARCHAR"),
    ("member_party_id", "BIGINT"), ("owner_party_id", "BIGINT"), ("lot_id", "BIGINT"), ("points", "BIGINT"),
    ("debit_account", "VARCHAR"), ("credit_account", "VARCHAR"), ("effective_at", "TIMESTAMP"), ("recorded_at", "TIMESTAMP"),
    ("booked_on", "DATE"), ("programme_id", "VARCHAR"), ("rule_id", "VARCHAR"), ("rule_version", "INTEGER"), ("campaign_id", "VARCHAR"),
    ("source_id", "VARCHAR"), ("document_no", "VARCHAR"), ("cause", "VARCHAR"), ("currency", "VARCHAR"), ("tier", "VARCHAR"),
    ("distributor_party_id", "BIGINT"), ("reverses_journal_id", "BIGINT"), ("lot_cause", "VARCHAR"), ("earned_at", "TIMESTAMP"),
    ("available_at", "TIMESTAMP"), ("expires_at", "TIMESTAMP"), ("funders", "VARCHAR"),
)  # fmt: skip
"""What the warehouse copies of each transfer: (name, DuckDB type). Moments are UTC without zone. `owner_party_id` is whose lot it is, or
whose debt; `lot_cause` is what the lot was earned with."""


ACTIVITY_KINDS = ("award", "redeem", "hold")
"""Entries that keep points alive which live by the member's activity."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A sealed entry and the chain's hash up to it."""

    journal_id: int
    chain_hash: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was looked at, and every finding. No findings: the books add up."""

    entries: int
    transfers: int
    members: int
    sealed: int
    findings: tuple[str, ...]


def transfers_after(engine: Engine, transfer_id: int) -> Iterator[list[tuple[object, ...]]]:
    """Transfers with a higher id, in batches, in the order of their ids, as EXPORT_COLUMNS."""
    origins = journal.alias("origins")
    columns = [
        transfers.c.transfer_id, transfers.c.journal_id, journal.c.idempotency_key, journal.c.kind, transfers.c.member_party_id,
        func.coalesce(lots.c.member_party_id, transfers.c.member_party_id), transfers.c.lot_id, transfers.c.points,
        transfers.c.debit_account, transfers.c.credit_account, journal.c.effective_at, journal.c.recorded_at, journal.c.booked_on,
        journal.c.programme_id, journal.c.rule_id, journal.c.rule_version, journal.c.campaign_id, journal.c.source_id,
        journal.c.document_no, journal.c.cause, journal.c.currency, journal.c.tier, journal.c.distributor_party_id,
        journal.c.reverses_journal_id, origins.c.cause, lots.c.earned_at, lots.c.available_at, lots.c.expires_at, lots.c.funders,
    ]  # fmt: skip
    last = transfer_id
    while True:
        with writing(engine) as connection:
            _without_writers(connection)
            rows = connection.execute(
                select(*columns)
                .join(journal, journal.c.journal_id == transfers.c.journal_id)
                .outerjoin(lots, lots.c.lot_id == transfers.c.lot_id)
                .outerjoin(origins, origins.c.journal_id == lots.c.journal_id)
                .where(transfers.c.transfer_id > last).order_by(transfers.c.transfer_id).limit(ROWS_PER_BATCH)
            ).all()  # fmt: skip
        if not rows:
            return
        last = int(rows[-1][0])
        yield [tuple(_naive(value) for value in row) for row in rows]


def seal(engine: Engine) -> int:
    """Chain every entry that is not sealed yet, off the posting path. Returns how many."""
    sealed = 0
    while True:
        with writing(engine) as connection:
            _without_writers(connection)
            last = connection.execute(select(seals).order_by(seals.c.journal_id.desc()).limit(1)).one_or_none()
            entries = _entries_after(connection, int(last.journal_id) if last else 0)
            if not entries:
                return sealed
            chain, rows = (last.chain_hash if last else GENESIS), []
            for journal_id, content in entries:
                chain = _link(chain, content)
                rows.append({"journal_id": journal_id, "chain_hash": chain})
            connection.execute(seals.insert(), rows)
            sealed += len(rows)


def verify(engine: Engine, anchor: Anchor | None = None) -> VerifyReport:
    """Check every promise of the books: the chain and its anchor outside, entries with transfers, lots that never go below zero, caches."""
    with reading(engine) as connection:
        sealed, findings = _verify_chain(connection, anchor)
        findings += _empty_entries(connection) + _broken_lots(connection) + _wrong_balances(connection) + _wrong_caps(connection)
        findings += _wrong_holds(connection) + _booked_in_closed_periods(connection)
        counts = [
            int(connection.execute(select(func.count()).select_from(t)).scalar_one()) for t in (journal, transfers, members)
        ]
    return VerifyReport(counts[0], counts[1], counts[2], sealed, tuple(findings))


def rebuild(engine: Engine) -> int:
    """Write every cached figure anew from what is append-only; returns how many were wrong. The books themselves are not touched."""
    with writing(engine) as connection:
        _without_writers(connection)
        wrong = len(_wrong_balances(connection)) + len(_wrong_caps(connection))
        folded = _folded_members(connection)
        connection.execute(members.delete())
        if folded:
            connection.execute(members.insert(), [
                {"member_party_id": member, "programme_id": programme, "currency": currency, **figures}
                for (member, programme, currency), figures in sorted(folded.items())
            ])  # fmt: skip
        connection.execute(caps.delete())
        used = _folded_caps(connection)
        if used:
            connection.execute(caps.insert(), [{"cap_key": key, "points_used": points} for key, points in sorted(used.items())])
        return wrong


def reconcile(
    engine: Engine, programme: Programme, documents: list[EvaluatedDocument], *, campaign_id: str | None = None
) -> list[str]:
    """Orders and ledger, both ways: each document was decided at exactly what it is worth, the ledger holds that (less only where a cap
    cut), and each posted cause is a live document. With `campaign_id` only what was posted under that campaign."""
    with reading(engine) as connection:
        posted = posted_points(connection, programme.programme_id, campaign_id)
    worth = {
        (document.cause, member, programme.currency_of(document.gives)): (points, document.rule.is_capped)
        for document in documents
        for member, points in document.worth
    }
    return compare_with_ledger(worth, posted)


def compare_with_ledger(
    worth: Mapping[tuple[str, int, str], tuple[int, bool]], posted: Mapping[tuple[str, int, str], tuple[int, int]]
) -> list[str]:
    """(points, whether capped) per cause, member and currency, beside (held, decided): every difference, both ways, in words."""
    findings = []
    for place, (points, is_capped) in worth.items():
        held, decided = posted.get(place, (0, 0))
        if decided != points or (held != points and not (is_capped and held < points)):
            findings.append(
                f"{place[0]}: member {place[1]} is owed {points} {place[2]}, the ledger decided {decided} and has {held}"
            )
    findings += [f"{cause}: the ledger has {held} {currency} for member {member}, no order is worth it"
                 for (cause, member, currency), (held, decided) in posted.items() if (held or decided) and (cause, member, currency) not in worth]  # fmt: skip
    return findings


def tip(engine: Engine) -> Anchor | None:
    """The newest sealed entry and its hash: what an anchor outside the database keeps."""
    with reading(engine) as connection:
        last = connection.execute(select(seals).order_by(seals.c.journal_id.desc()).limit(1)).one_or_none()
    return None if last is None else Anchor(int(last.journal_id), str(last.chain_hash))


def _without_writers(connection: Connection) -> None:
    """Ids come from sequences: wait until no posting is under way, so that no lower id can appear later."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": POSTING_LOCK})


def _entries_after(connection: Connection, journal_id: int) -> list[tuple[int, str]]:
    """Entries with their transfers, lots and terms as one text each, in the order of their ids."""
    entries = connection.execute(
        select(journal).where(journal.c.journal_id > journal_id).order_by(journal.c.journal_id).limit(ROWS_PER_BATCH)
    ).all()
    if not entries:
        return []
    moves: dict[int, list[str]] = {}
    first, last = entries[0].journal_id, entries[-1].journal_id
    for row in connection.execute(
        select(transfers).where(transfers.c.journal_id.between(first, last)).order_by(transfers.c.transfer_id)
    ):
        moves.setdefault(int(row.journal_id), []).append("|".join(str(value) for value in row))
    for table in (lots, lot_terms):
        rows = connection.execute(select(table).where(table.c.journal_id.between(first, last)).order_by(table.c.lot_id))
        for row in rows:
            moves.setdefault(-int(row.journal_id), []).append(f"{table.name}|" + "|".join(str(value) for value in row))
    return [(int(entry.journal_id), _content(tuple(entry), moves)) for entry in entries]


def _content(entry: tuple[Any, ...], moves: dict[int, list[str]]) -> str:
    """What is hashed of an entry. One that was booked before entries had a day of the books is hashed as it was then: its first columns
    and its transfers, so that chains sealed by earlier versions hold."""
    journal_id, columns = int(entry[0]), [column.name for column in journal.columns]
    first = columns.index("booked_on")
    parts = [str(value) for value in entry[:first]] + moves.get(journal_id, [])
    if entry[first] is not None:
        parts += [f"{name}={value}" for name, value in zip(columns[first:], entry[first:], strict=True)]
        parts += moves.get(-journal_id, [])
    return "\x1f".join(parts)


def _link(before: str, content: str) -> str:
    return hashlib.sha256(f"{before}\n{content}".encode()).hexdigest()


def _verify_chain(connection: Connection, anchor: Anchor | None) -> tuple[int, list[str]]:
    stored = {int(row.journal_id): row.chain_hash for row in connection.execute(select(seals))}
    chain, last, seen = GENESIS, 0, 0
    while entries := _entries_after(connection, last):
        for journal_id, content in entries:
            last = journal_id
            if journal_id not in stored:
                if any(other > journal_id for other in stored):
                    return seen, [f"entry {journal_id} stands before sealed entries and is not sealed"]
                continue
            chain = _link(chain, content)
            if stored[journal_id] != chain:
                return seen, [f"the chain breaks at entry {journal_id}: it or an earlier entry was changed or removed"]
            seen += 1
    if seen != len(stored):
        return seen, [f"{len(stored) - seen} sealed entries are gone"]
    if anchor is not None and stored.get(anchor.journal_id) != anchor.chain_hash:
        return seen, [f"the anchor outside the database knows entry {anchor.journal_id} with another hash, or it was cut off"]
    return seen, []


def _empty_entries(connection: Connection) -> list[str]:
    rows = connection.execute(
        select(journal.c.journal_id).where(
            journal.c.kind != "no_award",
            ~select(transfers.c.transfer_id).where(transfers.c.journal_id == journal.c.journal_id).exists(),
        )
    )
    return [f"entry {row[0]} has no transfer" for row in rows]


def _broken_lots(connection: Connection) -> list[str]:
    """A lot came in once, whole; and what is in each of its states is never below zero, so the states add up to what was earned."""
    came = func.sum(case((transfers.c.debit_account == "liability", transfers.c.points), else_=0))
    states = [fold(account) for account in ("pending", "available", "held", "redeemed", "breakage")]
    rows = connection.execute(
        select(lots.c.lot_id, lots.c.points, came, *states)
        .outerjoin(transfers, transfers.c.lot_id == lots.c.lot_id)
        .group_by(lots.c.lot_id, lots.c.points)
        .having(or_(came != lots.c.points, came.is_(None), *(state < 0 for state in states)))
    )
    return [
        f"lot {row[0]}: opened with {row[1]}, {row[2]} came in; pending, available, held, redeemed, expired: {tuple(row[3:])}"
        for row in rows
    ]


def _folded_members(connection: Connection) -> dict[tuple[int, str, str], dict[str, object]]:
    """What the members' cache must say: balances of lots by owner, debt by member, the newest award or redemption."""
    owner = case((lots.c.member_party_id.is_not(None), lots.c.member_party_id), else_=transfers.c.member_party_id)
    found: dict[tuple[int, str, str], dict[str, object]] = {}

    def row_of(key: tuple[int, str, str]) -> dict[str, object]:
        return found.setdefault(
            key, {"points_available": 0, "points_pending": 0, "points_held": 0, "points_debt": 0, "last_activity_at": None}
        )

    for member, programme, currency, available, pending, held in connection.execute(
        select(owner, journal.c.programme_id, journal.c.currency, fold("available"), fold("pending"), fold("held"))
        .join(journal, journal.c.journal_id == transfers.c.journal_id).outerjoin(lots, lots.c.lot_id == transfers.c.lot_id)
        .where(transfers.c.lot_id.is_not(None)).group_by(owner, journal.c.programme_id, journal.c.currency)
    ):  # fmt: skip
        row_of((int(member), programme, currency)).update(
            points_available=int(available), points_pending=int(pending), points_held=int(held)
        )
    for member, programme, currency, debt in connection.execute(
        select(transfers.c.member_party_id, journal.c.programme_id, journal.c.currency, -fold("debt"))
        .join(journal, journal.c.journal_id == transfers.c.journal_id)
        .group_by(transfers.c.member_party_id, journal.c.programme_id, journal.c.currency)
    ):  # fmt: skip
        row_of((int(member), programme, currency))["points_debt"] = int(debt)
    for member, programme, currency, moment in connection.execute(
        select(journal.c.member_party_id, journal.c.programme_id, journal.c.currency, func.max(journal.c.effective_at))
        .where(journal.c.kind.in_(ACTIVITY_KINDS)).group_by(journal.c.member_party_id, journal.c.programme_id, journal.c.currency)
    ):  # fmt: skip
        row_of((int(member), programme, currency))["last_activity_at"] = moment
    return found


def _wrong_balances(connection: Connection) -> list[str]:
    folded = {key: tuple(figures.values()) for key, figures in _folded_members(connection).items()}
    cached = {
        (int(row.member_party_id), row.programme_id, row.currency): (
            int(row.points_available), int(row.points_pending), int(row.points_held), int(row.points_debt), row.last_activity_at)
        for row in connection.execute(select(members))
    }  # fmt: skip
    nothing = (0, 0, 0, 0, None)
    return [
        f"member {key[0]} in {key[1]}: the cache says {cached.get(key)}, the transfers fold to {folded.get(key)}"
        for key in sorted(folded.keys() | cached.keys())
        if cached.get(key, nothing) != folded.get(key, nothing)
    ]


def _folded_caps(connection: Connection) -> dict[str, int]:
    rows = connection.execute(select(cap_uses.c.cap_key, func.sum(cap_uses.c.points)).group_by(cap_uses.c.cap_key))
    return {str(key): int(points) for key, points in rows}


def _wrong_caps(connection: Connection) -> list[str]:
    folded, cached = _folded_caps(connection), {str(row[0]): int(row[1]) for row in connection.execute(select(caps))}
    return [
        f"cap {key}: the cache says {cached.get(key, 0)}, its uses fold to {folded.get(key, 0)}"
        for key in sorted(folded.keys() | cached.keys())
        if cached.get(key, 0) != folded.get(key, 0)
    ]


def _wrong_holds(connection: Connection) -> list[str]:
    """A hold is resolved at most once, by one entry; only an open one holds points."""
    resolving = journal.alias("resolving")
    times = func.count(resolving.c.journal_id)
    rows = connection.execute(
        select(holds.c.hold_id, holds.c.status, times)
        .outerjoin(resolving, (resolving.c.reverses_journal_id == holds.c.journal_id) & resolving.c.kind.in_(("capture", "release")))
        .group_by(holds.c.hold_id, holds.c.status).having((times > 1) | ((holds.c.status == "open") & (times > 0)))
    )  # fmt: skip
    found = [f"hold {row[0]} is {row[1]} and was resolved {row[2]} times" for row in rows]
    belongs = func.coalesce(journal.c.reverses_journal_id, journal.c.journal_id)
    left = (
        select(belongs.label("entry"), fold("held").label("points"))
        .join(journal, journal.c.journal_id == transfers.c.journal_id)
        .where(or_(transfers.c.credit_account == "held", transfers.c.debit_account == "held")).group_by(belongs).subquery()
    )  # fmt: skip
    rows = connection.execute(
        select(left.c.entry, left.c.points, holds.c.status).outerjoin(holds, holds.c.journal_id == left.c.entry)
        .where(left.c.points != 0, or_(holds.c.status.is_(None), holds.c.status != "open"))
    )  # fmt: skip
    return found + [f"entry {row[0]} holds {row[1]} points, its hold is {row[2] or 'gone'}" for row in rows]


def _booked_in_closed_periods(connection: Connection) -> list[str]:
    rows = connection.execute(
        select(journal.c.journal_id, journal.c.booked_on).distinct()
        .join(closed_periods, closed_periods.c.programme_id == journal.c.programme_id)
        .where(journal.c.booked_on <= closed_periods.c.closed_until, journal.c.recorded_at > closed_periods.c.closed_at)
    )  # fmt: skip
    return [f"entry {row[0]} was booked on {row[1]} after that period was closed" for row in rows]


def _naive(value: object) -> object:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
