"""What people decided about candidates, and how a run carries it out.

A merge is a map from one party's number to another's; every row keeps what it says. So an undo is the map without that entry, and facts find
back to where they were. Changes of the map are a batch of their own, which tells the models whose rows to look at again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb
from sqlalchemy import Connection, Engine, select

from core.clock import Clock
from core.errors import ConflictError
from core.store import reading, writing
from ingestion.intake.tables import match_decisions

Verdict = Literal["merge", "distinct", "undo"]


@dataclass(frozen=True, slots=True, order=True)
class PartyKey:
    """A party by its number in the master of a source."""

    source_id: str
    party_ref: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The newest verdict on a pair: `merge` (the first became part of the second), `distinct`, or `undo` (open again)."""

    decision_no: int
    party: PartyKey
    into: PartyKey
    verdict: str
    recorded_at: datetime
    actor: str | None


def decide(engine: Engine, party: PartyKey, into: PartyKey, verdict: Verdict, clock: Clock, *, actor: str | None = None) -> int:
    """Record a verdict; the next run carries it out. Returns its number.

    Raises ConflictError ING-701: a party cannot be part of itself, of two others, or of one that is part of another; an undo needs a merge or distinct.
    """
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("lock table match_decisions in exclusive mode")
        merged = _merged(connection)
        newest = _newest(connection).get(frozenset((party, into)))
        others = [key for key in (into, party) if key in merged]
        if verdict == "merge" and (party == into or others or party in merged.values()):
            raise _conflict(
                f"{party.party_ref} and {into.party_ref}",
                "one that is part of another, or has others",
                "Undo the earlier merge first.",
            )
        if verdict == "undo" and (newest is None or newest.verdict == "undo"):
            raise _conflict(f"{party.party_ref} and {into.party_ref}", "nothing to undo", "Load the page again.")
        if verdict == "distinct" and newest is not None and newest.verdict == "merge":
            raise _conflict(f"{party.party_ref} and {into.party_ref}", "a merge", "Undo the merge first.")
        made = connection.execute(match_decisions.insert().values(
            source_id=party.source_id, party_ref=party.party_ref, into_source_id=into.source_id, into_party_ref=into.party_ref,
            verdict=verdict, recorded_at=clock.now(), actor=actor,
        ))  # fmt: skip
        key = made.inserted_primary_key
        return int(key[0]) if key is not None else 0


def decisions(engine: Engine) -> list[Decision]:
    """The newest verdict on every pair that has one, newest first; undone ones are left out."""
    with reading(engine) as connection:
        return sorted((one for one in _newest(connection).values() if one.verdict != "undo"), key=lambda one: -one.decision_no)


def apply_merges(connection: duckdb.DuckDBPyConnection, store: Engine, clock: Clock, run_id: str) -> int:
    """Bring `raw.party_merges` to what people decided; changes are one batch. Returns how many parties changed."""
    with reading(store) as reader:
        wanted = _merged(reader)
    rows = connection.execute(
        "select source_id, party_ref, into_source_id, into_party_ref, is_undone from raw.party_merges"
    ).fetchall()
    stored = {PartyKey(row[0], row[1]): PartyKey(row[2], row[3]) for row in rows if not row[4]}
    changed = sorted(party for party in wanted.keys() | stored.keys() if wanted.get(party) != stored.get(party))
    if not changed:
        return 0
    connection.begin()
    try:
        batch_no = _record_batch(connection, wanted, len(changed), clock, run_id)
        for party in changed:
            into = wanted.get(party) or stored[party]
            connection.execute("insert or replace into raw.party_merges values (?, ?, ?, ?, ?, ?)",
                               [party.source_id, party.party_ref, into.source_id, into.party_ref, party not in wanted, batch_no])  # fmt: skip
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return len(changed)


def _record_batch(
    connection: duckdb.DuckDBPyConnection, wanted: Mapping[PartyKey, PartyKey], changed: int, clock: Clock, run_id: str
) -> int:
    row = connection.execute("select coalesce(max(batch_no), 0) + 1 from raw.batches").fetchone()
    batch_no = int(row[0]) if row else 1
    content = json.dumps([[k.source_id, k.party_ref, v.source_id, v.party_ref] for k, v in sorted(wanted.items())])
    moment = clock.now().replace(tzinfo=None)
    connection.execute(
        """insert into raw.batches (batch_no, run_id, source_id, feed, file_name, sha256, file_bytes, landed_path, status, rows_read,
               rows_accepted, rows_quarantined, rows_duplicate, rows_corrected, started_at, finished_at)
           values ($batch, $run, 'dreiklang', 'party_merges', 'merges', $sha, 0, '', 'loaded', $rows, $rows, 0, 0, 0, $moment, $moment)""",
        {
            "batch": batch_no,
            "run": run_id,
            "sha": hashlib.sha256(content.encode()).hexdigest(),
            "rows": changed,
            "moment": moment,
        },
    )
    return batch_no


def _merged(connection: Connection) -> dict[PartyKey, PartyKey]:
    return {one.party: one.into for one in _newest(connection).values() if one.verdict == "merge"}


def _newest(connection: Connection) -> dict[frozenset[PartyKey], Decision]:
    found: dict[frozenset[PartyKey], Decision] = {}
    for row in connection.execute(select(match_decisions).order_by(match_decisions.c.decision_no)):
        party, into = PartyKey(row.source_id, row.party_ref), PartyKey(row.into_source_id, row.into_party_ref)
        found[frozenset((party, into))] = Decision(int(row.decision_no), party, into, row.verdict, row.recorded_at, row.actor)
    return found


def _conflict(where: str, found: str, next_step: str) -> ConflictError:
    return ConflictError(
        "ING-701", where=f"the parties {where}", found=found, expected="two parties that stand alone", next_step=next_step
    )
