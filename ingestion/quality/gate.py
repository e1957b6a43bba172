"""Expectations over the control tables; nothing is published while one fails, and the Data Docs say which and why."""

from __future__ import annotations

import logging
import os
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.settings import Settings

Expectation = tuple[str, dict[str, object]]

SUITES: dict[str, tuple[Expectation, ...]] = {
    "control_totals": (
        ("ExpectColumnValuesToBeBetween", {"column": "rows_missing", "min_value": 0, "max_value": 0}),
        ("ExpectColumnValuesToBeBetween", {"column": "rows_incomplete", "min_value": 0, "max_value": 0}),
        ("ExpectColumnValuesToBeBetween", {"column": "rows_bad_subcents", "min_value": 0, "max_value": 0}),
    ),
    "batches": (
        ("ExpectColumnValuesToBeBetween", {"column": "rows_unaccounted", "min_value": 0, "max_value": 0}),
        ("ExpectColumnValuesToBeInSet", {"column": "status", "value_set": ["loaded", "same_file", "rejected", "held"]}),
    ),
    "dim_party": (
        ("ExpectColumnValuesToBeUnique", {"column": "party_id"}),
        ("ExpectColumnValuesToNotBeNull", {"column": "name"}),
        ("ExpectColumnValuesToBeInSet", {"column": "kind", "value_set": ["manufacturer", "distributor", "retailer", "unknown"]}),
    ),
    "dim_product": (
        ("ExpectColumnValuesToBeUnique", {"column": "product_id"}),
        ("ExpectColumnValuesToNotBeNull", {"column": "category"}),
    ),
    "rpt_feed_summary": (("ExpectColumnValuesToNotBeNull", {"column": "lines"}),),
    "point_books": (
        ("ExpectColumnValuesToBeBetween", {"column": "lots_not_adding_up", "min_value": 0, "max_value": 0}),
        ("ExpectColumnValuesToBeBetween", {"column": "points_unexplained", "min_value": 0, "max_value": 0}),
    ),
    "rpt_member_points": (
        ("ExpectColumnValuesToBeBetween", {"column": "points_available", "min_value": 0}),
        ("ExpectColumnValuesToBeBetween", {"column": "points_debt", "min_value": 0}),
    ),
}


@dataclass(frozen=True, slots=True)
class GateResult:
    """Whether every expectation held; `failed` names table, column, expectation and what was found."""

    success: bool
    failed: tuple[str, ...]


def warm_up() -> None:
    """Import the library, which takes seconds and needs no data."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _great_expectations()


def run_gate(controls: Path, settings: Settings, *, docs: bool) -> GateResult:
    """Check what is about to be published by the figures of `write_controls`. With `docs` the Data Docs are written to
    `reports/quality`."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        # its dependencies warn of their own plans; nothing of it is ours to mend
        warnings.simplefilter("ignore")
        return _validate(controls, settings.reports_dir / "quality", docs)


def _validate(path: Path, docs_dir: Path, docs: bool) -> GateResult:
    gx = _great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_sql("warehouse", connection_string=f"duckdb:///{path}")
    try:
        validations = [_validation(gx, context, source, table, suite) for table, suite in SUITES.items()]
        if docs:
            _point_docs_to(context, docs_dir)
        results = gx.Checkpoint(name="publish", validation_definitions=validations)
        outcome = context.checkpoints.add(results).run()
        if docs:
            context.build_data_docs()
    finally:
        source.get_engine().dispose()
    failed = tuple(
        _in_words(str(result.meta["active_batch_definition"]["data_asset_name"]), entry)
        for result in outcome.run_results.values()
        for entry in result.results
        if not entry.success
    )
    return GateResult(bool(outcome.success), failed)


def _validation(gx: Any, context: Any, source: Any, table: str, expectations: tuple[Expectation, ...]) -> Any:
    batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("all")
    suite = context.suites.add(gx.ExpectationSuite(name=table))
    for name, arguments in expectations:
        suite.add_expectation(getattr(gx.expectations, name)(**arguments))
    return context.validation_definitions.add(gx.ValidationDefinition(name=table, data=batch, suite=suite))


def _point_docs_to(context: Any, docs_dir: Path) -> None:
    docs_dir.mkdir(parents=True, exist_ok=True)
    site = {
        "class_name": "SiteBuilder",
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs_dir)},
    }
    for name in list(context.get_site_names()):
        context.delete_data_docs_site(name)
    context.add_data_docs_site("local_site", site)


def _in_words(table: str, entry: Any) -> str:
    config = entry.expectation_config
    found = entry.result.get("partial_unexpected_list") or entry.exception_info
    return f"{table}.{config.kwargs.get('column')}: {config.type} failed, found {str(found)[:300]}"


@lru_cache(maxsize=1)
def _great_expectations() -> Any:
    """The library, with the one method mended that returns a live cursor where a result is expected: on DuckDB the rows
    are gone when they are read, and every expectation fails (its issue 11579)."""
    import great_expectations as gx
    import great_expectations.expectations
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine

    def execute_query(self: Any, query: Any) -> Any:
        with self.get_connection() as connection:
            result = connection.execute(query)
            return result.freeze()() if result.returns_rows else result

    SqlAlchemyExecutionEngine.execute_query = execute_query
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)  # tells of temporary folders
    return gx
