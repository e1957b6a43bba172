"""Landing: a partner's bytes are kept as they came, under their sha256, before anybody parses them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Landed:
    """A landed file. `path` holds the bytes; `file_name` is what the partner called it."""

    file_name: str
    path: Path
    sha256: str
    size_bytes: int


def land(file: Path, landing_dir: Path, source_id: str) -> Landed:
    """Keep the file's bytes. The same bytes under the same name land once."""
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while chunk := handle.read(CHUNK_BYTES):
            digest.update(chunk)
    sha256 = digest.hexdigest()
    target = landing_dir / source_id / sha256[:2] / f"{sha256}__{file.name}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(file, temporary)
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(target)
        with contextlib.suppress(OSError):
            target.chmod(0o440)
    return Landed(file.name, target, sha256, target.stat().st_size)
