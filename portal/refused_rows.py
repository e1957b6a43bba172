"""What a distributor does with refused rows of its own files: repair, give up, take back. Foreign and missing rows answer alike."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from core.clock import Clock
from core.errors import AccessDeniedError
from core.store import writing
from core.warehouse.reader import Reader
from ingestion.repairing import Action, RefusedRow, ask_dismiss, ask_repair, asked, take_back
from portal import audit
from portal.accounts import User, scope_of


@dataclass(frozen=True, slots=True)
class RowInHand:
    """A refused row as its owner works on it: `values` by column, in the order of the file; empty for a message of EDI or XML."""

    row: RefusedRow
    values: Mapping[str, str]
    raw_text: str
    is_resolved: bool


def row_in_hand(reader: Reader, batch_no: int, row_no: int) -> RowInHand:
    """The row, when the reader's scope may see it. Raises AccessDeniedError ACC-301 otherwise."""
    rows = reader.rows(
        """select source_id, feed, file_name, batch_no, row_no, row_layout, raw_text, resolution from fct_quarantined_rows
           where batch_no = $batch and row_no = $row order by finding_no limit 1""",
        {"batch": batch_no, "row": row_no},
    )
    if not rows:
        raise AccessDeniedError("ACC-301", where="a refused row", found="none of that number", expected="a row of your own files",
                                next_step="Load the page again.")  # fmt: skip
    source_id, feed, file_name, batch, number, layout, raw_text, resolution = rows[0]
    refused = RefusedRow(str(source_id), str(feed), str(file_name), int(str(batch)), int(str(number)))
    return RowInHand(refused, _values(layout, str(raw_text)), str(raw_text), resolution is not None)


def repair_row(
    store: Engine, reader: Reader, user: User, batch_no: int, row_no: int, values: Mapping[str, str], clock: Clock
) -> None:
    """Have the row loaded with these values by the next run of its source."""
    hand = _own(reader, user, batch_no, row_no)
    ask_repair(store, hand.row, list(hand.values), values, clock, actor=user.user_id)
    _write_down(store, user, "row_repair_asked", hand, clock)


def dismiss_row(store: Engine, reader: Reader, user: User, batch_no: int, row_no: int, reason: str, clock: Clock) -> None:
    """Give the row up."""
    hand = _own(reader, user, batch_no, row_no)
    ask_dismiss(store, hand.row, reason, clock, actor=user.user_id)
    _write_down(store, user, "row_dismissed", hand, clock)


def take_row_back(store: Engine, reader: Reader, user: User, batch_no: int, row_no: int, clock: Clock) -> None:
    """Undo what was asked for the row, as long as no run has done it."""
    hand = _own(reader, user, batch_no, row_no)
    take_back(store, hand.row, clock, actor=user.user_id)
    _write_down(store, user, "row_action_taken_back", hand, clock)


def pending_actions(store: Engine, reader: Reader) -> dict[tuple[int, int], Action]:
    """(batch_no, row_no) -> what was asked for rows that this reader may see and no run has resolved."""
    sources = sorted(str(row[0]) for row in reader.rows("select distinct source_id from fct_quarantined_rows"))
    if not sources:
        return {}
    visible = {
        (int(str(b)), int(str(r)))
        for b, r in reader.rows("select batch_no, row_no from fct_quarantined_rows where resolution is null")
    }
    return {key: action for key, action in asked(store, sources).items() if key in visible}


def _own(reader: Reader, user: User, batch_no: int, row_no: int) -> RowInHand:
    """The row, when both the reader and the person are its owner's: a reader of somebody else's scope is a fault of ours."""
    if reader.scope != scope_of(user):
        raise AccessDeniedError(
            "ACC-301", where="a refused row", found="another scope", expected="the person's own", next_step="Load the page again."
        )
    return row_in_hand(reader, batch_no, row_no)


def _values(layout: object, raw_text: str) -> dict[str, str]:
    if not layout:
        return {}
    described = json.loads(str(layout))
    columns = [str(name) for name in described["columns"]]
    if described["delimiter"] is None:
        try:
            found = json.loads(raw_text)
        except ValueError:
            return {}
        return {name: "" if found.get(name) is None else str(found[name]) for name in columns} if isinstance(found, dict) else {}
    try:
        cells = next(csv.reader(io.StringIO(raw_text), delimiter=described["delimiter"]), [])
    except csv.Error:
        cells = []
    return {name: cells[place] if place < len(cells) else "" for place, name in enumerate(columns)}


def _write_down(store: Engine, user: User, action: str, hand: RowInHand, clock: Clock) -> None:
    with writing(store) as connection:
        audit.record(connection, clock.now(), action, actor=user.user_id, party_id=user.party_id, source=hand.row.source_id,
                     batch=hand.row.batch_no, row=hand.row.row_no)  # fmt: skip
