"""Inspecting: what a file is, which messages or rows it holds, what a profile would load of it, and everything found. Writes nothing.

    file --packed?--> gzip, zip members --content--> documents (registry) | table (layouts) --profile--> trial in memory

A format is known by a file's content, never by its name. Document formats join by ingestion/documents/registry.py.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import duckdb

from core.clock import Clock
from core.errors import InputRefusedError
from core.settings import Settings
from ingestion.archives import unpack
from ingestion.connectors.model import fits
from ingestion.decoding import decode
from ingestion.documents.model import Message, Parsed
from ingestion.documents.registry import HEAD_BYTES, format_of, sniffed
from ingestion.documents.shelf import Shelf, read_document
from ingestion.findings import Finding
from ingestion.intake.sniffing import sniff
from ingestion.jobs import load_delivery, prepare
from ingestion.landing import CHUNK_BYTES, Landed
from ingestion.profiles.model import FeedProfile, Profile
from ingestion.scratch import open_scratch


@dataclass(frozen=True, slots=True)
class Found:
    """Something wrong: `is_fatal` keeps a row, message or file out, else it is a warning."""

    code: str
    place: str
    found: str
    expected: str
    is_fatal: bool = True


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """One message: its kind, document number, whether it would be taken, and rows by record set."""

    message_no: int
    kind: str
    document_no: str
    status: str
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class LoadSeen:
    """What a feed of the profile would do with the file; counts as in `FileOutcome`."""

    feed: str
    status: str
    rows_read: int
    rows_accepted: int
    rows_quarantined: int
    rows_duplicate: int
    message: str | None


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file. `format` is as a profile names it, `zip`, or `unknown`; `parts` counts segments, `rows` records of a table (None: no table)."""

    file: str
    size_bytes: int
    sha256: str
    format: str
    packed: str | None = None
    style: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: int | None = None
    parts: int | None = None
    messages: tuple[MessageSeen, ...] = ()
    loads: tuple[LoadSeen, ...] = ()
    findings: tuple[Found, ...] = ()
    members: tuple[Inspection, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found, here and in what is packed inside."""
        return not self.findings and all(member.is_clean for member in self.members)


def inspect_file(path: Path, profile: Profile | None, clock: Clock) -> Inspection:
    """Look at a file. Whatever is wrong with it is a finding; only a file that cannot be opened raises OSError."""
    with TemporaryDirectory(prefix="dreiklang-inspect-") as name:
        return _inspect(path, path.name, profile, clock, Path(name))


def _inspect(path: Path, name: str, profile: Profile | None, clock: Clock, work: Path) -> Inspection:
    landed = Landed(name, path, _sha256(path), path.stat().st_size)
    seen = Inspection(name, landed.size_bytes, landed.sha256, "unknown")
    try:
        head = _head(path)
        seen = replace(seen, packed="gzip") if head[0] else seen
        if not head[1].strip():
            return _with(seen, Found("ING-201", "the file", "nothing in it", "rows or messages"))
        if head[1].startswith(b"PK\x03\x04") and not _is_workbook(path):
            return _zip(seen, path, profile, clock, work)
        kind = sniffed(head[1])
        seen = _documents(seen, landed, kind, profile) if kind is not None else _table(seen, landed, work)
    except InputRefusedError as refusal:
        return _with(seen, Found(refusal.code, "the file", refusal.detail.found, refusal.detail.expected))
    return seen if profile is None else _trial(seen, path, name, profile, clock, work)


def _with(seen: Inspection, *found: Found) -> Inspection:
    return replace(seen, findings=seen.findings + found)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _head(path: Path) -> tuple[bool, bytes]:
    """(whether it is gzip, the first bytes of what is inside)."""
    with path.open("rb") as handle:
        first = handle.read(HEAD_BYTES)
    if not first.startswith(b"\x1f\x8b"):
        return False, first
    try:
        with gzip.open(path, "rb") as handle:
            return True, handle.read(HEAD_BYTES)
    except (EOFError, OSError, zlib.error) as error:
        raise InputRefusedError("ING-203", where=f"file {path.name}", found=f"a damaged or cut-off gzip file ({error})",
                                expected="a whole gzip file", next_step="Send the file again.") from error  # fmt: skip


def _documents(seen: Inspection, landed: Landed, kind: str, profile: Profile | None) -> Inspection:
    named = landed if seen.packed is None else replace(landed, file_name=f"{landed.file_name.removesuffix('.gz')}.gz")
    parsed = format_of(kind).parse(read_document(named), {} if profile is None else profile.switches)
    findings = tuple(
        Found(f.code, f.place if f.message_no is None else f"message {f.message_no}, {f.place}", f.found, f.expected, f.is_fatal)
        for f in parsed.all_findings()
    )
    return replace(seen, format=kind, parts=parsed.parts or None, messages=_messages(parsed), findings=findings)


def _messages(parsed: Parsed) -> tuple[MessageSeen, ...]:
    """With the status that the file alone gives: a message that stands in it twice is a duplicate."""
    before: dict[tuple[str, str, str, str], str] = {}

    def status(message: Message) -> str:
        if message.is_refused:
            return "refused"
        if not message.interchange_no:
            return "accepted"
        earlier = before.setdefault(message.key.control, message.key.sha256)
        if earlier == message.key.sha256 and message.key.control not in told:
            told.add(message.key.control)
            return "accepted"
        return "duplicate" if earlier == message.key.sha256 else "refused"

    told: set[tuple[str, str, str, str]] = set()
    return tuple(
        MessageSeen(m.message_no, m.kind, m.key.document_no, status(m), {name: len(rows) for name, rows in m.rows.items()})
        for m in parsed.messages
    )


def _table(seen: Inspection, landed: Landed, work: Path) -> Inspection:
    """A table in the styles that fit it; rows that cannot be read are findings."""
    layout = sniff(landed.path if seen.packed is None else _renamed(landed, work))
    style = {"encoding": layout.encodings[0], "delimiter": layout.delimiter} if layout.format == "csv" else {}
    style |= {"sheet": layout.sheet} if layout.sheet else {}
    seen = replace(
        seen, format=layout.format, style=tuple(style.items()), columns=tuple(column.name for column in layout.columns)
    )
    feed = FeedProfile.model_construct(**{**_DEFAULTS, "format": layout.format, "sheet": layout.sheet, **style})
    named = landed if seen.packed is None else replace(landed, file_name=f"{landed.file_name.removesuffix('.gz')}.gz")
    with TemporaryDirectory(dir=work) as folder, duckdb.connect(":memory:") as connection:
        open_scratch(connection)
        decoded = decode(connection, named, feed, [], Path(folder), Shelf(Path(folder), {}))
        row = connection.execute("select count(*) from decoded").fetchone()
        findings = tuple(_of_row(finding) for finding in decoded.findings)
        return replace(seen, rows=(int(row[0]) if row else 0) + len(findings), findings=findings)


_DEFAULTS = {
    name: field.get_default(call_default_factory=True)
    for name, field in FeedProfile.model_fields.items()
    if not field.is_required()
}


def _renamed(landed: Landed, work: Path) -> Path:
    """A packed file under a name that says so, as the readers of tables go by it."""
    path = work / f"{landed.sha256[:16]}.gz"
    if not path.exists():
        shutil.copyfile(landed.path, path)
    return path


def _of_row(finding: Finding) -> Found:
    place = f"line {finding.line_no}" if finding.line_no else f"record {finding.row_no}"
    if finding.is_message:
        place = finding.column_name or "message"
    elif finding.column_name:
        place = f"{place}, column {finding.column_name}"
    return Found(finding.error_code, place, finding.found or "nothing", finding.expected)


def _trial(seen: Inspection, path: Path, name: str, profile: Profile, clock: Clock, work: Path) -> Inspection:
    """The profile's feeds that read a file of this name, tried in a warehouse in memory."""
    feeds = tuple(feed for feed in profile.feeds if feed.files and fits(PurePosixPath(name).name, PurePosixPath(feed.files).name))
    if not feeds:
        patterns = ", ".join(dict.fromkeys(feed.files for feed in profile.feeds if feed.files))
        return _with(seen, Found("ING-213", "the name", name, f"a name that the profile {profile.source_id} reads: {patterns}"))
    alone = profile.model_copy(update={"feeds": tuple(feed.model_copy(update={"files": PurePosixPath(name).name, "lookups": feed.lookups})
                                                      for feed in feeds), "constants": (), "transport": None})  # fmt: skip
    with TemporaryDirectory(dir=work) as folder, duckdb.connect(":memory:") as connection:
        delivery = Path(folder) / "delivery"
        delivery.mkdir()
        shutil.copyfile(path, delivery / PurePosixPath(name).name)
        prepare(connection)
        outcomes = load_delivery(connection, alone, delivery, Settings(home=Path(folder) / "home"), clock, "inspect").outcomes
    loads, findings = [], []
    for outcome in outcomes:
        loads.append(LoadSeen(outcome.feed, outcome.status, outcome.rows_read, outcome.rows_accepted, outcome.rows_quarantined,
                              outcome.rows_duplicate, outcome.error_message))  # fmt: skip
        findings += [_of_row(finding) for finding in outcome.findings if not finding.is_message]
        if outcome.status in ("rejected", "held"):
            findings.append(
                Found(
                    outcome.error_code or "",
                    f"feed {outcome.feed}",
                    outcome.status,
                    outcome.error_message or "a file that can be read",
                )
            )
    known = set(seen.findings)
    return replace(seen, loads=tuple(loads), findings=seen.findings + tuple(f for f in dict.fromkeys(findings) if f not in known))


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as packed:
            return "xl/workbook.xml" in packed.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _zip(seen: Inspection, path: Path, profile: Profile | None, clock: Clock, work: Path) -> Inspection:
    """Each file on its own, unpacked as a run unpacks it: within the same limits, whole or not at all."""
    seen = replace(seen, format="zip")
    with TemporaryDirectory(dir=work) as folder:
        try:
            unpacked = unpack(path, seen.file, Path(folder) / "files")
        except InputRefusedError as refusal:
            return _with(seen, Found(refusal.code, "the archive", refusal.detail.found, refusal.detail.expected))
        members = []
        for number, (name, file) in enumerate(unpacked):
            own = Path(folder) / f"work-{number}"
            own.mkdir()
            members.append(_inspect(file, PurePosixPath(name).name, profile, clock, own))
        return replace(seen, members=tuple(members))
