"""Profiles: a partner's delivery described as data (docs/profiles.md)."""

from ingestion.profiles.files import list_profiles, load_profile
from ingestion.profiles.model import Constant, FeedProfile, Lookup, PartyNumber, Profile

__all__ = ["Constant", "FeedProfile", "Lookup", "PartyNumber", "Profile", "list_profiles", "load_profile"]
