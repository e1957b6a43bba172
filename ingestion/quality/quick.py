"""The gate's expectations in plain SQL, for runs that follow each other within seconds: the same list, the same verdict.

Great Expectations takes half a second over tables of any size; these queries take milliseconds. It stays the judge of every run from the
command line and, at intervals, of the unattended one (ADR 0027); a test holds both verdicts together.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from ingestion.decoding import literal, quoted
from ingestion.quality.gate import SUITES, GateResult


def run_quick_gate(controls: Path) -> GateResult:
    """Check the figures of `write_controls`."""
    failed = []
    with duckdb.connect(str(controls), read_only=True) as connection:
        for table, expectations in SUITES.items():
            counts = ", ".join(_unexpected(name, arguments) for name, arguments in expectations)
            found = connection.execute(f"select {counts} from {quoted(table)}").fetchall()[0]
            failed += [
                f"{table}.{arguments['column']}: {name} failed in {count} rows"
                for (name, arguments), count in zip(expectations, found, strict=True)
                if count
            ]
    return GateResult(not failed, tuple(failed))


def _unexpected(name: str, arguments: dict[str, object]) -> str:
    """SQL that counts rows that break an expectation. Nulls break only not-null, as in the library."""
    column = quoted(str(arguments["column"]))
    if name == "ExpectColumnValuesToNotBeNull":
        return f"count(*) filter ({column} is null)"
    if name == "ExpectColumnValuesToBeUnique":
        return f"count({column}) - count(distinct {column})"
    if name == "ExpectColumnValuesToBeInSet":
        values = arguments["value_set"]
        assert isinstance(values, list)  # noqa: S101 - the list of suites is ours
        return f"count(*) filter ({column} not in ({', '.join(literal(str(value)) for value in values)}))"
    if name == "ExpectColumnValuesToBeBetween":
        bounds = [f"{column} < {arguments['min_value']}"] if "min_value" in arguments else []
        bounds += [f"{column} > {arguments['max_value']}"] if "max_value" in arguments else []
        return f"count(*) filter ({' or '.join(bounds)})"
    raise NotImplementedError(f"the quick gate does not know {name}; teach it, or it would let pass what the gate refuses")
