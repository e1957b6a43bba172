"""CSV for spreadsheets: texts that a spreadsheet would run as formulas are neutralised, numbers stay numbers."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time
from decimal import Decimal
from numbers import Real

import pandas as pd

from dashboards.texts import Language

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(frame: pd.DataFrame, language: Language) -> bytes:
    """UTF-8 with byte order mark; German: semicolons and decimal commas. Dates are ISO in both."""
    german = language == "de"
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";" if german else ",", lineterminator="\r\n")
    writer.writerow(list(frame.columns))
    for row in frame.itertuples(index=False, name=None):
        writer.writerow([cell_text(value, german=german) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def cell_text(value: object, *, german: bool) -> str:
    """One cell as text."""
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Real | Decimal) and not isinstance(value, bool):
        number = f"{float(value):.0f}" if float(value).is_integer() else str(value)
        return number.replace(".", ",") if german else number
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
