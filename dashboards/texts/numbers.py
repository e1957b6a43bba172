"""Numbers, money and dates as German and English readers write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from dashboards.texts.catalogue import Language

LOCALES = {"de": "de_DE", "en": "en_GB"}


def number(value: float | int | None, language: Language) -> str:
    """A count or quantity; a dash for nothing known."""
    return "–" if value is None else format_decimal(value, locale=LOCALES[language])


def money(cents: int | None, currency: str | None, language: Language) -> str:
    """Minor units of a currency, without the cents: for headlines."""
    if cents is None or not currency:
        return "–"
    whole = (Decimal(int(cents)) / 100).quantize(Decimal(1))
    pattern = "#,##0 ¤" if language == "de" else "¤#,##0"
    return format_currency(whole, currency, format=pattern, locale=LOCALES[language], currency_digits=False)


def money_exact(cents: int, currency: str, language: Language) -> str:
    """Minor units of a currency to the cent: for what is charged."""
    return format_currency(Decimal(cents) / 100, currency, locale=LOCALES[language])


def percent(share: float | None, language: Language) -> str:
    """A share between 0 and 1."""
    return (
        "–"
        if share is None
        else format_percent(share, format="#,##0.0 %" if language == "de" else "#,##0.0%", locale=LOCALES[language])
    )


def day(value: date | datetime | None, language: Language) -> str:
    """A date."""
    return "–" if value is None else format_date(value, format="medium", locale=LOCALES[language])
