"""Secrets that partners send inside documents are taken out before anything is kept.

cXML carries the sender's `SharedSecret` (or a `CredentialMac`) in the body of every message. What stands in these elements is replaced byte for
byte, whatever the rest of the file is like: a cut-off or broken file is redacted as well.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import hashlib
import io
import re
import zlib
from pathlib import Path
from typing import BinaryIO

MARK = "[redacted]"
_NAMES = "SharedSecret|CredentialMac"
_SECRET = re.compile(rf"(<(?:[\w.\-]+:)?({_NAMES})(?:\s[^>]*)?(?<!/)>)(.*?)(?=</(?:[\w.\-]+:)?\2\s*>|\Z)", re.DOTALL)
_SECRET_BYTES = re.compile(_SECRET.pattern.encode(), re.DOTALL)
_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def redact_secrets(content: bytes) -> bytes:
    """The same bytes with every secret replaced; the same object when there is none. Doing it twice changes nothing."""
    encoding = _wide_encoding(content)
    if encoding is None:
        if not re.search(_NAMES.encode(), content):
            return content
        return _SECRET_BYTES.sub(lambda found: found[1] + MARK.encode(), content)
    text = content.decode(encoding, "surrogatepass" if encoding.startswith("utf-16") else "replace")
    if not re.search(_NAMES, text):
        return content
    return _SECRET.sub(lambda found: found[1] + MARK, text).encode(encoding, "surrogatepass")


def _wide_encoding(content: bytes) -> str | None:
    """The encoding of text whose characters take two or four bytes each; None where ASCII stays ASCII."""
    for mark, name in zip(_WIDE, ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"), strict=True):
        if content.startswith(mark):
            return name
    head = content[:4]
    return {b"<\0?\0": "utf-16-le", b"\0<\0?": "utf-16-be", b"<\0\0\0": "utf-32-le", b"\0\0\0<": "utf-32-be"}.get(head)


HEAD_BYTES = 1 << 16
UNPACKED_BYTES_MAX = 256 << 20
CHUNK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW = 16 + zlib.MAX_WBITS


def without_secrets(file: Path) -> tuple[str, bytes] | None:
    """(sha256 of the file, its bytes without secrets) of a cXML file, packed with gzip or not; None for every other file.

    Of a gzip file that is damaged, or unpacks to more than a document may be, what came out so far: the rest is never kept.
    """
    is_gzip = file.name.endswith(".gz")
    with file.open("rb") as handle:
        if not _is_cxml(handle, is_gzip):
            return None
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        handle.seek(0)
        return sha256, _redacted(handle, is_gzip)


def message_without_secrets(body: bytes) -> bytes:
    """The same for a message in memory, whatever it is called: its bytes without secrets, the same object when it is no cXML."""
    handle, is_gzip = io.BytesIO(body), body.startswith(GZIP_MAGIC)
    return _redacted(handle, is_gzip) if _is_cxml(handle, is_gzip) else body


def _is_cxml(handle: BinaryIO, is_gzip: bool) -> bool:
    """By the head; the handle stands at its beginning before and after."""
    head = _unpacked(handle, is_gzip, HEAD_BYTES)
    handle.seek(0)
    return b"cXML" in head.replace(b"\0", b"")


def _redacted(handle: BinaryIO, is_gzip: bool) -> bytes:
    redacted = redact_secrets(_unpacked(handle, is_gzip, UNPACKED_BYTES_MAX))
    return gzip.compress(redacted, mtime=0) if is_gzip else redacted


def _unpacked(handle: BinaryIO, is_gzip: bool, most: int) -> bytes:
    """The first bytes, unpacked; of a damaged file what comes before the damage."""
    if not is_gzip:
        return handle.read(most)
    out, unpacker = bytearray(), zlib.decompressobj(GZIP_WINDOW)
    with contextlib.suppress(zlib.error):
        while len(out) < most and (chunk := unpacker.unconsumed_tail or handle.read(CHUNK_BYTES)):
            out += unpacker.decompress(chunk, most - len(out))
            if unpacker.eof and (rest := unpacker.unused_data or handle.read(CHUNK_BYTES)):
                unpacker = zlib.decompressobj(GZIP_WINDOW)
                out += unpacker.decompress(rest, max(1, most - len(out)))
    return bytes(out)
