"""Payments settle invoices: never more than was paid, never more than is owed, and whatever arrives first."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.models import model_sql

Pair = tuple[int, str, str, int, int, int, int]
"""Settlement, settled_by, day, offered, invoice, owed, due rank."""


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine in memory."""
    with duckdb.connect(":memory:") as connection:
        yield connection


def allocate(engine: duckdb.DuckDBPyConnection, pairs: list[Pair]) -> list[tuple[Any, ...]]:
    """(invoice, settlement, cents), sorted."""
    engine.execute("""create or replace table int_payments__named_invoices (
        settlement_id ubigint, settled_by varchar, booked_on date, offered_cents bigint, invoice_id bigint, owed_cents bigint,
        due_rank integer)""")
    if pairs:
        engine.executemany("insert into int_payments__named_invoices values (?, ?, ?::date, ?, ?, ?, ?)", pairs)
    rows = engine.execute(f"select invoice_id, settlement_id, allocated_cents from ({ALLOCATED}) order by all").fetchall()
    return [tuple(int(value) for value in row) for row in rows]


ALLOCATED = model_sql("int_payments__allocated")


def test_the_oldest_due_is_paid_first_and_a_part_leaves_the_rest_open(engine: duckdb.DuckDBPyConnection) -> None:
    pairs: list[Pair] = [(1, "payment", "2026-06-01", 150, 10, 100, 1), (1, "payment", "2026-06-01", 150, 20, 100, 2)]
    assert allocate(engine, pairs) == [(10, 1, 100), (20, 1, 50)]


def test_overpayment_stays_and_later_payments_find_nothing(engine: duckdb.DuckDBPyConnection) -> None:
    pairs: list[Pair] = [(2, "payment", "2026-06-02", 80, 10, 100, 1), (1, "payment", "2026-06-01", 70, 10, 100, 1)]
    assert allocate(engine, pairs) == [(10, 1, 70), (10, 2, 30)]


def test_credit_notes_come_before_payments(engine: duckdb.DuckDBPyConnection) -> None:
    pairs: list[Pair] = [(1, "payment", "2026-06-01", 100, 10, 100, 1), (9, "credit_note", "2026-06-09", 40, 10, 100, 1)]
    assert allocate(engine, pairs) == [(10, 1, 60), (10, 9, 40)]


@st.composite
def markets(draw: st.DrawFn) -> list[Pair]:
    """A few invoices, a few payments, and who names what."""
    owed = draw(st.lists(st.integers(1, 300), min_size=1, max_size=6))
    pairs: list[Pair] = []
    for payment in range(draw(st.integers(0, 7))):
        offered, day = draw(st.integers(1, 500)), draw(st.integers(1, 5))
        named = sorted(draw(st.sets(st.integers(0, len(owed) - 1), min_size=1)))
        settled_by = draw(st.sampled_from(["payment", "payment", "credit_note"]))
        pairs += [(payment, settled_by, f"2026-06-0{day}", offered, one, owed[one], rank) for rank, one in enumerate(named, 1)]
    return pairs


@settings(max_examples=60, deadline=None)
@given(pairs=markets(), chance=st.randoms(use_true_random=False))
def test_no_more_than_paid_no_more_than_owed_in_any_order(
    engine: duckdb.DuckDBPyConnection, pairs: list[Pair], chance: random.Random
) -> None:
    result = allocate(engine, pairs)
    assert all(cents > 0 for _, _, cents in result)
    left = {pair[0]: pair[3] for pair in pairs}
    still_open = {pair[4]: pair[5] for pair in pairs}
    for invoice, payment, cents in result:
        left[payment] -= cents
        still_open[invoice] -= cents
    assert all(value >= 0 for value in (*left.values(), *still_open.values()))
    # nothing that could settle stays undone
    assert not [pair for pair in pairs if left[pair[0]] > 0 and still_open[pair[4]] > 0]
    shuffled = list(pairs)
    chance.shuffle(shuffled)
    assert allocate(engine, shuffled) == result


@pytest.mark.parametrize(("text", "number", "is_named"), [
    ("Rechnung R-2026/001 vom 1.6.", "R-2026/001", True), ("r2026001", "R-2026/001", True), ("RE-20 26-1001", "RE-2026-1001", True),
    ("R-2026/0011", "R-2026/001", False), ("XR-2026/001", "R-2026/001", False), ("R-2026", "R-2026/001", False), ("", "R-1", False),
    ("Rechnungen 17,18 und 19", "18", True), ("R-1 R-2", "R-3", False),
])  # fmt: skip
def test_what_a_reference_names(engine: duckdb.DuckDBPyConnection, text: str, number: str, is_named: bool) -> None:
    assert named_by(engine, text, [number]) == ([number] if is_named else [])


def test_the_longer_number_is_meant(engine: duckdb.DuckDBPyConnection) -> None:
    numbers = ["2026", "001", "R-2026/001"]
    assert named_by(engine, "R-2026/001", numbers) == ["R-2026/001"]
    assert named_by(engine, "R-2026/001 und 2026", numbers) == ["2026", "R-2026/001"]


def test_neither_other_buyers_nor_other_currencies(engine: duckdb.DuckDBPyConnection) -> None:
    assert named_by(engine, "R-1", ["R-1"], buyer="2") == []
    assert named_by(engine, "R-1", ["R-1"], buyer="null") == ["R-1"]
    assert named_by(engine, "R-1", ["R-1"], currency="USD") == []
    assert named_by(engine, "R-1", ["R-1"], seller="8") == []


def named_by(
    engine: duckdb.DuckDBPyConnection,
    text: str,
    numbers: list[str],
    *,
    buyer: str = "1",
    seller: str = "7",
    currency: str = "EUR",
) -> list[str]:
    """Invoice numbers that a payment's reference names."""
    words = engine.execute("select trim(regexp_replace(upper($text), '[^A-Z0-9]+', ' ', 'g'))", {"text": text}).fetchall()[0][0]
    engine.execute(f"""create or replace table int_payments__resolved as select cast(1 as ubigint) as payment_id, 'payment' as payment_kind,
        cast({seller} as bigint) as seller_id, cast({buyer} as bigint) as buyer_id, '{currency}' as currency, date '2026-06-01' as booked_on,
        100 as amount_cents, 0 as taken_back_cents, '{words}' as words""")
    engine.execute("""create or replace table int_invoices__documents (invoice_id bigint, invoice_no varchar, seller_id bigint,
        buyer_id bigint, currency varchar, invoiced_on date, due_on date, owed_cents bigint, credited_invoice_no varchar)""")
    engine.executemany(
        "insert into int_invoices__documents values (?, ?, 7, 1, 'EUR', '2026-05-01', null, 100, null)",
        list(enumerate(numbers, 1)),
    )
    found = engine.execute(f"""select documents.invoice_no from ({NAMED}) as named
        join int_invoices__documents as documents using (invoice_id) order by 1""").fetchall()
    return [str(row[0]) for row in found]


NAMED = model_sql("int_payments__named_invoices")
