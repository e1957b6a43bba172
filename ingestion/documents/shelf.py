"""The shelf: files of documents that a run has parsed, so that each is parsed once however many feeds read it.

Rows lie in Arrow files of the run's work folder, one for each record set, and findings beside them in memory: what a run holds does not
grow with the number of its files.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.documents.model import DOCUMENT_BYTES_MAX, DocumentFinding, Message, Parsed
from ingestion.documents.registry import format_of
from ingestion.findings import refuse
from ingestion.landing import Landed
from ingestion.machine import is_machine_fault

RAW_TEXT_CHARS_MAX = 1 << 20
"""So much of a refused message's text stands in quarantine; the file itself is in the landing folder."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message: accepted, refused (for `finding`) or a duplicate of one that was accepted before."""

    message_no: int
    type_name: str
    records: tuple[str, ...]
    status: str
    rows: Mapping[str, int]
    finding: DocumentFinding | None = None
    further_findings: int = 0
    raw_text: str = ""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A parsed file: the verdict on each message, and the Arrow file of each record set that has rows of accepted ones."""

    parsed_format: str
    verdicts: tuple[Verdict, ...]
    files: Mapping[str, Path]


Judge = Callable[[Landed, Parsed], Sequence[Verdict]]
"""Looks at a parsed file and says what becomes of each message."""


def read_document(landed: Landed) -> bytes:
    """The bytes of a landed document, unpacked. Raises InputRefusedError ING-203, ING-211."""
    try:
        with gzip.open(landed.path, "rb") if landed.file_name.endswith(".gz") else landed.path.open("rb") as source:
            content = source.read(DOCUMENT_BYTES_MAX + 1)
    except (EOFError, OSError, zlib.error) as error:
        if is_machine_fault(error):
            raise
        raise refuse("ING-203", landed.file_name, found=f"a damaged or cut-off gzip file ({error})", expected="a whole gzip file",
                     next_step="Send the file again. Nothing of it was loaded.") from error  # fmt: skip
    if len(content) > DOCUMENT_BYTES_MAX:
        raise refuse("ING-211", landed.file_name, found=f"more than {DOCUMENT_BYTES_MAX >> 20} MiB of documents in one file",
                     expected=f"at most {DOCUMENT_BYTES_MAX >> 20} MiB", next_step="Send the messages in several files.")  # fmt: skip
    return content


def judged_alone(landed: Landed, parsed: Parsed) -> tuple[Verdict, ...]:
    """Verdicts by what stands in the file alone."""
    return tuple(verdict_on(message, "refused" if message.is_refused else "accepted", None) for message in parsed.messages)


def verdict_on(message: Message, status: str, finding: DocumentFinding | None) -> Verdict:
    """The verdict on a message; a refused one is explained by `finding`, else by its own first fatal one."""
    fatal = [one for one in message.findings if one.is_fatal]
    first = finding or (fatal[0] if fatal else None)
    return Verdict(
        message.message_no, message.type_name, tuple(message.rows), status, {name: len(rows) for name, rows in message.rows.items()},
        first if status == "refused" else None, max(0, len(fatal) - (finding is None)), message.raw_text[:RAW_TEXT_CHARS_MAX],
    )  # fmt: skip


class Shelf:
    """The parsed files of one run of one source."""

    def __init__(self, work: Path, switches: Mapping[str, str], judge: Judge = judged_alone) -> None:
        self._work, self._switches, self._judge = work, switches, judge
        self._shelved: dict[tuple[str, str, str], Shelved] = {}

    def take(self, landed: Landed, format_name: str) -> Shelved:
        """The parsed file; parsed now if it is not on the shelf. Raises InputRefusedError ING-203, ING-211, ING-212."""
        key = (landed.file_name, landed.sha256, format_name)
        if key not in self._shelved:
            parsed = format_of(format_name).parse(read_document(landed), self._switches)
            if parsed.is_refused:
                finding = next(f for f in parsed.findings if f.is_fatal and f.message_no is None)
                raise refuse("ING-212", landed.file_name, found=f"{finding.found} at {finding.place} ({finding.code})",
                             expected=finding.expected, next_step="Look at the file with `dreiklang inspect`, mend it, send it again.")  # fmt: skip
            verdicts = tuple(self._judge(landed, parsed))
            self._shelved[key] = Shelved(format_name, verdicts, self._spool(len(self._shelved), parsed, verdicts))
        return self._shelved[key]

    def _spool(self, number: int, parsed: Parsed, verdicts: Sequence[Verdict]) -> dict[str, Path]:
        import pyarrow as pa

        accepted = {verdict.message_no for verdict in verdicts if verdict.status == "accepted"}
        rows_of: dict[str, list[Mapping[str, str | None]]] = {}
        types: dict[str, list[str]] = {}
        for message in parsed.messages:
            if message.message_no in accepted:
                for records, new in message.rows.items():
                    rows_of.setdefault(records, []).extend(new)
                    types.setdefault(records, []).extend([message.type_name] * len(new))
        files = {}
        for records, rows in rows_of.items():
            names = sorted({name for row in rows for name in row})
            columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
            table = pa.table({"_type": pa.array(types[records], pa.string()), **columns})
            path = self._work / f"documents-{number}-{records}.arrow"
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
            files[records] = path
        return files
