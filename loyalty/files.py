"""Programmes on disk: shipped ones by name, others by path."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Engine, select

from core.errors import ConfigurationError
from core.store import reading
from loyalty.domain.parsing import parse_programme
from loyalty.domain.programme import Programme, ProgrammeError
from loyalty.tables import members

LIBRARY = Path(__file__).parent / "programmes"


def list_programmes() -> list[str]:
    """Names of the shipped programmes."""
    return sorted(path.stem for path in LIBRARY.glob("*.toml"))


def load_programme(name_or_path: str | Path) -> Programme:
    """Read and check a programme. Raises ConfigurationError LOY-101 (not found), LOY-102 (not valid)."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = LIBRARY / f"{name_or_path}.toml"
    if not path.is_file():
        raise ConfigurationError(
            "LOY-101", where="programme", found=str(name_or_path), expected=f"one of {', '.join(list_programmes())}, or a TOML file",
            next_step="Check the name, or give the path of your own programme.",
        )  # fmt: skip
    try:
        return parse_programme(path.read_text(encoding="utf-8"))
    except ProgrammeError as error:
        raise ConfigurationError(
            "LOY-102", where=f"programme {path.name}", found="; ".join(error.findings), expected="a valid programme",
            next_step="Mend the named keys and start again. Nothing was awarded.",
        ) from error  # fmt: skip


def all_are_there(store: Engine, programmes: Iterable[Programme]) -> None:
    """See that no programme in which somebody has points is left out: what it owes stays owed.

    Raises ConfigurationError LOY-104.
    """
    with reading(store) as connection:
        known = {str(row[0]) for row in connection.execute(select(members.c.programme_id).distinct())}
    gone = sorted(known - {one.programme_id for one in programmes})
    if gone:
        raise ConfigurationError(
            "LOY-104", where="the folder `programmes`", found=f"no file of {', '.join(gone)}, where members have points",
            expected="a file of each programme that was ever run",
            next_step="Put the file back. To end a programme give its rules a `valid_to`: points that were earned stay what they are.",
        )  # fmt: skip


def active_programmes(home: Path) -> list[Programme]:
    """The programmes of an instance: every TOML file in its `programmes` folder, in the order of their names.

    Raises ConfigurationError LOY-101, LOY-102, LOY-103 (two files are one programme: its books would be kept twice).
    """
    found: dict[str, Path] = {}
    programmes = []
    for path in sorted((home / "programmes").glob("*.toml")):
        programme = load_programme(path)
        other = found.setdefault(programme.programme_id, path)
        if other != path:
            raise ConfigurationError(
                "LOY-103", where=f"programmes {other.name} and {path.name}", found=f"the programme_id {programme.programme_id!r} in both",
                expected="a programme_id of its own in each file", next_step="Rename one of them, or remove the file that is not meant.",
            )  # fmt: skip
        programmes.append(programme)
    return programmes
