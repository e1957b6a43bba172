"""The books of inbound documents: which messages came, what became of them, what was answered.

    parsed file --judge--> verdict on each message --settle (in the transaction that stores the rows)--> raw.messages, raw.interchanges,
                                                                                     raw.document_findings, outbox/<source>/

A sender gives control references once. The same references with the same bytes are a duplicate: counted, answered as one, and without effect; with
other bytes they are refused (EDI-121). The same file read again (by another feed, or after a crash) is neither. A gap in the numbers of a sender is
an alarm (EDI-122): something that was sent has not arrived. Of formats without interchanges the payloadID of cXML is such a reference; as nobody
answers there, a finding says that the message came before (EDI-123).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import structlog

from core.clock import Clock
from core.errors import InputRefusedError
from ingestion.documents.acknowledging import ACKNOWLEDGERS, MessageOutcome
from ingestion.documents.model import DocumentFinding, Interchange, Message, MessageKey, Parsed
from ingestion.documents.registry import FORMATS
from ingestion.documents.shelf import Shelf, Verdict, verdict_on
from ingestion.landing import Landed

log = structlog.get_logger("dreiklang.ingestion.documents")

DOCUMENT_TABLES = """
create table if not exists raw.interchanges (
    source_id varchar not null, format varchar not null, file_name varchar not null, file_sha256 varchar not null,
    interchange_no integer not null, sender varchar not null, recipient varchar not null, control_ref varchar not null,
    sha256 varchar not null, status varchar not null, messages_read integer not null, messages_accepted integer not null,
    messages_refused integer not null, messages_duplicate integer not null, acknowledged_as varchar, run_id varchar not null,
    received_at timestamp not null, check (messages_accepted + messages_refused + messages_duplicate = messages_read));
create table if not exists raw.messages (
    source_id varchar not null, format varchar not null, file_name varchar not null, file_sha256 varchar not null,
    message_no integer not null, sender varchar not null, interchange_ref varchar not null, group_ref varchar not null,
    message_ref varchar not null, document_type varchar not null, document_no varchar not null, function varchar not null,
    sha256 varchar not null, status varchar not null, error_code varchar, received_at timestamp not null);
create table if not exists raw.document_findings (
    source_id varchar not null, file_name varchar not null, file_sha256 varchar not null, message_no integer, error_code varchar not null,
    place varchar not null, found varchar not null, expected varchar not null, is_fatal boolean not null, found_at timestamp not null);
create table if not exists raw.acknowledgement_numbers (
    source_id varchar not null, format varchar not null, last_no bigint not null, primary key (source_id, format));
"""
"""Statuses of a message: accepted, refused, duplicate. Of an interchange: accepted, partly (some messages refused), refused, duplicate."""

GAP_MAX = 1000
"""A jump further than this begins a new series of numbers and is no gap."""


@dataclass(frozen=True, slots=True)
class _Seen:
    sha256: str
    file_sha256: str
    message_no: int


@dataclass(frozen=True, slots=True)
class _Judged:
    """A file as the books need it, without its rows."""

    landed: Landed
    format: str
    keys: tuple[tuple[int, int, str, MessageKey], ...]
    verdicts: tuple[Verdict, ...]
    interchanges: tuple[Interchange, ...]
    findings: tuple[DocumentFinding, ...]


class DocumentIntake:
    """Judges and books the documents of one source in one run. `rebooks`: files that were booked are judged and booked anew."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, source_id: str, switches: dict[str, str], outbox: Path, work: Path, clock: Clock, run_id: str,
        *, rebooks: bool = False,
    ) -> None:  # fmt: skip
        self._connection, self._source_id, self._switches, self._clock, self._run_id = (
            connection,
            source_id,
            switches,
            clock,
            run_id,
        )
        self._outbox, self._rebooks = outbox, rebooks
        self._given_up: dict[tuple[str, str], frozenset[int]] = {}
        self.shelf = Shelf(work, switches, self._judge)
        self._judged: dict[tuple[str, str], _Judged] = {}
        self._met: dict[tuple[str, str], tuple[Landed, str]] = {}
        self._seen: dict[tuple[str, tuple[str, str, str, str]], _Seen] = {}

    def meet(self, landed: Landed, format_name: str) -> None:
        """A feed reads this file: it is booked when the chunk is settled, whether or not its bytes were loaded before."""
        if format_name in FORMATS:
            self._met[(landed.file_name, landed.sha256)] = (landed, format_name)

    def give_up(self, landed: Landed, message_nos: frozenset[int]) -> None:
        """Messages of a file that people gave up: they stay out, whatever they hold now."""
        self._given_up[(landed.file_name, landed.sha256)] = message_nos

    def settle(self) -> None:
        """Book what was met and not booked yet, and answer it. Runs inside the caller's transaction."""
        for key, (landed, format_name) in self._met.items():
            if key not in self._judged and not self._is_booked(landed):
                with contextlib.suppress(InputRefusedError):
                    self.shelf.take(landed, format_name)
        now = self._clock.now().replace(tzinfo=None)
        for judged in self._judged.values():
            if not self._is_booked(judged.landed):
                self._book(judged, now)
            elif self._rebooks and self._is_changed(judged):
                self._unbook(judged.landed)
                self._book(judged, now, is_first=False)
        self._met.clear()
        self._judged.clear()

    def _judge(self, landed: Landed, parsed: Parsed) -> Sequence[Verdict]:
        """A verdict on each message, by what stands in the file and by what came before."""
        known = self._known(parsed.format, {message.key.interchange_ref for message in parsed.messages if message.is_given_once})
        verdicts, findings = [], list(parsed.all_findings())
        given_up = self._given_up.get((landed.file_name, landed.sha256), frozenset())
        for message in parsed.messages:
            if message.message_no in given_up:
                verdicts.append(verdict_on(message, "duplicate", None))
                continue
            control = (parsed.format, message.key.control)
            earlier = self._seen.get(control) or known.get(control)
            if message.is_refused:
                verdicts.append(verdict_on(message, "refused", None))
                continue
            if (
                not message.is_given_once
                or earlier is None
                or (earlier.file_sha256, earlier.message_no) == (landed.sha256, message.message_no)
            ):
                verdicts.append(verdict_on(message, "accepted", None))
                self._seen.setdefault(control, _Seen(message.key.sha256, landed.sha256, message.message_no))
            elif earlier.sha256 == message.key.sha256:
                verdicts.append(verdict_on(message, "duplicate", None))
                if message.key.unique_by:
                    findings.append(_came_again(message))
            else:
                findings.append(_conflict(message))
                verdicts.append(verdict_on(message, "refused", findings[-1]))
        keys = tuple((message.message_no, message.interchange_no, message.kind, message.key) for message in parsed.messages)
        booked = tuple(replace(v, status="refused") if v.message_no in given_up else v for v in verdicts)
        self._judged[(landed.file_name, landed.sha256)] = _Judged(
            landed, parsed.format, keys, booked, parsed.interchanges, tuple(findings)
        )
        return verdicts

    def _known(self, format_name: str, refs: set[str]) -> dict[tuple[str, tuple[str, str, str, str]], _Seen]:
        """Messages that were accepted before, by their control references."""
        rows = self._connection.execute(
            """select sender, interchange_ref, group_ref, message_ref, sha256, file_sha256, message_no from raw.messages
               where source_id = $source and format = $format and status = 'accepted' and interchange_ref in (select unnest($refs::varchar[]))""",
            {"source": self._source_id, "format": format_name, "refs": sorted(refs)},
        ).fetchall()
        return {(format_name, (row[0], row[1], row[2], row[3])): _Seen(row[4], row[5], int(row[6])) for row in rows}

    def _is_booked(self, landed: Landed) -> bool:
        rows = self._connection.execute(
            """select 1 from raw.messages where source_id = $source and file_name = $name and file_sha256 = $sha
               union all select 1 from raw.interchanges where source_id = $source and file_name = $name and file_sha256 = $sha limit 1""",
            {"source": self._source_id, "name": landed.file_name, "sha": landed.sha256},
        ).fetchall()
        return bool(rows)

    def _is_changed(self, judged: _Judged) -> bool:
        """Whether a message of a booked file has another verdict now."""
        rows = self._connection.execute(
            "select message_no, status from raw.messages where source_id = $source and file_name = $name and file_sha256 = $sha",
            {"source": self._source_id, "name": judged.landed.file_name, "sha": judged.landed.sha256},
        ).fetchall()
        given_up = self._given_up.get((judged.landed.file_name, judged.landed.sha256), frozenset())
        booked = {int(row[0]): str(row[1]) for row in rows if row[0] not in given_up}
        return booked != {v.message_no: v.status for v in judged.verdicts if v.message_no not in given_up}

    def _unbook(self, landed: Landed) -> None:
        """Forget what was booked of a file, but for the gaps that were found when it came."""
        for table, kept in (("messages", ""), ("interchanges", ""), ("document_findings", " and error_code <> 'EDI-122'")):
            self._connection.execute(
                f"delete from raw.{table} where source_id = $source and file_name = $name and file_sha256 = $sha{kept}",
                {"source": self._source_id, "name": landed.file_name, "sha": landed.sha256},
            )

    def _book(self, judged: _Judged, now: datetime, *, is_first: bool = True) -> None:
        status = {verdict.message_no: verdict for verdict in judged.verdicts}
        file = (self._source_id, judged.landed.file_name, judged.landed.sha256)
        findings = [(*file, f.message_no, f.code, f.place, f.found, f.expected, f.is_fatal, now) for f in judged.findings]
        messages, again = [], set()
        for interchange in judged.interchanges:
            gaps = self._gaps(judged.format, interchange) if is_first else []
            findings += [(*file, None, f.code, f.place, f.found, f.expected, False, now) for f in gaps]
            if self._book_interchange(judged, interchange, now):
                again.add(interchange.interchange_no)
        for message_no, interchange_no, _, key in judged.keys:
            verdict = status[message_no]
            code = verdict.finding.code if verdict.finding else None
            said = "duplicate" if interchange_no in again else verdict.status
            messages.append((self._source_id, judged.format, judged.landed.file_name, judged.landed.sha256, message_no, key.sender, key.interchange_ref,
                             key.group_ref, key.message_ref, key.document_type, key.document_no, key.function, key.sha256, said, code, now))  # fmt: skip
            if said == "refused":
                log.warning(
                    "message_refused", source=self._source_id, file=judged.landed.file_name, message=message_no, code=code
                )
        _insert(self._connection, "messages", messages)
        _insert(self._connection, "document_findings", findings)

    def _book_interchange(self, judged: _Judged, interchange: Interchange, now: datetime) -> bool:
        """Book and answer an interchange; gives whether it came before."""
        outcomes = _outcomes(judged, interchange.interchange_no)
        counts = {name: sum(outcome.status == name for outcome in outcomes) for name in ("accepted", "refused", "duplicate")}
        is_duplicate = self._came_before(judged, interchange)
        if is_duplicate:
            counts = {"accepted": 0, "refused": 0, "duplicate": len(outcomes)}
        bad = counts["refused"] + counts["duplicate"]
        status = "duplicate" if is_duplicate else ("accepted" if not bad else ("partly" if counts["accepted"] else "refused"))
        name = self._acknowledge(judged.format, interchange, outcomes, is_duplicate)
        _insert(self._connection, "interchanges", [(
            self._source_id, judged.format, judged.landed.file_name, judged.landed.sha256, interchange.interchange_no, _sender(interchange),
            f"{interchange.recipient}:{interchange.recipient_qualifier}", interchange.control_ref, interchange.sha256, status, len(outcomes),
            counts["accepted"], counts["refused"], counts["duplicate"], name, self._run_id, now,
        )])  # fmt: skip
        log.info("interchange_read", source=self._source_id, format=judged.format, file=judged.landed.file_name, control_ref=interchange.control_ref,
                 status=status, read=len(outcomes), acknowledged_as=name, **counts)  # fmt: skip
        return is_duplicate

    def _came_before(self, judged: _Judged, interchange: Interchange) -> bool:
        """The same interchange, byte for byte, in another file, or earlier in this one."""
        rows = self._connection.execute(
            """select 1 from raw.interchanges where source_id = $source and format = $format and sender = $sender and control_ref = $ref
               and sha256 = $sha limit 1""",
            {"source": self._source_id, "format": judged.format, "sender": _sender(interchange), "ref": interchange.control_ref,
             "sha": interchange.sha256},
        ).fetchall()  # fmt: skip
        return bool(rows)

    def _gaps(self, format_name: str, interchange: Interchange) -> list[DocumentFinding]:
        """Numbers of this sender that were left out before this one (EDI-122)."""
        ref = _number(interchange.control_ref)
        if ref is None:
            return []
        rows = self._connection.execute(
            "select control_ref from raw.interchanges where source_id = $source and format = $format and sender = $sender and recipient = $recipient",
            {"source": self._source_id, "format": format_name, "sender": _sender(interchange),
             "recipient": f"{interchange.recipient}:{interchange.recipient_qualifier}"},
        ).fetchall()  # fmt: skip
        last = max((number for row in rows if (number := _number(str(row[0]))) is not None), default=None)
        if last is None or not 1 < ref - last <= GAP_MAX:
            return []
        found = f"{interchange.control_ref} after {last}: {ref - last - 1} interchanges of {_sender(interchange)} are missing"
        log.warning(
            "control_number_gap", source=self._source_id, format=format_name, sender=_sender(interchange), last=last, found=ref
        )
        return [DocumentFinding("EDI-122", f"interchange {interchange.interchange_no}", found, f"{last + 1}", None, False)]

    def _acknowledge(
        self, format_name: str, interchange: Interchange, outcomes: Sequence[MessageOutcome], is_duplicate: bool
    ) -> str | None:
        """Write the answer and give its name. The number is stored with the books: a run that dies writes the same file again."""
        if (
            not interchange.wants_ack
            or format_name not in ACKNOWLEDGERS
            or self._switches.get("acknowledge", "always") == "never"
        ):
            return None
        self._connection.execute(
            """insert into raw.acknowledgement_numbers values ($source, $format, 1)
               on conflict (source_id, format) do update set last_no = last_no + 1""",
            {"source": self._source_id, "format": format_name},
        )
        row = self._connection.execute(
            "select last_no from raw.acknowledgement_numbers where source_id = $source and format = $format",
            {"source": self._source_id, "format": format_name},
        ).fetchone()
        number = int(row[0]) if row else 1
        write, ending = ACKNOWLEDGERS[format_name]
        name = f"{number:09d}_{re.sub('[^A-Za-z0-9]+', '-', interchange.control_ref)[:40] or 'none'}.{ending}"
        _put(self._outbox / name, write(interchange, outcomes, is_duplicate, number, self._clock.now()))
        return name


def _outcomes(judged: _Judged, interchange_no: int) -> list[MessageOutcome]:
    status = {verdict.message_no: verdict for verdict in judged.verdicts}
    return [
        MessageOutcome(key.document_type, kind, key.message_ref, key.group_ref, status[number].status,
                       finding.code if (finding := status[number].finding) else "")
        for number, where, kind, key in judged.keys if where == interchange_no
    ]  # fmt: skip


def _conflict(message: Message) -> DocumentFinding:
    """References that the sender used before, for something else."""
    key = message.key
    if key.unique_by:
        place, name = key.unique_by, key.message_ref
    else:
        header = message.raw_text.partition("\n")[0]
        place = f"header {header[:80]}"
        name = f"interchange {key.interchange_ref}, message {key.message_ref}"
    return DocumentFinding(
        "EDI-121", place, f"{name}, with other content than before", "control references that the sender has not used yet", message.message_no
    )  # fmt: skip


def _came_again(message: Message) -> DocumentFinding:
    found = f"{message.key.message_ref}, with the same content as before"
    return DocumentFinding("EDI-123", message.key.unique_by, found, "each message once", message.message_no, False)


def _sender(interchange: Interchange) -> str:
    return f"{interchange.sender}:{interchange.sender_qualifier}"


def _number(ref: str) -> int | None:
    return int(ref) if ref.isascii() and ref.isdigit() and len(ref) <= 14 else None


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Append rows, many at once."""
    if not rows:
        return
    import pyarrow as pa

    described = connection.execute(f"describe raw.{table}").fetchall()
    columns = {str(name): pa.array([row[index] for row in rows]) for index, (name, *_) in enumerate(described)}
    connection.register("booked", pa.table(columns))
    connection.execute(f"insert into raw.{table} select * from booked")
    connection.unregister("booked")


def _put(path: Path, text: str) -> None:
    """The whole file or none, on the disk before it is seen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="iso8859-1", errors="replace", newline="") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)
