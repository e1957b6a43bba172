"""Clock and ids, passed in so that nothing depends on the machine's own."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

Ids = Callable[[], str]
"""Gives a new unique text each time."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands where it is put; for tests and replays."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it was set to, aware, in UTC."""
        return self.moment


def random_id() -> str:
    """A random UUID as text."""
    return str(uuid.uuid4())


def random_token() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)
