"""`dreiklang documents`: what was found in the messages that partners sent."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.reports import PATIENCE_SECONDS, Row, need_warehouse, print_rows
from core.settings import Settings

documents_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

COLUMNS = (
    "source_id", "file_name", "message_no", "document_type", "document_no", "error_code", "place", "found", "expected", "is_fatal", "found_at",
)  # fmt: skip
FINDINGS_SQL = """
select findings.source_id, findings.file_name, findings.message_no, messages.document_type, messages.document_no, findings.error_code,
    findings.place, findings.found, findings.expected, findings.is_fatal, findings.found_at
from raw.document_findings as findings
left join raw.messages as messages using (source_id, file_name, file_sha256, message_no)
where ($source is null or findings.source_id = $source) and ($code is null or findings.error_code = $code)
    and ($file is null or findings.file_name = $file) and (not $fatal or findings.is_fatal)
order by findings.found_at desc, findings.source_id, findings.file_name, findings.message_no nulls first, findings.error_code, findings.place
limit $last
"""


@documents_app.command()
def findings(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")] = False,
    source: Annotated[str | None, typer.Option("--source", help="Only of this source.")] = None,
    file: Annotated[str | None, typer.Option("--file", help="Only of files of this name.")] = None,
    code: Annotated[str | None, typer.Option("--code", help="Only this code, EDI-113 for example.")] = None,
    fatal: Annotated[bool, typer.Option("--fatal", help="Only what refused a message or file; no warnings.")] = False,
    last: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
) -> None:
    """What was found in EDI and XML messages, newest first: code, message, segment and position, what was found, what was expected."""
    parameters: Row = {"source": source, "file": file, "code": code, "fatal": fatal, "last": last}
    print_rows(finding_rows(Settings.load(), parameters), finding_in_words, as_json=as_json)


def finding_rows(settings: Settings, parameters: Row) -> list[Row]:
    """One row per finding, newest first. `message_no` is None for what is about the file."""
    from core.warehouse.owner import own_warehouse
    from ingestion.jobs import prepare

    need_warehouse(settings)
    with own_warehouse(settings, patience_s=PATIENCE_SECONDS) as connection:
        prepare(connection)
        return [dict(zip(COLUMNS, row, strict=True)) for row in connection.execute(FINDINGS_SQL, parameters).fetchall()]


def finding_in_words(row: Row) -> list[str]:
    """One finding."""
    message = "the file" if row["message_no"] is None else f"message {row['message_no']}"
    document = f" ({row['document_type']} {row['document_no']})" if row["document_no"] else ""
    effect = "refused" if row["is_fatal"] else "noted"
    return [
        f"{row['source_id']} {row['file_name']}, {message}{document}: {row['error_code']}, {effect}",
        f"    {row['place']}: found {row['found']}, expected {row['expected']}",
    ]
