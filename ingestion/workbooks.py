"""XLSX sheets as text, in the styles that the profile declares, so that one set of rules reads every text format."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from ingestion.archives import check_workbook, is_zip
from ingestion.findings import refuse
from ingestion.landing import Landed
from ingestion.profiles.model import FeedProfile

Cell = str | int | float | bool | date | datetime | time | timedelta


def read_sheet(landed: Landed, feed: FeedProfile) -> tuple[list[str], list[list[str | None]]]:
    """Header and rows of the declared sheet (the first one without declaration). Raises InputRefusedError ING-202, ING-208, ING-632, ING-633."""
    from python_calamine import CalamineError, CalamineWorkbook

    if is_zip(landed.path):
        check_workbook(landed.path, landed.file_name)
    try:
        workbook = CalamineWorkbook.from_path(str(landed.path))
    except (CalamineError, OSError) as error:
        raise refuse("ING-202", landed.file_name, found=str(error), expected="a whole XLSX workbook",
                     next_step="Save the workbook as .xlsx and send it again.") from error  # fmt: skip
    sheet = feed.sheet or workbook.sheet_names[0]
    if sheet not in workbook.sheet_names:
        raise refuse("ING-208", landed.file_name, found=f"the sheets {', '.join(workbook.sheet_names)}",
                     expected=f"a sheet '{sheet}'", next_step="Name the sheet as agreed and send the workbook again.")  # fmt: skip
    cells = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    if not cells:
        raise refuse("ING-201", landed.file_name, found=f"an empty sheet '{sheet}'", expected="column names in the first row",
                     next_step="Send the workbook with its rows.")  # fmt: skip
    header = [str(cell).strip() for cell in cells[0]]
    rows = [[_text(cell, feed) for cell in row] for row in cells[1:] if any(cell not in ("", None) for cell in row)]
    return header, rows


def _text(cell: Cell | None, feed: FeedProfile) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return format(Decimal(repr(cell)).normalize(), "f").replace(".", feed.decimal)
    if isinstance(cell, datetime):
        midnight = cell.time() == time(0)
        return cell.strftime(feed.date_format if midnight else feed.instant_format)
    if isinstance(cell, date):
        return cell.strftime(feed.date_format)
    return str(cell)
