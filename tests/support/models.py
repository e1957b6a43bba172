"""A dbt model as plain SQL: enough of its language to try one model on hand-made tables, without the project around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment

PROJECT = Path(__file__).resolve().parents[2] / "dbt"


def model_sql(name: str) -> str:
    """The model's SQL; every `ref` is the table of that name."""
    (path,) = PROJECT.rglob(f"models/**/{name}.sql")
    macros = "".join(macro.read_text(encoding="utf-8") for macro in sorted((PROJECT / "macros").glob("*.sql")))
    context: dict[str, Any] = {"ref": lambda model: model, "config": lambda **_: "", "is_incremental": lambda: False}
    return str(Environment(autoescape=False).from_string(macros + path.read_text(encoding="utf-8")).render(**context)).strip()  # noqa: S701 - SQL, not a page
