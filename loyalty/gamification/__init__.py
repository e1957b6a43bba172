"""Challenges, badges, recorded events and leagues: seen by the member alone, left at any time, and never a window on a rival."""

from loyalty.gamification.challenges import Badge, Progress, badges_of, challenge_sql, progress_of, settle_challenges
from loyalty.gamification.events import NewEvent, ProgrammeEvent, events_of_distributor, record_event, undo_event
from loyalty.gamification.leagues import League, league_of
from loyalty.gamification.taking_part import has_opted_out, opt_in, opt_out

__all__ = [
    "Badge", "League", "NewEvent", "ProgrammeEvent", "Progress", "badges_of", "challenge_sql", "events_of_distributor", "has_opted_out",
    "league_of", "opt_in", "opt_out", "progress_of", "record_event", "settle_challenges", "undo_event",
]  # fmt: skip
