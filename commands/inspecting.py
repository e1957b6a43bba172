"""`dreiklang inspect`: what files are, what would be loaded of them, and everything found. Nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from core.clock import SystemClock
from core.errors import ConfigurationError, InputRefusedError

if TYPE_CHECKING:
    from ingestion.inspecting import Inspection

FINDINGS_SHOWN = 50
"""So many findings of a file are printed for people; JSON has them all."""


def inspect_files(files: Sequence[Path], profile_name: str | None, *, as_json: bool) -> None:
    """Print what the files are. Ends with exit code 3 when anything was found, 2 when a file or the profile is not there."""
    from ingestion.inspecting import inspect_file
    from ingestion.profiles import load_profile

    profile = load_profile(profile_name) if profile_name else None
    for file in files:
        if not file.is_file():
            raise ConfigurationError(
                "ING-103",
                where="the command line",
                found=f"no file {file}",
                expected="a partner's file",
                next_step="Check the path.",
            )
    inspections = []
    for file in files:
        inspections.append(inspect_file(file, profile, SystemClock()))
        if not as_json:
            for line in in_words(inspections[-1]):
                typer.echo(line)
    if as_json:
        typer.echo(json.dumps([_as_data(one) for one in inspections], indent=1, ensure_ascii=False, default=str))
    if not all(one.is_clean for one in inspections):
        raise typer.Exit(InputRefusedError.exit_code)


def in_words(one: Inspection, indent: str = "") -> Iterator[str]:
    """One file, for people."""
    size = f"{one.size_bytes:,} bytes{f', {one.packed}' if one.packed else ''}"
    style = "".join(f", {name} {value!r}" for name, value in one.style)
    yield f"{indent}{one.file}: {one.format} ({size}{style})"
    if one.rows is not None:
        yield f"{indent}  {one.rows:,} rows, {len(one.columns)} columns: {', '.join(one.columns)}"
    if one.parts is not None:
        yield f"{indent}  {one.parts:,} segments, {len(one.messages):,} messages"
    for message in one.messages[:FINDINGS_SHOWN]:
        rows = ", ".join(f"{count:,} {name}" for name, count in message.rows.items()) or "no rows"
        number = f" {message.document_no}" if message.document_no else ""
        yield f"{indent}  message {message.message_no}: {message.kind}{number}, {message.status}, {rows}"
    if len(one.messages) > FINDINGS_SHOWN:
        yield f"{indent}  … {len(one.messages) - FINDINGS_SHOWN:,} more messages"
    for load in one.loads:
        why = f" ({load.message})" if load.message else ""
        yield (f"{indent}  {load.feed}: {load.status}, {load.rows_read:,} read = {load.rows_accepted:,} accepted"
               f" + {load.rows_quarantined:,} quarantined + {load.rows_duplicate:,} duplicate{why}")  # fmt: skip
    for finding in one.findings[:FINDINGS_SHOWN]:
        word = "refused" if finding.is_fatal else "warning"
        yield f"{indent}  {finding.code} {word}, {finding.place}: found {finding.found}, expected {finding.expected}"
    if len(one.findings) > FINDINGS_SHOWN:
        yield f"{indent}  … {len(one.findings) - FINDINGS_SHOWN:,} more findings; --json has them all"
    if not one.findings and not one.members:
        yield f"{indent}  nothing found"
    for member in one.members:
        yield from in_words(member, indent + "  ")


def _as_data(one: Inspection) -> dict[str, object]:
    return {
        **asdict(one),
        "style": dict(one.style),
        "members": [_as_data(member) for member in one.members],
        "is_clean": one.is_clean,
    }
