"""Secrets that partners send inside documents are taken out before anything is kept.

cXML carries the sender's `SharedSecret` (or a `CredentialMac`) in the body of every message. What stands in these elements is replaced byte for
byte, whatever the rest of the file is like: a cut-off or broken file is redacted as well.
"""

from __future__ import annotations

import codecs
import re

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
