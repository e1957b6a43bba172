"""What a refused row should have held, in German: findings are written in English, and pages speak their reader's language."""

from __future__ import annotations

import re

from dashboards.texts.catalogue import Language

GERMAN: tuple[tuple[str, str], ...] = (
    (r"a number like (.+)", r"eine Zahl wie \1"),
    (r"a date and time like (.+?)( that exists in .+)?", r"Datum und Uhrzeit wie \1"),
    (r"a date like (.+)", r"ein Datum wie \1"),
    (r"a date that is not in the future", "ein Datum, das nicht in der Zukunft liegt"),
    (r"a date", "ein Datum"),
    (r"a (?:finite )?number", "eine Zahl"),
    (r"a number above zero", "eine Zahl über null"),
    (r"a number above zero, or a line that says it is a return", "eine Zahl über null, oder eine als Rückgabe bezeichnete Zeile"),
    (r"a number that is not negative", "eine Zahl, die nicht negativ ist"),
    (r"a number that is not zero", "eine Zahl, die nicht null ist"),
    (r"a value \(.+\)", "ein Wert"),
    (r"one of (.+)", r"eines von: \1"),
    (r"the numbers (.+) and (.+)", r"die Zahlen \1 und \2"),
    (r"(\d+) columns separated by '(.+?)' \(.+\)", r"\1 Spalten, getrennt durch '\2'"),
    (r"a whole JSON object on one line", "ein ganzes JSON-Objekt in einer Zeile"),
    (r"(\d+), the segments of the message", r"\1, die Segmente der Nachricht"),
    (r"(\d+), the groups read", r"\1, die gelesenen Gruppen"),
    (r"(\d+), the messages read", r"\1, die gelesenen Nachrichten"),
    (r"(.*), as in its header", r"\1, wie im Kopf"),
    (r"a GTIN with its check digit", "eine GTIN mit ihrer Prüfziffer"),
    (r"a GLN with its check digit", "eine GLN mit ihrer Prüfziffer"),
)
"""(pattern of the English text, German)."""

GERMAN_PLACES = {
    "message": "Nachricht",
    "segment": "Segment",
    "interchange": "Übertragungsdatei",
    "row": "Zeile",
    "line": "Zeile",
}


def expected_in_words(language: Language, expected: str) -> str:
    """The text in the reader's language; what names codes of a document format stays as it is."""
    if language == "en":
        return expected
    found = ((re.fullmatch(pattern, expected), german) for pattern, german in GERMAN)
    return next((match.expand(german) for match, german in found if match), expected)


def place_in_words(language: Language, place: str) -> str:
    """`message 1, segment 11 (SE)` in the reader's language; a column's name is the partner's and stays as it is."""
    if language == "en" or not re.fullmatch(rf"(?:(?:{'|'.join(GERMAN_PLACES)}) \d+(?: \(.+\))?(?:, |$))+", place):
        return place
    return re.sub(r"([a-z]+) (?=\d)", lambda found: f"{GERMAN_PLACES.get(found[1], found[1])} ", place)
