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
)
"""(pattern of the English text, German)."""


def expected_in_words(language: Language, expected: str) -> str:
    """The text in the reader's language; messages of document formats, which name segments and codes, stay as they are."""
    if language == "en":
        return expected
    found = ((re.fullmatch(pattern, expected), german) for pattern, german in GERMAN)
    return next((match.expand(german) for match, german in found if match), expected)
