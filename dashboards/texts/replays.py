"""Texts about reading refused files again: key -> (German, English)."""

from __future__ import annotations

REPLAY_TEXTS: dict[str, tuple[str, str]] = {
    "d.replay.title": ("Abgewiesenes neu lesen", "Read refused data again"),
    "d.replay.help": (
        "Wenn eine Zuordnung berichtigt wurde, liest der nächste Lauf die gespeicherten Dateien noch einmal: Was jetzt passt, kommt an; was schon da ist, zählt nicht doppelt.",
        "When a mapping was corrected, the next run reads the stored files once more: what fits now gets in, what is there already does not count twice.",
    ),
    "d.replay.what_all": ("Offen: {files} ganze Dateien, {rows} einzelne Zeilen oder Nachrichten.", "Open: {files} whole files, {rows} single rows or messages."),
    "d.replay.what_cause": (
        "Offen mit der gewählten Ursache: {files} ganze Dateien, {rows} einzelne Zeilen oder Nachrichten.",
        "Open of the chosen cause: {files} whole files, {rows} single rows or messages.",
    ),
    "d.replay.ask": ("Mit dem nächsten Lauf neu lesen", "Read again with the next run"),
    "d.replay.asked": ("Vorgemerkt. Der nächste Lauf liest noch einmal, was abgewiesen wurde.", "Saved. The next run reads again what was refused."),
    "d.replay.waiting": ("Vorgemerkt: {source}, {what}. Der nächste Lauf liest es noch einmal.", "Saved: {source}, {what}. The next run reads it again."),
    "d.replay.everything": ("alles Abgewiesene", "everything refused"),
    "d.replay.take_back": ("Rückgängig machen", "Undo"),
    "d.replay.taken_back": ("Rückgängig gemacht. Es wird nichts neu gelesen.", "Undone. Nothing is read again."),
    "d.replay.done": (
        "Zuletzt neu gelesen am {when} ({source}): {files} Dateien, {accepted} Zeilen kamen an, {refused} sind weiter abgewiesen.",
        "Last read again on {when} ({source}): {files} files, {accepted} rows got in, {refused} are still refused.",
    ),
    "d.replay.done_unchanged": (
        "Zuletzt neu gelesen am {when} ({source}): {files} Dateien, es hat sich nichts geändert.",
        "Last read again on {when} ({source}): {files} files, nothing changed.",
    ),
    "status.replay": ("neu gelesen", "read again"),
    "status.replayed": ("neu gelesen", "read again"),
}  # fmt: skip
