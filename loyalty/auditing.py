"""Does the ledger add up: chain, folds, lots, and both ways with the orders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, case, func, select, text

from core.store import reading, writing
from loyalty.books import POSTING_LOCK
from loyalty.evaluation import EvaluatedDocument
from loyalty.posting import posted_points
from loyalty.tables import journal, lots, members, seals, transfers

ROWS_PER_BATCH = 20_000
GENESIS = "0" * 64

EXPORT_COLUMNS = (
    ("transfer_id", "BIGINT"), ("journal_id", "BIGINT"), ("idempotency_key", "VARCHAR"), ("kind", "VARCHAR"),
    ("member_party_id", "BIGINT"), ("lot_id", "BIGINT"), ("points", "BIGINT"), ("debit_account", "VARCHAR"),
    ("credit_account", "VARCHAR"), ("effective_at", "TIMESTAMP"), ("recorded_at", "TIMESTAMP"), ("programme_id", "VARCHAR"),
    ("rule_id", "VARCHAR"), ("rule_version", "INTEGER"), ("source_id", "VARCHAR"), ("document_no", "VARCHAR"),
    ("cause", "VARCHAR"), ("currency", "VARCHAR"), ("reverses_journal_id", "BIGINT"), ("available_at", "TIMESTAMP"), ("expires_at", "TIMESTAMP"),
)  # fmt: skip
"""What the warehouse copies of each transfer: (name, DuckDB type). Moments are UTC without zone."""


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
    columns = [
        transfers.c.transfer_id, transfers.c.journal_id, journal.c.idempotency_key, journal.c.kind,
        transfers.c.member_party_id, transfers.c.lot_id, transfers.c.points, transfers.c.debit_account,
        transfers.c.credit_account, journal.c.effective_at, journal.c.recorded_at, journal.c.programme_id, journal.c.rule_id,
        journal.c.rule_version, journal.c.source_id, journal.c.document_no, journal.c.cause, journal.c.currency,
        journal.c.reverses_journal_id, lots.c.available_at, lots.c.expires_at,
    ]  # fmt: skip
    last = transfer_id
    while True:
        with writing(engine) as connection:
            _without_writers(connection)
            rows = connection.execute(
                select(*columns)
                .join(journal, journal.c.journal_id == transfers.c.journal_id)
                .outerjoin(lots, lots.c.lot_id == transfers.c.lot_id)
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


def verify(engine: Engine) -> VerifyReport:
    """Check every promise of the books: the chain, entries with transfers, lots that never go below zero, cached balances."""
    with reading(engine) as connection:
        sealed, findings = _verify_chain(connection)
        findings += _empty_entries(connection) + _broken_lots(connection) + _wrong_balances(connection)
        counts = [
            int(connection.execute(select(func.count()).select_from(t)).scalar_one()) for t in (journal, transfers, members)
        ]
    return VerifyReport(counts[0], counts[1], counts[2], sealed, tuple(findings))


def reconcile(engine: Engine, programme_id: str, documents: list[EvaluatedDocument]) -> list[str]:
    """Orders and ledger, both ways: each document has exactly what it is worth, and each posted cause is a live document."""
    with reading(engine) as connection:
        posted = posted_points(connection, programme_id)
    worth = {(document.cause, member): points for document in documents for member, points in document.worth}
    missing = [f"{cause}: member {member} is owed {points}, the ledger has {posted.get((cause, member), 0)}"
               for (cause, member), points in sorted(worth.items()) if posted.get((cause, member), 0) != points]  # fmt: skip
    orphans = [f"{cause}: the ledger has {points} for member {member}, no order is worth it"
               for (cause, member), points in sorted(posted.items()) if points and (cause, member) not in worth]  # fmt: skip
    return missing + orphans


def _without_writers(connection: Connection) -> None:
    """Ids come from sequences: wait until no posting is under way, so that no lower id can appear later."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": POSTING_LOCK})


def _entries_after(connection: Connection, journal_id: int) -> list[tuple[int, str]]:
    """Entries with their transfers as one text each, in the order of their ids."""
    entries = connection.execute(
        select(journal).where(journal.c.journal_id > journal_id).order_by(journal.c.journal_id).limit(ROWS_PER_BATCH)
    ).all()
    if not entries:
        return []
    moves: dict[int, list[str]] = {}
    for row in connection.execute(
        select(transfers)
        .where(transfers.c.journal_id.between(entries[0].journal_id, entries[-1].journal_id))
        .order_by(transfers.c.transfer_id)
    ):
        moves.setdefault(int(row.journal_id), []).append("|".join(str(value) for value in row))
    return [
        (int(entry.journal_id), "\x1f".join([*(str(value) for value in entry), *moves.get(int(entry.journal_id), [])]))
        for entry in entries
    ]


def _link(before: str, content: str) -> str:
    return hashlib.sha256(f"{before}\n{content}".encode()).hexdigest()


def _verify_chain(connection: Connection) -> tuple[int, list[str]]:
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
    return seen, []


def _empty_entries(connection: Connection) -> list[str]:
    rows = connection.execute(
        select(journal.c.journal_id).where(
            ~select(transfers.c.transfer_id).where(transfers.c.journal_id == journal.c.journal_id).exists()
        )
    )
    return [f"entry {row[0]} has no transfer" for row in rows]


def _broken_lots(connection: Connection) -> list[str]:
    came = func.sum(case((transfers.c.credit_account == "available", transfers.c.points), else_=0))
    went = func.sum(case((transfers.c.debit_account == "available", transfers.c.points), else_=0))
    rows = connection.execute(
        select(lots.c.lot_id, lots.c.points, came, went)
        .outerjoin(transfers, transfers.c.lot_id == lots.c.lot_id)
        .group_by(lots.c.lot_id, lots.c.points)
        .having((came - went < 0) | (came != lots.c.points) | came.is_(None))
    )
    return [f"lot {row[0]}: opened with {row[1]}, {row[2]} came in and {row[3]} went out" for row in rows]


def _wrong_balances(connection: Connection) -> list[str]:
    def fold(account: str, sign: int) -> Any:
        return func.sum(case((transfers.c.credit_account == account, sign * transfers.c.points),
                             (transfers.c.debit_account == account, -sign * transfers.c.points), else_=0))  # fmt: skip

    folded = {
        (int(row[0]), row[1], row[2]): (int(row[3]), int(row[4]))
        for row in connection.execute(
            select(
                transfers.c.member_party_id, journal.c.programme_id, journal.c.currency, fold("available", 1), fold("debt", -1)
            )
            .join(journal, journal.c.journal_id == transfers.c.journal_id)
            .group_by(transfers.c.member_party_id, journal.c.programme_id, journal.c.currency)
        )
    }
    cached = {
        (int(row.member_party_id), row.programme_id, row.currency): (int(row.points_available), int(row.points_debt))
        for row in connection.execute(select(members))
    }
    return [
        f"member {member} in {programme}: the cache says {cached.get((member, programme, currency))}, the transfers fold to "
        f"{folded.get((member, programme, currency))}"
        for member, programme, currency in sorted(folded.keys() | cached.keys())
        if cached.get((member, programme, currency), (0, 0)) != folded.get((member, programme, currency), (0, 0))
    ]


def _naive(value: object) -> object:
    from datetime import datetime

    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
