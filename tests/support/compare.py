"""Two published generations hold the same facts, whatever order they arrived in."""

from __future__ import annotations

from core.warehouse.reader import Reader
from core.warehouse.served import SERVED

OF_THE_WAY = ("fct_point_transfers", "rpt_points_monthly", "fct_batches", "fct_quarantined_rows", "fct_document_findings")
"""Relations that tell how the data came, not what it says."""

RECORDED = frozenset(
    {
        "run_no",
        "recorded_at",
        "last_recorded_at",
        "transfer_id",
        "journal_id",
        "lot_id",
        "points",
        "kind",
        "debit_account",
        "credit_account",
        "rule_version",
        "files_judged",
        "files_late",
        "timeliness_share",
        "parts_judged",
        "score",
    }
)
"""Columns that say when and how we learned something, not what happened: also how punctual files were, and the score that this is part of."""


def fingerprints(reader: Reader, *, facts_only: bool = False) -> dict[str, tuple[object, ...]]:
    """Per relation the number of rows and a hash of their content that no order changes.

    `facts_only` leaves out record times, numbers given on arrival, what each file brought on its way, and the ledger's single entries
    (its balances stay).
    """
    found = {}
    for served in SERVED.values():
        if facts_only and served.name in OF_THE_WAY:
            continue
        names = [name for name, _ in served.columns if not (facts_only and name in RECORDED)]
        row = reader.rows(f"select count(*), bit_xor(hash({', '.join(names)})), sum(hash({', '.join(names)})) from {served.name}")
        found[served.name] = row[0]
    return found
