"""A case in words, German and English: what was seen, in figures, and why that is asked about. No accusation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

WORDS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("quarter_end_loading", "returned"): (
        "In den letzten {days} Tagen bis {quarter_end} wurden {tail} Stück bestellt, das {times}-Fache einer üblichen Woche ({week} Stück). "
        "Davon kamen {returned} Stück zurück.",
        "In the last {days} days up to {quarter_end}, {tail} units were ordered, {times} times an ordinary week ({week} units). "
        "{returned} of them came back.",
    ),
    ("quarter_end_loading", "not_sold_on"): (
        "In den letzten {days} Tagen bis {quarter_end} wurden {tail} Stück bestellt, das {times}-Fache einer üblichen Woche ({week} Stück). "
        "Weiterverkauft gemeldet sind seither {sold_on} Stück.",
        "In the last {days} days up to {quarter_end}, {tail} units were ordered, {times} times an ordinary week ({week} units). "
        "{sold_on} units are reported as sold on since.",
    ),
    ("quarter_end_loading", "waiting"): (
        "In den letzten {days} Tagen bis {quarter_end} wurden {tail} Stück bestellt, das {times}-Fache einer üblichen Woche ({week} Stück). "
        "Bleiben die Waren, werden die Punkte nach dem {waits_until} von selbst gebucht.",
        "In the last {days} days up to {quarter_end}, {tail} units were ordered, {times} times an ordinary week ({week} units). "
        "If the goods stay, the points are posted by themselves after {waits_until}.",
    ),
    ("circular_return", "redeemed"): (
        "Die Bestellung wiederholt zu {again_percent} % einen Kauf vom {bought_on}, der bis {returned_on} zu {returned_percent} % zurückging; "
        "dazwischen wurden Punkte eingelöst.",
        "The order repeats {again_percent} % of a purchase of {bought_on}, {returned_percent} % of which was returned by {returned_on}; "
        "points were redeemed in between.",
    ),
    ("circular_return", "bonus"): (
        "Die Bestellung wiederholt zu {again_percent} % einen Kauf vom {bought_on}, der bis {returned_on} zu {returned_percent} % zurückging; "
        "beide erreichen eine Bonusmenge.",
        "The order repeats {again_percent} % of a purchase of {bought_on}, {returned_percent} % of which was returned by {returned_on}; "
        "both reach a bonus quantity.",
    ),
    ("circular_return", "repeated"): (
        "Die Bestellung wiederholt zu {again_percent} % einen Kauf vom {bought_on}, der bis {returned_on} zu {returned_percent} % zurückging; "
        "das ist {cycles}-mal in einem halben Jahr geschehen.",
        "The order repeats {again_percent} % of a purchase of {bought_on}, {returned_percent} % of which was returned by {returned_on}; "
        "this has happened {cycles} times in half a year.",
    ),
    ("duplicate_claim", "same_source"): (
        "Die Bestellung hat dieselben {lines} Zeilen mit denselben Mengen und Beträgen wie {first} vom {first_on}.",
        "The order has the same {lines} lines with the same quantities and amounts as {first} of {first_on}.",
    ),
    ("duplicate_claim", "other_source"): (
        "Die Bestellung hat dieselben Zeilen mit denselben Mengen und Beträgen wie {first} vom {first_on} aus einem anderen System.",
        "The order has the same lines with the same quantities and amounts as {first} of {first_on} from another system.",
    ),
}
"""(reason code, variant) -> (German, English)."""


def describe_case(reason_code: str, variant: str, figures: Mapping[str, str | int], language: str) -> str:
    """What was seen, as a sentence or two. Dates are written as the language writes them."""
    german, english = WORDS[reason_code, variant]
    values = {name: _written(value, language) for name, value in figures.items()}
    return (german if language == "de" else english).format(**values)


def _written(value: str | int, language: str) -> str:
    if isinstance(value, str) and len(value) == 10 and value[4:5] == "-":
        day = date.fromisoformat(value)
        return f"{day:%d.%m.%Y}" if language == "de" else f"{day.day} {day:%b %Y}"
    if language == "de" and isinstance(value, str) and value.replace(".", "", 1).isdigit():
        return value.replace(".", ",")
    return str(value)
