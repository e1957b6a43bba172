"""Mappings that a source's profile declares and everybody must be told."""

from __future__ import annotations

from dashboards.runtime import current
from dashboards.texts import Language
from portal import User, scope_of


def notes_for(user: User, language: Language) -> list[str]:
    """One text per source with a declared mapping."""
    rows = current().serving.reader(scope_of(user)).rows("select note_de, note_en from dim_mapping_note order by source_id")
    return [str(note) for de, en in rows if (note := de if language == "de" else en)]
