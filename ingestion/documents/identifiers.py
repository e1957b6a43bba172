"""Numbers with check digits, after python-stdnum: what is wrong with one is a warning that names it, never a correction."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from stdnum import ean
from stdnum.exceptions import ValidationError

GLN_SCHEMES = frozenset({"0088", "GLN", "9"})
GTIN_SCHEMES = frozenset({"0160", "GTIN", "EAN"})


def padded_gtin(value: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as the form of 14 digits, in which they compare; anything else as it is."""
    text = value.strip()
    return text.zfill(14) if text.isdigit() and len(text) in (8, 12, 13, 14) else text


@lru_cache(maxsize=65_536)
def gtin_problem(value: str) -> str | None:
    """What is wrong with a GTIN; None if nothing is."""
    text = value.strip()
    # the check digit counts from the right, so leading zeros change nothing
    return _problem(ean.validate, text[1:] if len(text) == 14 and text[0] == "0" else text)


@lru_cache(maxsize=65_536)
def gln_problem(value: str) -> str | None:
    """What is wrong with a GLN; None if nothing is."""
    return "not 13 digits" if len(value.strip()) != 13 else _problem(ean.validate, value)


def _problem(validate: Callable[[str], str], value: str) -> str | None:
    try:
        validate(value)
    except ValidationError as error:
        return str(error)
    return None
