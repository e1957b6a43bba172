"""Archives that partners send: unpacked within limits, whole or not at all.

    delivery.zip --check names, counts, sizes--> unpack, counting what really comes out--> one item per file: `delivery.zip!orders.csv`

What an archive says of its sizes is never believed: bytes are counted while they are unpacked. Archives in archives, paths that lead outside, links and
encrypted entries refuse the whole archive. The archive itself is not kept: its files are landed as files of their own, with its name before theirs.
"""

from __future__ import annotations

import gzip
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from core.errors import InputRefusedError
from ingestion.findings import refuse
from ingestion.machine import is_machine_fault

CHUNK_BYTES = 1 << 20
BETWEEN = "!"
"""Stands between the archive's name and a file's in it."""
NESTED = (".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz", ".zst", ".jar")
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
"""What reading a broken archive raises."""

ZIP_MAGIC, GZIP_MAGIC = b"PK\x03\x04", b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What one archive may be. A `ratio` is judged only for what unpacks to more than `ratio_from_bytes`: small texts pack very well."""

    entries: int = 10_000
    total_bytes: int = 4 << 30
    ratio: int = 250
    ratio_from_bytes: int = 16 << 20


LIMITS = ArchiveLimits()
WORKBOOK_LIMITS = ArchiveLimits(entries=5_000, total_bytes=1 << 30)


def unpack(archive: Path, name: str, target: Path, limits: ArchiveLimits = LIMITS) -> list[tuple[str, Path]]:
    """(name within the archive, unpacked file) of every file, in the order of names; the files are called `<archive>!<name>`.

    Raises InputRefusedError ING-631 (damaged), ING-632 (limits), ING-633 (names, links, encryption, archives in it); nothing is left then.
    """
    target.mkdir(parents=True)
    unpacked: list[tuple[str, Path]] = []
    try:
        with _opened(archive, name) as source:
            entries = _checked(source, archive, name, limits)
            room = _Room(name, archive.stat().st_size, limits)
            for number, entry in enumerate(entries):
                flat = f"{PurePosixPath(name).name}{BETWEEN}{entry.filename.replace('/', BETWEEN)}"
                path = target / str(number) / flat
                path.parent.mkdir()
                with source.open(entry) as packed, path.open("wb") as out:
                    _copy(packed, out, entry, room)
                unpacked.append((entry.filename, path))
    except DAMAGE as error:
        shutil.rmtree(target, ignore_errors=True)
        if is_machine_fault(error):
            raise
        raise _damaged(name, error) from error
    except InputRefusedError:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return unpacked


def check_workbook(path: Path, name: str, limits: ArchiveLimits = WORKBOOK_LIMITS) -> None:
    """An XLSX workbook is an archive: the same limits before anybody opens it. Raises InputRefusedError ING-202, ING-632, ING-633."""
    try:
        with zipfile.ZipFile(path) as source:
            room = _Room(name, path.stat().st_size, limits)
            for entry in _checked(source, path, name, limits, is_workbook=True):
                with source.open(entry) as packed:
                    _copy(packed, None, entry, room)
    except DAMAGE as error:
        raise refuse("ING-202", name, found=str(error)[:200], expected="a whole XLSX workbook",
                     next_step="Save the workbook as .xlsx and send it again.") from error  # fmt: skip


def is_zip(path: Path) -> bool:
    """Whether a file begins like a zip archive."""
    with path.open("rb") as handle:
        return handle.read(4) == ZIP_MAGIC


class CountedGzip:
    """A gzip file that stops when more comes out than its size allows. Raises InputRefusedError ING-632."""

    def __init__(self, path: Path, name: str, limits: ArchiveLimits = LIMITS) -> None:
        self._room = _Room(name, path.stat().st_size, limits)
        self._source = gzip.GzipFile(path, "rb")

    def __enter__(self) -> CountedGzip:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        chunk = self._source.read(size)
        self._room.take(len(chunk))
        return chunk


class _Room:
    """How much may still come out of an archive."""

    def __init__(self, name: str, packed_bytes: int, limits: ArchiveLimits) -> None:
        self._name, self._packed, self._limits, self.taken = name, max(1, packed_bytes), limits, 0

    def take(self, size: int) -> None:
        """Count what came out."""
        self.taken += size
        limits = self._limits
        if self.taken > limits.total_bytes:
            raise _limit(
                self._name, f"more than {limits.total_bytes >> 20} MiB unpacked", f"at most {limits.total_bytes >> 20} MiB"
            )
        if self.taken > limits.ratio_from_bytes and self.taken > limits.ratio * self._packed:
            raise _limit(self._name, f"more than {limits.ratio} times its size unpacked", f"at most {limits.ratio} times")


def _opened(path: Path, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(name, error) from error


def _checked(
    source: zipfile.ZipFile, path: Path, name: str, limits: ArchiveLimits, *, is_workbook: bool = False
) -> list[zipfile.ZipInfo]:
    """The files of an archive in the order of names, after a look at what it says of them."""
    entries = source.infolist()
    if len(entries) > limits.entries:
        raise _limit(name, f"{len(entries)} entries", f"at most {limits.entries}")
    files = sorted((entry for entry in entries if not entry.is_dir()), key=lambda entry: entry.filename)
    if len({entry.filename for entry in files}) != len(files):
        raise _forbidden(name, "the same name twice", "every file once")
    if sum(entry.compress_size for entry in files) > path.stat().st_size:
        raise _forbidden(name, "entries that lie over one another", "every file in a place of its own")
    room = _Room(name, path.stat().st_size, limits)
    for entry in files:
        room.take(entry.file_size)
        _check_name(name, entry)
        if not is_workbook:
            _check_nested(name, source, entry)
    return files


def _check_name(name: str, entry: zipfile.ZipInfo) -> None:
    inner = entry.filename
    path = PurePosixPath(inner)
    # what zipfile itself cuts off a name (a NUL and what follows) is not what the sender wrote
    if entry.orig_filename != inner or "\\" in inner or path.is_absolute() or ".." in path.parts or ":" in inner:
        raise _forbidden(name, f"the name {entry.orig_filename[:100]!r}", "names below the archive's own folder")
    if not all(character.isprintable() for character in inner) or len(inner.encode()) > 400:
        raise _forbidden(name, f"the name {inner[:60]!r}", "printable names of at most 400 bytes")
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise _forbidden(name, f"{inner[:100]!r}, a link or device", "files")
    if entry.flag_bits & 0x1:
        raise _forbidden(name, f"{inner[:100]!r}, which is encrypted", "files that can be read")


def _check_nested(name: str, source: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with source.open(entry) as packed:
        head = packed.read(4)
    is_workbook = entry.filename.lower().endswith((".xlsx", ".xlsm"))
    if entry.filename.lower().endswith(NESTED) or head.startswith(GZIP_MAGIC) or (head == ZIP_MAGIC and not is_workbook):
        raise _forbidden(name, f"{entry.filename[:100]!r}, an archive in an archive", "the files themselves")


def _copy(packed: Iterator[bytes] | BinaryIO, out: BinaryIO | None, entry: zipfile.ZipInfo, room: _Room) -> None:
    """Unpack one file, counting; its size has to be what the archive says."""
    size = 0
    while chunk := packed.read(CHUNK_BYTES):  # type: ignore[union-attr]
        size += len(chunk)
        room.take(len(chunk))
        if out is not None:
            out.write(chunk)
    if size != entry.file_size:
        raise zipfile.BadZipFile(f"{entry.filename[:100]!r} has {size} bytes and not {entry.file_size} as it says")


def _damaged(name: str, error: Exception) -> InputRefusedError:
    return refuse("ING-631", name, found=f"a damaged archive ({str(error)[:200]})", expected="a whole zip archive or workbook",
                  next_step="Send it again. Nothing of it was loaded.")  # fmt: skip


def _limit(name: str, found: str, expected: str) -> InputRefusedError:
    return refuse(
        "ING-632", name, found=found, expected=expected, next_step="Send it in smaller parts. Nothing of it was loaded."
    )


def _forbidden(name: str, found: str, expected: str) -> InputRefusedError:
    return refuse(
        "ING-633", name, found=found, expected=expected, next_step="Pack plain files and send it again. Nothing of it was loaded."
    )
