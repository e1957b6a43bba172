"""The dbt project, run inside the pipeline's process. One `Transformer` stays warm: the project is parsed once.

dbt opens the warehouse file beside the owner's connection (same process, same configuration), so the owner must have
no transaction open while it runs.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from core.errors import ConfigurationError, IntegrityError
from core.settings import Settings
from core.warehouse.owner import engine_config, start_marts_anew

PROJECT_DIR = Path(__file__).resolve().parents[2] / "dbt"
NO_INSTANCE = Path("/nowhere")
"""The project is parsed as if for this home: it is the same for every instance, and what dbt keeps of it fits each of them."""

_parsed_projects: dict[str, bytes] = {}
"""What this process has parsed, by the project's fingerprint."""

NOTHING_TO_TOUCH = 2**31 - 1
"""`since_batch` of a full build: every row is written anyway, so no keys have to be collected."""

POINT_MARTS = "marts.points"
"""The models that need the ledger."""

DERIVED_MARTS = (
    "marts.feeds", "marts.quality", "int_sources__owner", "fct_match_candidates", "int_trade__pairs", "bridge_visible_parties",
    "rpt_stock_cover", "fct_receipt_lines",
)  # fmt: skip
"""What is said about sources, files and who trades with whom, and what is only compared with orders: neither orders nor points are made of it.
All are made anew each time, so they can be left to a later run."""

ORDERS_NEED = "int_sources__as_of"
"""The one model of control tables that facts read: how far a source reports decides what is late."""

BOOKS = "tag:books"
"""The tests that hold orders and ledger together."""

OTHER_TESTS = ("test_type:generic", "test_type:unit")
"""Tests of single models, which lie beside them: they hold for a release and are run by its own tests."""

UNCHANGED_VIEWS = "config.materialized:view"
"""Views do not change between two runs of the same project."""

FRESHNESS = {"pass": "fresh", "warn": "late", "error": "overdue"}
"""dbt's words and ours."""


@dataclass(frozen=True, slots=True)
class FeedFreshness:
    """One feed: `fresh`, `late`, `overdue` or `nothing_yet`, and the age of its newest row."""

    feed: str
    status: str
    age_hours: float | None


class Transformer:
    """Builds the marts of one instance."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parsed: bytes | None = None

    def warm_up(self) -> None:
        """Import dbt and parse the project, which takes seconds and needs no data. Raises like a build."""
        self._project()

    def _project(self) -> bytes:
        """The parsed project, pickled: unpacking that takes a sixth of the time of dbt's own format."""
        if self._parsed is None:
            project = project_fingerprint()
            if project not in _parsed_projects:
                _parsed_projects[project] = self._parse()
            self._parsed = _parsed_projects[project]
        return self._parsed

    def _parse(self) -> bytes:
        runner_class = _dbt_runner()
        with _environment(Settings(home=NO_INSTANCE, threads=1, memory_limit_gib=1)):
            parsed = runner_class().invoke(["parse", *self._common_arguments()])
        self._check(parsed)
        # as it is read from a file: what the parser leaves on it besides belongs to the parser
        return pickle.dumps(type(parsed.result).from_msgpack(parsed.result.to_msgpack()))

    def build_facts(self, changed: Sequence[str] | None) -> None:
        """Build what tells of trade and support: what depends on the `changed` feeds, or with None everything anew."""
        if changed is None:
            self._invoke(["run", "--full-refresh", "--exclude", POINT_MARTS, *DERIVED_MARTS])
            return
        selected = [*(f"source:ingest.{name}+" for name in changed), ORDERS_NEED]
        self._invoke(["run", "--select", *selected, "--exclude", POINT_MARTS, *DERIVED_MARTS, UNCHANGED_VIEWS])

    def build_rest(self, *, points: bool, derived: bool, full: bool) -> None:
        """Build what follows the facts: the marts of points, and what is derived. With `points` the books are checked beside it.

        Raises IntegrityError WH-302, or WH-303 when orders and ledger do not say the same; then nothing may be published.
        """
        selected = [*([POINT_MARTS, BOOKS] if points else []), *(DERIVED_MARTS if derived else [])]
        excluded = [*OTHER_TESTS, *([] if full else [UNCHANGED_VIEWS])]
        how = ["--full-refresh"] if full else []
        self._invoke(["build", "--indirect-selection", "empty", "--select", *selected, "--exclude", *excluded, *how])

    def check_books(self) -> None:
        """Run the tests that hold orders and ledger together, both ways. Raises IntegrityError WH-303; then nothing may be published."""
        self._invoke(["test", "--select", BOOKS])

    def test(self) -> None:
        """Run every data test and unit test of the project. Raises IntegrityError WH-303."""
        self._invoke(["test"])

    def feed_freshness(self) -> list[FeedFreshness]:
        """How old the newest row of each feed is, against the promise in the project's sources; feeds by name.

        Raises IntegrityError WH-302 when the sources cannot be read.
        """
        result = self._dbt(["source", "freshness"])
        if result.result is None or any(entry.status == "runtime error" for entry in result.result.results):
            self._check(result)
        found = []
        for entry in result.result.results:
            has_rows = entry.max_loaded_at.year > 1  # dbt says the year 1 for an empty table
            status = FRESHNESS[str(entry.status)] if has_rows else "nothing_yet"
            found.append(FeedFreshness(entry.node.name, status, round(entry.age / 3600, 1) if has_rows else None))
        return sorted(found, key=lambda one: one.feed)

    def _invoke(self, arguments: list[str]) -> None:
        self._check(self._dbt(arguments))

    def _dbt(self, arguments: list[str]) -> Any:
        manifest = pickle.loads(self._project())  # noqa: S301 - our own bytes; a run writes into its manifest, so each gets its own
        runner_class = _dbt_runner()
        with _environment(self._settings):
            return runner_class(manifest=manifest).invoke([*arguments, *self._common_arguments()])

    @staticmethod
    def _check(result: Any) -> None:
        if result.success:
            return
        entries = result.result if isinstance(result.result, Sequence) or hasattr(result.result, "results") else ()
        failed = [entry for entry in entries if entry.status in ("error", "fail", "runtime error")]
        is_test = any(str(entry.node.resource_type) in ("test", "unit") for entry in failed)
        found = "; ".join(f"{entry.node.name}: {entry.message}" for entry in failed)
        raise IntegrityError(
            "WH-303" if is_test else "WH-302", where="the transformation", found=found or str(result.exception),
            expected="every model and test to pass",
            next_step="The last published version is still served. See the log of the run.",
        )  # fmt: skip

    def _common_arguments(self) -> list[str]:
        log_dir = self._settings.root / "logs"
        return [
            "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR),
            "--target-path", str(self._settings.root / "dbt-target"), "--log-path", str(log_dir),
            "--log-level", "none", "--log-level-file", "warn", "--no-use-colors", "--quiet", "--no-write-json",
        ]  # fmt: skip


def prepare_transform(connection: duckdb.DuckDBPyConnection, settings: Settings, run_no: int, *, all_books: bool = True) -> bool:
    """Tell the models which run this is and what is new. Returns True when everything has to be built anew.

    Without `all_books` the longest test of the books looks at order lines that were written since the last whole build only.

    Everything is built anew when no build has ever ended, when the models have changed since, or when the marts are gone.
    A full build that dies is followed by another: it is only forgotten when it has ended.
    """
    connection.execute("create table if not exists raw.transformed (run_no integer, batch_no integer, project varchar)")
    connection.execute("alter table raw.transformed add column if not exists is_whole boolean default true")
    rows = connection.execute("select batch_no, project from raw.transformed order by run_no desc limit 1").fetchall()
    built = connection.execute(
        "select count(*) from information_schema.tables where table_catalog = 'mart' and table_name = 'fct_order_lines'"
    ).fetchall()[0][0]
    full = not rows or rows[0][1] != project_fingerprint() or not built
    if full:
        connection.execute("delete from raw.transformed")
        start_marts_anew(connection, settings)
    since = NOTHING_TO_TOUCH if full else int(rows[0][0])
    connection.execute(
        """create or replace table raw.transform_state as select $run::integer as run_no, $since::integer as since_batch,
               case when $all_books then -1 else (select coalesce(max(run_no), -1) from raw.transformed where is_whole) end as books_since_run""",
        {"run": run_no, "since": since, "all_books": all_books or full},
    )
    promises = "select null::ubigint as order_line_id, null::varchar as source_id, null::date as promised_on where false"
    if not full:
        promises = """
            select order_line_id, source_id, promised_on from mart.fct_order_lines
            where delivery_status in ('open', 'in_transit', 'partly_delivered') and promised_on is not null and not is_late"""
    connection.execute(f"create or replace table raw.open_promises as {promises}")
    return full


def changed_feeds(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Feeds that brought rows since the last build."""
    rows = connection.execute(
        """select distinct feed from raw.batches, raw.transform_state
           where batch_no > since_batch and status = 'loaded' and rows_accepted > 0 order by feed"""
    ).fetchall()
    return [str(row[0]) for row in rows]


def is_rest_pending(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the last build left what follows the facts to a later one."""
    rows = connection.execute("select is_whole from raw.transformed order by run_no desc limit 1").fetchall()
    return bool(rows) and not rows[0][0]


def record_transform(connection: duckdb.DuckDBPyConnection, run_no: int, *, is_whole: bool) -> None:
    """Remember that the marts of facts know every batch up to now, and whether the others do."""
    connection.execute(
        "insert into raw.transformed (run_no, batch_no, project, is_whole) select $run, coalesce(max(batch_no), 0), $project, $whole from raw.batches",
        {"run": run_no, "project": project_fingerprint(), "whole": is_whole},
    )


def project_fingerprint() -> str:
    """A text that changes when a model, macro or setting of the project does."""
    digest = hashlib.sha256()
    for path in sorted(PROJECT_DIR.rglob("*")):
        if path.suffix in (".sql", ".yml") and "target" not in path.parts:
            digest.update(path.relative_to(PROJECT_DIR).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    config = engine_config(settings)
    wanted = {
        "DREIKLANG_DBT_WAREHOUSE": str(settings.warehouse_path),
        "DREIKLANG_DBT_MEMORY_LIMIT": str(config["memory_limit"]),
        "DREIKLANG_DBT_THREADS": str(config["threads"]),
        "DREIKLANG_DBT_TEMP": str(config["temp_directory"]),
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _dbt_runner() -> Any:
    try:
        from dbt.cli.main import dbtRunner

        from core.warehouse.lean_dbt import make_lean
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "WH-304", where="this Python environment", found="no dbt", expected="dbt-core 1.11 with dbt-duckdb",
            next_step="Run `make install`, or `pip install -r requirements.txt`.",
        ) from error  # fmt: skip
    make_lean()
    return dbtRunner
