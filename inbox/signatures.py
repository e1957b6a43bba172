"""Signatures after Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, five minutes' tolerance, several signatures in one header.

Source: the Standard Webhooks specification, part "Verifying webhook authenticity". Its Python library makes the keys and signatures of our tests;
verifying is done here because the library reads the machine's own clock and takes bodies in UTF-8 only, where partners push EDI in Latin-1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

TOLERANCE_SECONDS = 300
NOBODY = b"a secret that nobody has, so that unknown sources cost the same time"
ID_PATTERN = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


def is_signed(body: bytes, webhook_id: str, timestamp: str, signatures: str, secrets: Sequence[bytes], now: datetime) -> bool:
    """Whether one of the secrets made one of the signatures over this body, within the tolerance. The same work whatever is wrong."""
    given = _signatures(signatures)
    message = f"{webhook_id}.{timestamp}.".encode() + body
    matches = [
        hmac.compare_digest(hmac.new(secret, message, hashlib.sha256).digest(), signature)
        for secret in (*secrets, NOBODY)
        for signature in given
        if secret is not NOBODY or not secrets
    ]
    return bool(secrets) and any(matches) and _is_recent(timestamp, now)


def _signatures(header: str) -> list[bytes]:
    found = []
    for part in header.split(" ")[:8]:
        version, _, encoded = part.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(encoded, validate=True))
            except (binascii.Error, ValueError):
                continue
    return found


def _is_recent(timestamp: str, now: datetime) -> bool:
    return timestamp.isascii() and timestamp.isdecimal() and abs(now.timestamp() - int(timestamp)) <= TOLERANCE_SECONDS
