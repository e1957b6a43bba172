"""Lookups: columns of another file of the same delivery, joined to `decoded` as `<name>.<column>`."""

from __future__ import annotations

import duckdb

from ingestion.decoding import Decoded, literal, quoted
from ingestion.findings import refuse
from ingestion.landing import Landed
from ingestion.profiles.model import FeedProfile


def join_lookups(connection: duckdb.DuckDBPyConnection, decoded: Decoded, feed: FeedProfile, files: dict[str, Landed]) -> Decoded:
    """Widen the view `decoded`, in the order of the profile, so that one lookup can lean on another. Parquet files only."""
    types = dict(decoded.types)
    connection.execute("create or replace temp table looked_up as select * from decoded")
    for lookup in feed.lookups:
        landed = files[lookup.name]
        source = f"read_parquet({literal(str(landed.path))})"
        described = {str(row[0]): str(row[1]) for row in connection.execute(f"describe select * from {source}").fetchall()}
        wanted = {name: kind for name, kind in described.items() if kind != "BLOB"}
        if lookup.right not in described:
            raise refuse("ING-207", landed.file_name, found=f"the columns {', '.join(described)}", expected=f"also {lookup.right}",
                         next_step="Send the file with the agreed columns.")  # fmt: skip
        columns = "".join(f", lookup.{quoted(name)} as {quoted(f'{lookup.name}.{name}')}" for name in wanted)
        connection.execute(
            f"""create or replace temp table looked_up_next as select base.*{columns} from looked_up as base
                left join {source} as lookup on base.{quoted(lookup.left)} = lookup.{quoted(lookup.right)}"""
        )
        connection.execute("drop table looked_up; alter table looked_up_next rename to looked_up")
        types |= {f"{lookup.name}.{name}": kind for name, kind in wanted.items()}
    connection.execute("create or replace temp view decoded as select * from looked_up")
    return Decoded(types, decoded.findings, decoded.warning)
