"""The family of errors. Each has a stable code (docs/error-codes.md) and says where, what was found, what was
expected and what to do next. The branches are what a caller can do about it:

    DreiklangError
    ├── ConfigurationError   the operator mends a setting or a profile; nothing was started
    ├── InputRefusedError    the partner mends the delivery; the rest of the run goes on
    ├── RetriableError       try again later; nothing was lost
    ├── ConflictError        somebody else did it first, or the same key means something else
    ├── AccessDeniedError    the asker may not; says nothing about what exists
    └── IntegrityError       our own books do not add up; stop and look
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """The four parts of a message."""

    where: str
    found: str
    expected: str
    next_step: str


class DreiklangError(Exception):
    """Base of all our errors. `code` is stable and documented."""

    exit_code = 1

    def __init__(self, code: str, *, where: str, found: str, expected: str, next_step: str) -> None:
        self.code = code
        self.detail = Detail(where, found, expected, next_step)
        super().__init__(f"{code} {where}: found {found}, expected {expected}. {next_step}")


class ConfigurationError(DreiklangError):
    """A setting, profile or programme is wrong. Nothing was started."""

    exit_code = 2


class InputRefusedError(DreiklangError):
    """A partner's file or row cannot be taken. Everything else goes on."""

    exit_code = 3


class RetriableError(DreiklangError):
    """A source or the store is not reachable just now."""

    exit_code = 4


class ConflictError(DreiklangError):
    """Two acts exclude one another."""

    exit_code = 5


class AccessDeniedError(DreiklangError):
    """The asker may not do this. Foreign and missing things answer alike."""

    exit_code = 6


class IntegrityError(DreiklangError):
    """A promise of the books is broken."""

    exit_code = 7
