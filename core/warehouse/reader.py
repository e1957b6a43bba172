"""The only door to published data.

    page --SQL with bare relation names--> Reader(scope) --> with fct_orders as (rows and columns this scope may see), … <SQL>

The names a query uses are taken from DuckDB's own parse of it, not from its text: each must be a published relation
that the asker's role may read, or a CTE of the query itself. Everything else (qualified names, table functions, files) is
refused. The file is opened read-only, without access to anything outside it, and its configuration is locked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from core.errors import AccessDeniedError, RetriableError
from core.scope import Role, Scope
from core.warehouse.pointer import GENERATIONS_KEPT, current_generation, generation_path
from core.warehouse.served import SERVED, Served

if TYPE_CHECKING:
    import pandas as pd

Parameters = Mapping[str, object]
TABLE_FUNCTIONS_ALLOWED = frozenset({"range", "generate_series", "unnest"})


class Serving:
    """Opens what is published, once per generation and process; looks at the pointer for every reader."""

    def __init__(self, warehouse_dir: Path) -> None:
        self._warehouse_dir = warehouse_dir
        self._connections: dict[int, duckdb.DuckDBPyConnection] = {}
        self._lock = threading.Lock()

    def data_version(self) -> int:
        """The generation that a reader made now would read. Raises RetriableError WH-201 when there is none."""
        generation = current_generation(self._warehouse_dir)
        if generation is None:
            raise RetriableError(
                "WH-201", where="the published data", found="no generation yet", expected="a finished run",
                next_step="Run `dreiklang run` once, then load the page again.",
            )  # fmt: skip
        return generation

    def reader(self, scope: Scope) -> Reader:
        """A reader on the current generation for that scope. It stays on this generation: one version per page load."""
        generation = self.data_version()
        with self._lock:
            connection = self._connections.get(generation)
            if connection is None:
                connection = _open_locked(generation_path(self._warehouse_dir, generation))
                self._connections[generation] = connection
                for old in [number for number in self._connections if number <= generation - GENERATIONS_KEPT]:
                    self._connections.pop(old).close()
        return Reader(connection, generation, scope)

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()


class Reader:
    """Reads one published generation as one scope. `data_version` is that generation."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, data_version: int, scope: Scope) -> None:
        if not isinstance(scope, Scope):
            raise TypeError("a Reader needs a Scope; there is no default")
        self._connection = connection
        self.data_version = data_version
        self.scope = scope

    def rows(self, sql: str, parameters: Parameters | None = None) -> list[tuple[object, ...]]:
        """All rows of a query over published relations, named bare; `$name` for parameters.

        Raises AccessDeniedError WH-202 for anything that the scope's role may not read.
        """
        with self._run(sql, parameters) as cursor:
            return cursor.fetchall()

    def frame(self, sql: str, parameters: Parameters | None = None) -> pd.DataFrame:
        """The same as a frame; DECIMAL columns come as floats, so sum in SQL."""
        with self._run(sql, parameters) as cursor:
            return cursor.df()

    def _run(self, sql: str, parameters: Parameters | None) -> duckdb.DuckDBPyConnection:
        scoped = scoped_sql(sql, self.scope)
        cursor = self._connection.cursor()
        try:
            cursor.execute(scoped, dict(parameters)) if parameters else cursor.execute(scoped)
        except duckdb.BinderException as error:
            cursor.close()
            raise AccessDeniedError(
                "WH-202", where="a query over published data", found=str(error).splitlines()[0],
                expected="columns that this role may read", next_step="Ask for published columns only.",
            ) from error  # fmt: skip
        return cursor


def scoped_sql(sql: str, scope: Scope) -> str:
    """The query with every relation it names replaced by what the scope may see of it. Raises AccessDeniedError."""
    names = relations_of(sql)
    shadows = ",\n".join(f"{name} as not materialized ({_visible(name, scope)})" for name in names)
    if not shadows:
        return sql
    body = sql.strip()
    return f"with {shadows},\n{body[5:]}" if body[:5].lower() in ("with ", "with\n") else f"with {shadows}\n{body}"


@lru_cache(maxsize=1024)
def relations_of(sql: str) -> tuple[str, ...]:
    """The published relations that a query names. Raises AccessDeniedError WH-202 for anything else."""
    parsed = json.loads(_parse(sql))
    if parsed.get("error") or len(parsed["statements"]) != 1:
        raise _denied(str(parsed.get("error_message", "more than one statement")))
    nodes = list(_nodes(parsed["statements"][0]))
    own = {entry["key"] for node in nodes for entry in node.get("cte_map", {}).get("map", ())}
    if own & SERVED.keys():
        raise _denied(f"a CTE with the name of a published relation: {', '.join(sorted(own & SERVED.keys()))}")
    names = set()
    for node in nodes:
        kind = node.get("type")
        if kind == "BASE_TABLE":
            if len(node["qualified_name"]["path"]) != 1:
                raise _denied(f"the qualified name {'.'.join(node['qualified_name']['path'])}")
            names.add(node["table_name"])
        elif kind == "TABLE_FUNCTION" and node["function"]["function_name"] not in TABLE_FUNCTIONS_ALLOWED:
            raise _denied(f"the table function {node['function']['function_name']}")
    foreign = names - own - SERVED.keys()
    if foreign:
        raise _denied(f"the relation {', '.join(sorted(foreign))}")
    return tuple(sorted(names - own))


def visible_columns(served: Served, role: Role) -> tuple[str, ...]:
    """The columns of a relation that exist for a role."""
    hidden = served.hidden.get(role, frozenset())
    return tuple(name for name, _ in served.columns if name not in hidden)


def _visible(name: str, scope: Scope) -> str:
    served = SERVED[name]
    if scope.role not in served.rows:
        raise _denied(f"the relation {name}")
    columns = ", ".join(visible_columns(served, scope.role))
    return f"select {columns} from main.{name} where {_row_predicate(served, scope)}"


def _row_predicate(served: Served, scope: Scope) -> str:
    if not scope.party_ids and scope.role is not Role.OPERATOR:
        return "false"
    tenant_columns = served.rows[scope.role]
    if tenant_columns is None:
        return "true"
    ids = ", ".join(str(int(party_id)) for party_id in sorted(scope.party_ids))
    return "(" + " or ".join(f"{column} in ({ids})" for column in tenant_columns) + ")"


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _parse(sql: str) -> str:
    with duckdb.connect(":memory:") as connection:
        row = connection.execute("select json_serialize_sql($sql::varchar)", {"sql": sql}).fetchone()
    return str(row[0]) if row else "{}"


def _open_locked(path: Path) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": "false", "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false", "lock_configuration": "true",
    }  # fmt: skip
    return duckdb.connect(str(path), read_only=True, config=config)


def _denied(found: str) -> AccessDeniedError:
    return AccessDeniedError(
        "WH-202", where="a query over published data", found=found, expected="published relations that this role may read",
        next_step="Name a relation of core/warehouse/served.py that the role may read.",
    )  # fmt: skip
