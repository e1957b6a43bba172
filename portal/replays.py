"""A distributor has its own refused files and rows read again, after its profile was mended. Foreign and missing requests answer alike."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from core.clock import Clock
from core.errors import AccessDeniedError
from core.store import writing
from core.warehouse.reader import Reader
from ingestion.refusals import Scope
from ingestion.replay_requests import ReplayRequest, ask_replay, replay_requests, take_replay_back
from portal import audit
from portal.accounts import User, scope_of

OPEN_SQL = """
with refused as (
    select source_id, batch_no, cast(null as integer) as row_no, error_code from fct_batches
    where status in ('rejected', 'held') and replayed_by_batch_no is null
    union all
    select source_id, batch_no, row_no, error_code from fct_quarantined_rows where resolution is null and file_status = 'loaded'
)
select source_id, cast(count(distinct case when row_no is null then batch_no end) as integer),
    cast(count(distinct case when row_no is not null then (batch_no, row_no) end) as integer)
from refused where $code is null or error_code = $code group by source_id order by source_id
"""


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What a replay would read again, in all of a distributor's sources: whole files that were refused or held, and single rows or messages."""

    source_ids: tuple[str, ...]
    files: int
    rows: int


def open_work(reader: Reader, error_code: str | None = None) -> OpenWork:
    """What is open as far as this reader sees, of one cause or of all."""
    rows = reader.rows(OPEN_SQL, {"code": error_code})
    return OpenWork(
        tuple(str(row[0]) for row in rows), sum(int(str(row[1])) for row in rows), sum(int(str(row[2])) for row in rows)
    )


def ask_for_replay(store: Engine, reader: Reader, user: User, error_code: str | None, clock: Clock) -> list[int]:
    """Have the next run of each source read again what is open of it, of one cause or of all. Gives the requests' numbers."""
    _check(reader, user)
    scope = Scope(error_code=error_code)
    numbers = []
    for source_id in open_work(reader, error_code).source_ids:
        numbers.append(ask_replay(store, source_id, scope, clock, actor=user.user_id))
        _write_down(store, user, "replay_asked", source_id, numbers[-1], clock)
    return numbers


def take_request_back(store: Engine, reader: Reader, user: User, request_no: int, clock: Clock) -> None:
    """Undo a request that no run has carried out. Raises AccessDeniedError ACC-301 for one that is not among the waiting ones of the person."""
    _check(reader, user)
    found = next((one for one in requests_of(store, reader) if one.request_no == request_no and one.status == "waiting"), None)
    if found is None:
        raise AccessDeniedError("ACC-301", where="a replay", found="none of that number that waits", expected="a waiting request of your own",
                                next_step="Load the page again.")  # fmt: skip
    take_replay_back(store, found, clock, actor=user.user_id)
    _write_down(store, user, "replay_taken_back", found.source_id, request_no, clock)


def requests_of(store: Engine, reader: Reader) -> list[ReplayRequest]:
    """Requests for the sources that this reader sees, the newest first."""
    sources = [str(row[0]) for row in reader.rows("select distinct source_id from fct_batches")]
    return replay_requests(store, sources) if sources else []


def _check(reader: Reader, user: User) -> None:
    """Reader and person must be the same party's: a reader of somebody else's scope is a fault of ours."""
    if reader.scope != scope_of(user):
        raise AccessDeniedError(
            "ACC-301", where="a replay", found="another scope", expected="the person's own", next_step="Load the page again."
        )


def _write_down(store: Engine, user: User, action: str, source_id: str, request_no: int, clock: Clock) -> None:
    with writing(store) as connection:
        audit.record(
            connection, clock.now(), action, actor=user.user_id, party_id=user.party_id, source=source_id, request=request_no
        )
