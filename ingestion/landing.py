"""Landing: a partner's bytes are kept as they came, under their sha256, before anybody parses them.

But for one thing: a shared secret in a cXML message is taken out before the first byte is written (ADR 0023). The sha256 is that of what came.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ingestion.redaction import without_secrets

CHUNK_BYTES = 1 << 20
NAME_BYTES_MAX = 150


@dataclass(frozen=True, slots=True)
class Landed:
    """A landed file. `path` holds the bytes; `file_name` is what the partner called it."""

    file_name: str
    path: Path
    sha256: str
    size_bytes: int


def land(file: Path, landing_dir: Path, source_id: str) -> Landed:
    """Keep the file's bytes. The same bytes under the same name land once.

    What is kept is what was copied: a file that changes while it is read lands under the hash of the copy.
    """
    if (redacted := without_secrets(file)) is not None:
        return _land_redacted(file.name, landed_place(landing_dir, source_id, redacted[0], file.name), *redacted)
    sha256 = sha256_of(file)
    target = landed_place(landing_dir, source_id, sha256, file.name)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{sha256}.{os.getpid()}")
        sha256 = _copy(file, temporary)
        target = landed_place(landing_dir, source_id, sha256, file.name)
        _settle(temporary, target)
    return Landed(file.name, target, sha256, target.stat().st_size)


def _copy(file: Path, target: Path) -> str:
    """Copy and flush a file; gives the hash of what was copied."""
    digest = hashlib.sha256()
    with file.open("rb") as source, target.open("wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _land_redacted(file_name: str, target: Path, sha256: str, content: bytes) -> Landed:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{sha256}.{os.getpid()}")
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        _settle(temporary, target)
    return Landed(file_name, target, sha256, target.stat().st_size)


def _settle(temporary: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(target)
    with contextlib.suppress(OSError):
        target.chmod(0o440)


def safe_name(name: str) -> str:
    """A partner's file name as one that any disk takes: no folders, no control characters, at most 150 bytes, the ending kept."""
    plain = "".join("_" if character in "/\\:" or not character.isprintable() else character for character in name).lstrip(".")
    stem, dot, ending = plain.rpartition(".")
    if len(plain.encode()) > NAME_BYTES_MAX:
        ending = ending[:16] if dot else ""
        kept = (stem or plain).encode()[: NAME_BYTES_MAX - len(ending.encode()) - 1].decode(errors="ignore")
        plain = f"{kept}{dot}{ending}"
    return plain or "_"


def landed_place(landing_dir: Path, source_id: str, sha256: str, file_name: str) -> Path:
    """Where bytes of that hash lie, under the name that the partner gave them."""
    return landing_dir / source_id / sha256[:2] / f"{sha256}__{safe_name(file_name)}"


def land_companion(file: Path, landed: Landed, ending: str) -> None:
    """Keep what stands beside a delivered file and says something of it, such as its manifest, beside the landed one; the newest stays."""
    companion = file.with_name(file.name + ending)
    if not companion.is_file():
        return
    temporary = landed.path.with_name(f".{landed.sha256}{os.getpid()}.companion")
    shutil.copyfile(companion, temporary)
    _settle(temporary, landed.path.with_name(landed.path.name + ending))


def sha256_of(file: Path) -> str:
    """Hex digest of a file."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
