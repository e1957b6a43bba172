"""No figure, option or export of one partner shows in another's view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pandas as pd
import pytest

from core.clock import random_token
from core.errors import AccessDeniedError
from core.scope import Role, Scope
from core.store import open_store
from core.warehouse import reader as reader_module
from core.warehouse.served import SERVED
from dashboards import runtime
from dashboards.components.context import _cached
from dashboards.export import csv_bytes
from dashboards.queries import QUERIES, read
from portal import SessionLimits
from tests.conftest import NOW
from tests.security.access_matrix import CELLS, cell, owner_column
from tests.support.lookalikes import TRADES, Lookalikes, canaries_of, foreign_to, secrets_from

pytestmark = pytest.mark.security
ROLES = (Role.MANUFACTURER, Role.DISTRIBUTOR, Role.RETAILER)
SIDES = {Role.MANUFACTURER: ("QG1", "QG2"), Role.DISTRIBUTOR: ("D1", "D2"), Role.RETAILER: ("R1", "R2", "RX")}
PEOPLE = [(role, ref) for role, refs in SIDES.items() for ref in refs]
FILTERS = [
    {},
    {"leg": "sell_through"},
    {"leg": "sell_in"},
    {"leg": "sell_out"},
    {"leg": "sell_through", "region": "Süd", "tier": "Gold"},
]
INJECTIONS = [
    "' or '1'='1", "x' union select * from fct_prices --", "%", "\\", "*", "null", "'; drop table fct_orders; --", "W-canary-two-zq", "H-canary-two-zq",
    "{{7*7}}", "\x00", "sell_through') or true --",
]  # fmt: skip


@pytest.fixture
def pages(both: Lookalikes) -> Iterator[Lookalikes]:
    """The pages' services on the instance with both channels."""
    with_runtime(both)
    yield both
    runtime._installed.clear()


def with_runtime(instance: Lookalikes) -> None:
    """Install the services of that instance."""
    from core.clock import FixedClock

    store = open_store(instance.settings.resolved_store_url())
    runtime.install(
        runtime.Runtime(
            instance.settings, store, instance.serving, FixedClock(NOW), random_token, SessionLimits.of(instance.settings)
        )
    )


def texts_of(frame: pd.DataFrame) -> str:
    """Everything a person could read in a frame, numbers with all digits."""
    return "\n".join(str(value) for row in frame.itertuples(index=False) for value in row) + csv_bytes(frame, "en").decode()


def confidential_to_others(role: Role, ref: str) -> set[str]:
    """Canaries that this person must never see."""
    return secrets_from(ref)


def answers(role: Role, ref: str, instance: Lookalikes) -> Iterator[tuple[str, pd.DataFrame]]:
    """Every query of the role's pages under many filters."""
    scope = instance.scope(role, ref)
    for query in QUERIES.values():
        if role not in query.roles:
            continue
        for filters in FILTERS:
            yield query.name, read(query, scope, filters)
        for name in query.parameters:
            for injection in INJECTIONS:
                yield query.name, read(query, scope, {"leg": "sell_through", name: injection})


def test_the_matrix_names_every_relation_and_nothing_else() -> None:
    assert CELLS.keys() == SERVED.keys()
    for name, served in SERVED.items():
        for role in ROLES:
            rows, hidden = cell(name, role)
            assert (role in served.rows) == (rows != "-"), (name, role)
            if rows != "-":
                assert (served.rows[role] is None) == (rows == "all"), (name, role)
                assert served.hidden.get(role, frozenset()) == hidden, (name, role)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("relation", sorted(CELLS))
def test_a_relation_shows_own_rows_only(both: Lookalikes, relation: str, role: Role) -> None:
    rows, hidden = cell(relation, role)
    ref = SIDES[role][0]
    reader, own = both.reader(role, ref), both.party_id(ref)
    if rows == "-":
        with pytest.raises(AccessDeniedError):
            reader.rows(f"select count(*) from {relation}")
        return
    for column in hidden:
        with pytest.raises(AccessDeniedError):
            reader.rows(f"select {column} from {relation}")
    assert not hidden & set(reader.frame(f"select * from {relation}").columns)
    if rows == "own":
        everything = both.reader(Role.OPERATOR).frame(f"select {owner_column(relation, role)} as owner from {relation}")["owner"]
        assert len(set(everything) - {own}) >= 1, "the fixture has no foreign rows here, so this test could not fail"
        assert reader.rows(f"select count(*) from {relation}")[0][0] == int((everything == own).sum()) > 0
        assert both.serving.reader(Scope(role, frozenset())).rows(f"select count(*) from {relation}") == [(0,)]


@pytest.mark.parametrize(("relation", "role"), [
    (name, role) for name in sorted(CELLS) for role in ROLES if cell(name, role)[0] == "own"
])  # fmt: skip
def test_without_its_predicate_a_relation_leaks(
    both: Lookalikes, monkeypatch: pytest.MonkeyPatch, relation: str, role: Role
) -> None:
    """The guard is what keeps foreign rows out: taken away, the check above sees them."""
    open_to_all = replace(SERVED[relation], rows={**SERVED[relation].rows, role: None})
    monkeypatch.setattr(reader_module, "SERVED", MappingProxyType({**SERVED, relation: open_to_all}))
    with pytest.raises(AssertionError):
        test_a_relation_shows_own_rows_only(both, relation, role)


@pytest.mark.parametrize(("role", "ref"), PEOPLE)
def test_no_canary_of_others_in_any_answer(pages: Lookalikes, role: Role, ref: str) -> None:
    forbidden = confidential_to_others(role, ref)
    seen = ""
    for name, frame in answers(role, ref, pages):
        text = texts_of(frame)
        assert not [word for word in forbidden if word in text], name
        seen += text
    own = [trade for trade in TRADES if trade not in foreign_to(ref)]
    if role is Role.MANUFACTURER:
        assert not [
            word
            for word in {str(t.amount_cents) for t in TRADES} | {f"{t.amount_cents / 100:.2f}" for t in TRADES}
            if word in seen
        ]
    else:
        assert all(trade.text in seen for trade in own), "one's own canaries show, so the search works"


@pytest.mark.parametrize(("role", "ref"), [(Role.MANUFACTURER, "QG1"), (Role.DISTRIBUTOR, "D1"), (Role.RETAILER, "R1")])
def test_foreign_rows_change_nothing(both: Lookalikes, first_alone: Lookalikes, role: Role, ref: str) -> None:
    """Every answer is the same, byte for byte, whether the other channel exists or not: counts, axes, options, ranks."""
    found = []
    for instance in (both, first_alone):
        with_runtime(instance)
        found.append([(name, csv_bytes(frame, "de")) for name, frame in answers(role, ref, instance)])
        runtime._installed.clear()
    assert len(found[0]) > 20
    assert found[0] == found[1]


@pytest.mark.parametrize("order", [("D1", "D2", "D1"), ("D2", "D1", "D2")])
def test_a_warm_cache_serves_nobody_else(pages: Lookalikes, order: tuple[str, ...]) -> None:
    _cached.clear()
    version = pages.serving.data_version()
    for ref in order:
        own, text = pages.party_id(ref), ""
        for query in QUERIES.values():
            if Role.DISTRIBUTOR in query.roles:
                arguments = tuple(sorted((name, None) for name in query.parameters))
                text += texts_of(_cached(query.name, "distributor", (own,), version, arguments))
        assert not [word for word in confidential_to_others(Role.DISTRIBUTOR, ref) if word in text]
        assert any(word in text for word in canaries_of([t for t in TRADES if t.distributor == ref]))


def test_a_change_of_role_is_another_cache_entry(pages: Lookalikes) -> None:
    """The same party id under another role reads as that role, not from the other's cache."""
    _cached.clear()
    version, own = pages.serving.data_version(), pages.party_id("D1")
    filters = (("delivery_status", None), ("only_late", None))
    assert len(_cached("d_orders", "distributor", (own,), version, filters)) > 0
    assert len(_cached("d_orders", "retailer", (own,), version, filters)) == 0


@pytest.mark.parametrize("sql", [
    "select * from main.fct_prices", "select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'",
    "with fct_prices as (select 1 as a) select * from fct_prices", "select * from duckdb_tables()", "select * from information_schema.tables",
    "select 1; select 2", "attach '/tmp/x.duckdb' as x", "select * from pragma_database_list", "copy (select 1) to '/tmp/x'",
    "select getenv('HOME')", "select * from read_blob('/etc/passwd')", "set enable_external_access = true",
    "select content from read_text('/etc/passwd')", "select * from query('select * from fct_prices')", "select * from query_table('fct_prices')",
])  # fmt: skip
def test_the_only_door_has_no_side_doors(both: Lookalikes, sql: str) -> None:
    with pytest.raises(Exception, match=r"WH-202|Error|error") as refused:
        both.reader(Role.RETAILER, "R1").rows(sql)
    assert not isinstance(refused.value, AssertionError)


def test_foreign_and_missing_documents_answer_alike(pages: Lookalikes) -> None:
    scope = pages.scope(Role.RETAILER, "R1")
    foreign = read(QUERIES["r_order_lines"], scope, {"document_no": "canary-two-zq"})
    missing = read(QUERIES["r_order_lines"], scope, {"document_no": "no-such-order"})
    assert csv_bytes(foreign, "en") == csv_bytes(missing, "en")
    assert len(read(QUERIES["r_order_lines"], scope, {"document_no": "A-1"})) == 1


def test_what_arrived_is_known_to_both_sides(pages: Lookalikes) -> None:
    for name, role, ref, filters in (
        ("r_receipts", Role.RETAILER, "R1", {"document_no": "A-1"}), ("d_receipts", Role.DISTRIBUTOR, "D1", {}),
    ):  # fmt: skip
        arrived = read(QUERIES[name], pages.scope(role, ref), filters).to_dict("records")
        quantities = ("ordered_quantity", "shipped_quantity", "accepted_quantity", "rejected_quantity")
        assert [one[key] for one in arrived[:1] for key in quantities] == [20, 20, 18, 2], (
            "of the delivery and the order it answers"
        )


def test_a_reader_without_a_scope_is_an_error(both: Lookalikes) -> None:
    with pytest.raises(TypeError):
        both.serving.reader(None)  # type: ignore[arg-type]
