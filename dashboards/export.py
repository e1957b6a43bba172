"""CSV and XLSX for spreadsheets: texts that a spreadsheet would run as formulas are neutralised, numbers stay numbers."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from numbers import Real
from typing import Any

import pandas as pd

from dashboards.texts import Language

CELL_CHARS_MAX = 32_767
"""What a cell of a workbook can hold; a longer text is whole in the CSV."""

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


def xlsx_bytes(frame: pd.DataFrame) -> bytes:
    """A workbook with one sheet. Texts are texts whatever they begin with, and as in CSV an apostrophe stands before what could be a formula:
    who saves the sheet as CSV has none either. Numbers and days are numbers and days, so the reader's own language shows them."""
    from xlsxwriter import Workbook

    out = io.BytesIO()
    with Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    ) as book:
        sheet, bold = book.add_worksheet("dreiklang"), book.add_format({"bold": True})
        formats = {
            kind: book.add_format({"num_format": pattern})
            for kind, pattern in (("day", "yyyy-mm-dd"), ("moment", "yyyy-mm-dd hh:mm:ss"))
        }
        for place, name in enumerate(frame.columns):
            sheet.write_string(0, place, cell_text(str(name), german=False), bold)
        for number, row in enumerate(frame.itertuples(index=False, name=None), 1):
            for place, value in enumerate(row):
                _write(sheet, number, place, value, formats)
        sheet.freeze_panes(1, 0)
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: object, formats: Mapping[str, Any]) -> None:
    if isinstance(value, datetime) and value is not pd.NaT:
        naive = pd.Timestamp(value).tz_localize(None).to_pydatetime()
        sheet.write_datetime(row, column, naive, formats["day" if naive.time() == time.min else "moment"])
    elif isinstance(value, date) and value is not pd.NaT:
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats["day"])  # noqa: DTZ001 - a day has no zone
    elif isinstance(value, Real | Decimal) and not isinstance(value, bool) and math.isfinite(value):
        sheet.write_number(row, column, float(value))
    elif (text := cell_text(value, german=False)) != "":
        sheet.write_string(row, column, text[:CELL_CHARS_MAX])


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
