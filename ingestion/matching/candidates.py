"""Pairs of parties that may be one company, with a score and reasons.

    numbers   the same valid GLN or VAT number (check digits): score 1
    names     Splink's Fellegi-Sunter model over name, postal code and city, on DuckDB: score = match probability

Only parties of the same kind from different sources are paired; within a source the source's own numbers decide. Nothing is merged here.
"""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import structlog

log = structlog.get_logger("dreiklang.matching")

SCORE_MIN = 0.5
"""Pairs below are not shown: more of them are wrong than right."""

CANDIDATES_MAX = 5_000

LEGAL_FORMS = frozenset(
    [
        "gmbh",
        "ag",
        "kg",
        "ohg",
        "ug",
        "gbr",
        "ek",
        "e",
        "k",
        "co",
        "mbh",
        "se",
        "ltd",
        "limited",
        "plc",
        "inc",
        "corp",
        "corporation",
        "llc",
        "lp",
        "sa",
        "sarl",
        "sas",
        "srl",
        "spa",
        "bv",
        "nv",
        "oy",
        "ab",
        "as",
        "aps",
        "kft",
        "doo",
        "und",
        "and",
    ]
)
"""Words that say how a company is organised, not which one it is."""

WRITTEN_OUT: dict[int, str] = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss", ord("&"): " und "}

PARTIES = """
    select source_id, party_ref, kind, name, city, postal_code, country from raw.parties
    qualify row_number() over (partition by _row_key order by _version desc, _batch_no desc, _row_no desc) = 1
"""

NUMBERS = """
    select source_id, party_ref, lower(scheme) as scheme, alias_value from raw.party_aliases where lower(scheme) in ('gln', 'vat')
    qualify row_number() over (partition by _row_key order by _version desc, _batch_no desc, _row_no desc) = 1
"""

Candidate = tuple[str, str, str, str, str, float, str]
"""left source, left number, right source, right number, kind, score, reasons as a JSON list."""


def propose_matches(connection: duckdb.DuckDBPyConnection) -> int:
    """Write `raw.match_candidates` anew from the parties as they are now; returns how many pairs there are."""
    parties = connection.execute(PARTIES).fetchall()
    connection.execute("delete from raw.match_candidates")
    if len({row[0] for row in parties}) < 2:
        return 0
    found = {candidate[:4]: candidate for candidate in _by_name(parties)}
    found |= {candidate[:4]: candidate for candidate in _by_number(connection, parties)}
    ordered = sorted(found.values(), key=lambda one: (-one[5], one[:4]))[:CANDIDATES_MAX]
    if ordered:
        connection.executemany("insert into raw.match_candidates values (?, ?, ?, ?, ?, ?, ?)", [list(one) for one in ordered])
    log.info("matches_proposed", parties=len(parties), candidates=len(ordered))
    return len(ordered)


def normal_name(name: str | None) -> str:
    """A company's name as it is compared: small letters, umlauts and ligatures written out, no marks, no legal form."""
    written_out = (name or "").casefold().translate(WRITTEN_OUT)
    plain = unicodedata.normalize("NFKD", written_out)
    words = re.sub(r"[^0-9a-z]+", " ", "".join(c for c in plain if not unicodedata.combining(c)).replace(".", "")).split()
    kept = [word for word in words if word not in LEGAL_FORMS]
    return " ".join(kept or words)


def is_valid_number(scheme: str, value: str) -> bool:
    """Whether the check digits of a GLN or VAT number are right."""
    from stdnum import ean
    from stdnum.eu import vat

    if scheme == "gln":
        return len(ean.compact(value)) == 13 and bool(ean.is_valid(value))
    return bool(vat.is_valid(value))


def _by_number(connection: duckdb.DuckDBPyConnection, parties: Sequence[Sequence[Any]]) -> Iterable[Candidate]:
    kinds = {(row[0], row[1]): str(row[2]) for row in parties}
    holders: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for source, ref, scheme, value in connection.execute(NUMBERS).fetchall():
        if (source, ref) in kinds and is_valid_number(scheme, value):
            holders.setdefault((scheme, re.sub(r"\W", "", value).upper()), []).append((source, ref))
    for (scheme, _), keys in holders.items():
        for place, left in enumerate(sorted(keys)):
            for right in sorted(keys)[place + 1 :]:
                if left[0] != right[0] and kinds[left] == kinds[right]:
                    yield (*left, *right, kinds[left], 1.0, json.dumps([f"same_{scheme}"]))


def _by_name(parties: Sequence[Sequence[Any]]) -> Iterable[Candidate]:
    """Splink in a database of its own in memory; what the numbers of the model mean stands in docs/intake.md."""
    import pyarrow as pa
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    rows = [row for row in parties if normal_name(row[3])]
    table = pa.table({
        "unique_id": list(range(len(rows))), "origin": [row[0] for row in rows], "kind": [row[2] for row in rows],
        "name": [normal_name(row[3]) for row in rows], "city": pa.array([normal_name(row[4]) or None for row in rows], pa.string()),
        "postal_code": pa.array([re.sub(r"\W", "", row[5]).upper() if row[5] else None for row in rows], pa.string()),
    })  # fmt: skip
    settings = SettingsCreator(
        link_type="dedupe_only", probability_two_random_records_match=1 / max(len(rows), 100),
        blocking_rules_to_generate_predictions=[
            block_on("kind", "postal_code"), block_on("kind", "city", "substr(name, 1, 3)"), block_on("kind", "name"),
        ],
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.94, 0.86]).configure(
                m_probabilities=[0.62, 0.24, 0.09, 0.05], u_probabilities=[0.002, 0.004, 0.02, 0.974]
            ),
            cl.ExactMatch("postal_code").configure(m_probabilities=[0.88, 0.12], u_probabilities=[0.01, 0.99]),
            cl.JaroWinklerAtThresholds("city", [0.9]).configure(m_probabilities=[0.9, 0.05, 0.05], u_probabilities=[0.03, 0.01, 0.96]),
        ],
        retain_intermediate_calculation_columns=True,
    )  # fmt: skip
    logging.getLogger("splink").setLevel(logging.ERROR)
    with duckdb.connect(":memory:") as connection:
        api = DuckDBAPI(connection)
        linker = Linker(api.register(table), settings, log_level=logging.ERROR)
        pairs = linker.inference.predict(threshold_match_probability=SCORE_MIN).as_record_list()
    for pair in pairs:
        left, right = rows[int(pair["unique_id_l"])], rows[int(pair["unique_id_r"])]
        if left[0] != right[0]:
            first, second = sorted(((left[0], left[1]), (right[0], right[1])))
            yield (*first, *second, str(left[2]), round(float(pair["match_probability"]), 4), json.dumps(_reasons(pair)))


def _reasons(pair: Mapping[str, Any]) -> list[str]:
    """What spoke for and against a pair, as codes that the page puts into words."""
    name = {3: "name_same", 2: "name_close", 1: "name_alike", 0: "name_differs"}
    city = {2: "city_same", 1: "city_alike", 0: "city_differs"}
    postal = {1: "postal_code_same", 0: "postal_code_differs"}
    found = [
        names.get(int(pair[f"gamma_{column}"])) for column, names in (("name", name), ("postal_code", postal), ("city", city))
    ]
    return [reason for reason in found if reason]
