"""What `summary`, `runs`, `quarantine` and `doctor` print."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import typer

from core.errors import ConfigurationError, DreiklangError
from core.settings import Settings
from core.store import open_store
from core.warehouse.owner import own_warehouse
from core.warehouse.pointer import current_generation
from core.warehouse.reader import Reader
from core.warehouse.transform import Transformer

Row = dict[str, object]

PATIENCE_SECONDS = 30.0
"""A report waits this long for a run that has the warehouse."""

SUMMARY_COLUMNS = (
    "source_id", "feed", "leg", "currency", "documents", "lines", "return_lines", "net_amount_cents", "first_event_on",
    "last_event_on", "lines_unknown_party", "lines_unknown_product", "rows_quarantined",
)  # fmt: skip
BATCH_COLUMNS = (
    "batch_no", "source_id", "feed", "file_name", "status", "rows_read", "rows_accepted", "rows_quarantined",
    "rows_duplicate", "rows_corrected", "error_code", "error_message", "finished_at",
)  # fmt: skip
QUARANTINE_COLUMNS = (
    "source_id", "feed", "file_name", "line_no", "row_no", "column_name", "error_code", "message", "raw_text",
)  # fmt: skip


SUMMARY_NOTES = {
    "return_lines": "of them returns",
    "lines_unknown_party": "with unknown party",
    "lines_unknown_product": "with unknown product",
    "rows_quarantined": "rows quarantined",
}
"""Counts that are said only when there are any."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that this machine needs."""

    name: str
    is_ok: bool
    next_step: str


def summary_rows(reader: Reader) -> list[Row]:
    """One row per source, feed, leg and currency of what is published."""
    sql = f"select {', '.join(SUMMARY_COLUMNS)} from rpt_feed_summary order by source_id, feed, leg, currency"
    return [dict(zip(SUMMARY_COLUMNS, row, strict=True)) for row in reader.rows(sql)]


def batch_rows(settings: Settings, last: int) -> list[Row]:
    """One row per file and feed that was read, newest first."""
    return _control_rows(
        settings,
        BATCH_COLUMNS,
        f"select {', '.join(BATCH_COLUMNS)} from raw.batches order by batch_no desc limit {int(last)}",
        {},
    )


def quarantine_rows(settings: Settings, source_id: str | None, last: int) -> list[Row]:
    """One row per refused row and finding, newest first."""
    names = ", ".join(f"batches.{name}" if name == "file_name" else f"quarantine.{name}" for name in QUARANTINE_COLUMNS)
    sql = f"""select {names} from raw.quarantine as quarantine inner join raw.batches as batches using (batch_no)
              where $source is null or quarantine.source_id = $source
              order by quarantine.batch_no desc, quarantine.row_no limit {int(last)}"""
    return _control_rows(settings, QUARANTINE_COLUMNS, sql, {"source": source_id})


def _control_rows(settings: Settings, columns: Sequence[str], sql: str, parameters: Row) -> list[Row]:
    need_warehouse(settings)
    with own_warehouse(settings, patience_s=PATIENCE_SECONDS) as connection:
        return [dict(zip(columns, row, strict=True)) for row in connection.execute(sql, parameters).fetchall()]


def need_warehouse(settings: Settings) -> None:
    """Raise ConfigurationError CLI-102 when the instance has never run."""
    if not settings.warehouse_path.exists():
        raise ConfigurationError(
            "CLI-102", where=str(settings.warehouse_path), found="no warehouse", expected="an instance that has run once",
            next_step="Run `dreiklang run` first, or set DREIKLANG_HOME to the instance you mean.",
        )  # fmt: skip


def freshness_rows(settings: Settings) -> list[Row]:
    """How old the newest row of each feed is."""
    need_warehouse(settings)
    with own_warehouse(settings, patience_s=PATIENCE_SECONDS):
        return [asdict(one) for one in Transformer(settings).feed_freshness()]


def freshness_in_words(row: Row) -> list[str]:
    """Feed, age, verdict."""
    age = "" if row["age_hours"] is None else f"newest row {row['age_hours']} hours old, "
    return [f"{row['feed']}: {age}{str(row['status']).replace('_', ' ')}"]


def print_rows(rows: Sequence[Row], in_words: Callable[[Row], Sequence[str]], *, as_json: bool) -> None:
    """Rows to stdout, as JSON (money in minor units, dates ISO) or in words; wider than the terminal they wrap, indented."""
    if as_json:
        typer.echo(json.dumps(rows, default=_iso, indent=1, ensure_ascii=False))
        return
    if not rows:
        typer.echo("Nothing yet.")
        return
    width = max(60, shutil.get_terminal_size((100, 24)).columns)
    before = None
    for row in rows:
        if "file_name" not in row and row.get("source_id") != before:
            before = row["source_id"]
            typer.echo(str(before))
        for line in in_words(row):
            indent = " " * (len(line) - len(line.lstrip()) + 2)
            typer.echo(textwrap.fill(line, width, subsequent_indent=indent, drop_whitespace=True, break_on_hyphens=False))


def summary_in_words(row: Row) -> list[str]:
    """One feed and leg of a source."""
    documents = f"{row['documents']:,} documents, " if row["documents"] is not None else ""
    amount = f", {row['net_amount_cents']:,} {row['currency']} in minor units" if row["net_amount_cents"] is not None else ""
    days = f"; {row['first_event_on']} to {row['last_event_on']}" if row["first_event_on"] else ""
    notes = [f"{row[name]:,} {words}" for name, words in SUMMARY_NOTES.items() if row[name]]
    lines = [f"  {row['feed']:<20}{row['leg'] or '':<14}{documents}{row['lines']:,} lines{amount}{days}"]
    return lines + ([f"{'':<36}{', '.join(notes)}"] if notes else [])


def batch_in_words(row: Row) -> list[str]:
    """One file that was read."""
    counts = (
        f"{row['rows_read']:,} read = {row['rows_accepted']:,} accepted + {row['rows_quarantined']:,} quarantined "
        f"+ {row['rows_duplicate']:,} known already; {row['rows_corrected']:,} corrections"
    )
    lines = [f"#{row['batch_no']} {row['source_id']} {row['feed']} {row['file_name']}: {row['status']}", f"    {counts}"]
    code = f"{row['error_code']}: " if row["error_code"] else ""
    return lines + ([f"    {code}{row['error_message']}"] if row["error_message"] else [])


def quarantined_in_words(row: Row) -> list[str]:
    """One refused row."""
    place = f"line {row['line_no']}" if row["line_no"] is not None else f"record {row['row_no']}"
    column = f", column {row['column_name']}" if row["column_name"] else ""
    raw_text = " ".join(str(row["raw_text"]).split())
    return [
        f"{row['source_id']} {row['file_name']} {place}{column}: {row['error_code']}",
        f"    {row['message']}",
        f"    the row: {raw_text[:200]}",
    ]


def health_checks(settings: Settings) -> list[Check]:
    """Everything that running, building and serving needs on this machine."""
    from importlib.metadata import PackageNotFoundError, version

    def installed(name: str) -> bool:
        try:
            return bool(version(name))
        except PackageNotFoundError:
            return False

    free_gib = shutil.disk_usage(settings.root if settings.root.exists() else settings.root.parent).free / 2**30
    packages = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "sqlalchemy", "streamlit", "plotly", "argon2-cffi")
    return [
        Check("Python 3.11 or newer", sys.version_info >= (3, 11), "Install Python 3.11 and run `make install`."),
        *(Check(f"package {name}", installed(name), "Run `make install`.") for name in packages),
        Check("dbt can be imported", importlib.util.find_spec("dbt.adapters.duckdb") is not None, "Run `make install`."),
        Check("5 GiB of free disk", free_gib >= 5, f"Free some disk below {settings.root}: {free_gib:.1f} GiB are left."),
        Check("the home directory can be written", _is_writable(settings), f"Make {settings.root} writable, or set DREIKLANG_HOME."),
        Check("the store answers", _store_answers(settings), "Check DREIKLANG_STORE_URL and that the database runs."),
        Check(
            "something is published", current_generation(settings.warehouse_dir) is not None,
            "Run `make demo`, or `dreiklang run --profile … --source …`.",
        ),
    ]  # fmt: skip


def _is_writable(settings: Settings) -> bool:
    try:
        settings.root.mkdir(parents=True, exist_ok=True)
        probe = settings.root / ".doctor"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _store_answers(settings: Settings) -> bool:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = open_store(settings.resolved_store_url())
        with engine.connect() as connection:
            connection.execute(text("select 1"))
        engine.dispose()
    except (SQLAlchemyError, DreiklangError, OSError):
        return False
    return True


def _iso(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
