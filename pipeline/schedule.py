"""When a source is due. Pure: moments come in, moments go out, all aware and in UTC.

"watch"               whenever a file stands in its folder
"every 300 seconds"   that long after the last run began
"*/15 6-20 * * 1-5"   a cron expression in the source's own time zone
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

WATCH = "watch"
_EVERY = re.compile(r"every (\d+(?:\.\d+)?) seconds?")

BACK_OFF_SECONDS = 2.0
BACK_OFF_SECONDS_MAX = 300.0
"""A failed attempt waits 2, 4, 8 … seconds, at most five minutes, and half of that again at random."""

ATTEMPTS_MAX = 8
"""After this many failures in a row people are told; attempts go on at the longest back-off."""


def is_schedule(text: str) -> bool:
    """Whether a text says when."""
    return text == WATCH or bool(_EVERY.fullmatch(text)) or croniter.is_valid(text)


def next_due(schedule: str, zone: str, last_began_at: datetime | None, now: datetime) -> datetime:
    """When a source on that schedule is due next. A source that never ran is due at once.

    A last run that lies in the future means that the clock went back: it counts as now, so that nothing waits for a jump.
    """
    if last_began_at is None or schedule == WATCH:
        return now
    began = min(last_began_at, now)
    every = _EVERY.fullmatch(schedule)
    if every:
        return began + timedelta(seconds=float(every.group(1)))
    following: datetime = croniter(schedule, began.astimezone(ZoneInfo(zone))).get_next(datetime)
    return following.astimezone(UTC)


def back_off(attempts: int, chance: float) -> timedelta:
    """How long to wait after that many failures in a row; `chance` in [0, 1) spreads those who fail together."""
    seconds = min(BACK_OFF_SECONDS * 2 ** min(attempts - 1, 16), BACK_OFF_SECONDS_MAX)
    return timedelta(seconds=seconds * (1 + chance / 2))


def may_try(next_attempt_at: datetime | None, now: datetime) -> bool:
    """Whether the wait is over. A wait longer than any back-off means that the clock went back: it is over too."""
    if next_attempt_at is None or next_attempt_at <= now:
        return True
    return next_attempt_at - now > timedelta(seconds=BACK_OFF_SECONDS_MAX * 2)
