"""Which parties of different sources are the same company: candidates with score and reasons, decided by people, undone by people."""

from ingestion.matching.candidates import propose_matches
from ingestion.matching.decisions import Decision, PartyKey, apply_merges, decide, decisions

__all__ = ["Decision", "PartyKey", "apply_merges", "decide", "decisions", "propose_matches"]
