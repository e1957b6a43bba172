"""Texts in both languages, numbers as their readers write them, and CSV that a spreadsheet cannot run."""

from __future__ import annotations

import re
import string
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from dashboards.export import cell_text, csv_bytes
from dashboards.texts import CATALOGUE, day, money, number, percent, preferred
from dashboards.texts.findings import expected_in_words, place_in_words
from ingestion.contracts import FEEDS

ROOT = Path(__file__).resolve().parents[2]


def fields(template: str) -> set[str]:
    """Placeholders of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", sorted(CATALOGUE))
def test_both_languages_say_something_with_the_same_placeholders(key: str) -> None:
    german, english = CATALOGUE[key]
    assert german
    assert english
    assert fields(german) == fields(english)


def test_numbers_money_and_dates() -> None:
    assert number(1234567, "de") == "1.234.567"
    assert number(1234567, "en") == "1,234,567"
    assert money(123456789, "EUR", "de").replace("\xa0", " ") == "1.234.568 €"
    assert percent(0.4512, "de").replace("\xa0", " ") == "45,1 %"
    assert day(date(2026, 3, 1), "de") == "01.03.2026"
    assert number(None, "de") == "–"


def test_the_browsers_first_known_language_is_taken() -> None:
    assert preferred("fr-FR,de;q=0.8,en;q=0.5") == "de"
    assert preferred("") == "en"


@pytest.mark.parametrize("text", ["=1+1", "+49", "-cmd", "@sum", "\tx", "\rx"])
def test_formulas_in_texts_are_neutralised(text: str) -> None:
    assert cell_text(text, german=False) == f"'{text}"


def test_numbers_stay_numbers() -> None:
    assert cell_text(-5, german=False) == "-5"
    assert cell_text(Decimal("-1.50"), german=True) == "-1,50"
    assert cell_text(2.5, german=True) == "2,5"
    assert cell_text(pd.Timestamp("2026-05-18"), german=True) == "2026-05-18"
    assert cell_text(pd.Timestamp("2026-05-18 09:30"), german=True) == "2026-05-18 09:30:00"


def test_german_csv_has_mark_semicolons_and_commas() -> None:
    content = csv_bytes(pd.DataFrame({"name": ["=x", "Müller"], "net": [1.5, None]}), "de")
    assert content == "\ufeffname;net\r\n'=x;1,5\r\nMüller;\r\n".encode()


def test_every_feed_and_every_cause_of_a_refused_row_has_a_word() -> None:
    codes = set(re.findall(r'"(ING-3\d\d)"', "".join(path.read_text("utf-8") for path in (ROOT / "ingestion").rglob("*.py"))))
    assert len(codes) >= 7
    assert {f"feed.{name}" for name in FEEDS} | {f"error_code.{code}" for code in codes} <= CATALOGUE.keys()


@pytest.mark.parametrize(("english", "german"), [
    ("a number like 1234,56", "eine Zahl wie 1234,56"), ("a date like 31.12.2026", "ein Datum wie 31.12.2026"), ("a value (date of dispatch)", "ein Wert"),
    ("a date and time like 2026-12-31T23:59:58 that exists in Europe/Berlin", "Datum und Uhrzeit wie 2026-12-31T23:59:58"),
    ("one of open, confirmed", "eines von: open, confirmed"), ("3 columns separated by ';' (too many columns)", "3 Spalten, getrennt durch ';'"),
    ("a number above zero", "eine Zahl über null"), ("segment BGM", "segment BGM"),
])  # fmt: skip
def test_what_was_expected_is_said_in_german(english: str, german: str) -> None:
    assert expected_in_words("de", english) == german
    assert expected_in_words("en", english) == english


def test_every_code_of_a_message_has_words_and_its_place_is_said_in_german() -> None:
    documented = set(re.findall(r"^\| (EDI-\d+) \|", (ROOT / "docs" / "edi.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert documented == {key.removeprefix("error_code.") for key in CATALOGUE if key.startswith("error_code.EDI-")}
    assert place_in_words("de", "message 1, segment 11 (SE)") == "Nachricht 1, Segment 11 (SE)"
    assert place_in_words("de", "interchange 2") == "Übertragungsdatei 2"
    assert place_in_words("en", "segment 8 (PO1)") == "segment 8 (PO1)"
    assert place_in_words("de", "line amount") == "line amount"
    assert expected_in_words("de", "9, the segments of the message") == "9, die Segmente der Nachricht"
