"""Passwords: argon2id, at least 15 characters, no composition rules, common and context words refused."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from core.errors import InputRefusedError

LENGTH_MIN = 15
LENGTH_MAX = 1024
"""Long pass phrases are welcome; beyond this only a machine types."""

COMMON_PARTS = (
    "password", "passwort", "kennwort", "qwertz", "qwerty", "asdfgh", "letmein", "willkommen", "welcome", "iloveyou",
    "12345", "abc123", "admin", "sommer20", "winter20", "fussball", "schatz", "hallo", "dragon", "monkey",
)  # fmt: skip
"""Bodies of the most common passwords; a password that is hardly more than one of them is refused."""

_HASHER = PasswordHasher()


def normalised(password: str) -> str:
    """The form that is hashed: NFKC, nothing cut off."""
    return unicodedata.normalize("NFKC", password)


def check_strength(password: str, context: tuple[str, ...]) -> None:
    """Raises InputRefusedError ACC-201 when the password is too short, too common, or says who the user is."""
    plain = normalised(password)
    finding = None
    if not LENGTH_MIN <= len(plain) <= LENGTH_MAX:
        finding = f"{len(plain)} characters"
    elif len(set(plain.casefold())) < 5:
        finding = "the same few characters again and again"
    else:
        rest = plain.casefold()
        for word in (*COMMON_PARTS, "dreiklang", *(word.casefold() for word in context if len(word) >= 4)):
            rest = rest.replace(word, "")
        if len(rest) < LENGTH_MIN // 2:
            finding = "hardly more than common words or your own name"
    if finding:
        raise InputRefusedError(
            "ACC-201", where="password", found=finding, expected=f"{LENGTH_MIN} characters or more that nobody would guess",
            next_step="Use four or five unrelated words.",
        )  # fmt: skip


def hashed(password: str) -> str:
    """The argon2id hash, with its parameters."""
    return _HASHER.hash(normalised(password))


def matches(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed."""
    plain = normalised(password)
    if len(plain) > LENGTH_MAX:
        return False
    try:
        return _HASHER.verify(password_hash, plain)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Whether the parameters have risen since."""
    return _HASHER.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def decoy_hash() -> str:
    """A hash to verify against when there is no such user, so that both answers take the same time."""
    return _HASHER.hash("nobody has this password")
