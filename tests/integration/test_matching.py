"""Parties of different sources that are one company: proposed with reasons, merged by people, and split again without a trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Engine

from core.clock import FixedClock, random_id
from core.errors import AccessDeniedError, ConflictError
from core.scope import Role, Scope
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.reader import Serving
from ingestion.jobs import prepare
from ingestion.matching import PartyKey, decide, decisions, propose_matches
from ingestion.matching.candidates import is_valid_number, normal_name
from ingestion.profiles import Profile
from pipeline import Delivery, Pipeline, Reporting
from portal import User
from portal.matching import decide_match, decided_matches

pytestmark = pytest.mark.integration
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
LUND, CAFE_LUND = PartyKey("maker", "R1"), PartyKey("huber", "4711")


@pytest.mark.parametrize(("left", "right"), [
    ("Café Lund GmbH & Co. KG", "CAFE LUND"), ("Müller Getränke e.K.", "mueller getraenke"), ("Straßner AG", "Strassner"), ("GmbH", "gmbh"),
])  # fmt: skip
def test_names_are_compared_without_legal_form_case_and_marks(left: str, right: str) -> None:
    assert normal_name(left) == normal_name(right) != ""


@pytest.mark.parametrize(("scheme", "value", "valid"), [
    ("gln", "4006381333931", True), ("gln", "4006381333932", False), ("vat", "DE136695976", True), ("vat", "DE136695977", False),
])  # fmt: skip
def test_numbers_count_only_with_their_check_digits(scheme: str, value: str, valid: bool) -> None:
    assert is_valid_number(scheme, value) is valid


def party(ref: str, name: str, city: str, postal_code: str, kind: str = "retailer") -> dict[str, str]:
    """A master record."""
    return {"party_ref": ref, "kind": kind, "name": name, "city": city, "postal_code": postal_code}


MASTERS: dict[str, list[dict[str, str]]] = {
    "maker": [
        party("M", "Quellgrund AG", "Ulm", "89073", "manufacturer"), party("D", "Huber Getränke GmbH", "Ulm", "89073", "distributor"),
        party("R1", "Café Lund GmbH", "Kiel", "24103"), party("R2", "Kiosk am Markt", "Bonn", "53111"), party("R3", "Weinhaus Roth", "Mainz", "55116"),
        party("R4", "Feinkost Adam", "Köln", "50667"),
        party("R5", "Cafe Lund", "Kiel", "24103"),
    ],
    "huber": [
        party("4711", "Cafe Lund", "Kiel", "24103"), party("4712", "Kiosk am Markt", "Hamburg", "20095"), party("4713", "Rot Weine und mehr", "Worms", "67547"),
        party("4714", "Delikatessen Adam e.K.", "Köln", "50667"),
    ],
}  # fmt: skip
VALID, MISTYPED = "4006381333931", "4006381333932"
ALIASES = {
    "maker": [
        {"party_ref": "R3", "scheme": "gln", "alias_value": VALID},
        {"party_ref": "R4", "scheme": "gln", "alias_value": MISTYPED},
    ],
    "huber": [
        {"party_ref": "4713", "scheme": "gln", "alias_value": VALID},
        {"party_ref": "4712", "scheme": "gln", "alias_value": MISTYPED},
    ],
}


def delivery(folder: Path, source_id: str, lines: list[dict[str, Any]]) -> Delivery:
    """The files of a source, and how they are read."""
    where = folder / source_id
    where.mkdir(parents=True, exist_ok=True)
    feeds = []
    for feed, rows in (("parties", MASTERS[source_id]), ("party_aliases", ALIASES[source_id]), ("order_lines", lines)):
        if rows:
            (where / f"{feed}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            columns: dict[str, Any] = {name: name for name in rows[0]}
            if feed == "order_lines":
                columns |= {"seller": {"column": "seller", "scheme": "maker"}, "buyer": "buyer", "leg": {"const": "sell_through"}}
                columns |= {"line_kind": {"const": "order"}, "line_status": {"const": "confirmed"}}
            feeds.append({"feed": feed, "files": f"{feed}.jsonl", "format": "jsonl", "columns": columns})
    return Delivery(Profile.model_validate({"source_id": source_id, "title": source_id, "feeds": feeds}), where)


@pytest.fixture
def masters() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory that knows both masters."""
    with duckdb.connect(":memory:") as connection:
        prepare(connection)
        for number, (source, rows) in enumerate(MASTERS.items(), 1):
            for place, row in enumerate(rows, 1):
                connection.execute(
                    """insert into raw.parties (_batch_no, _row_no, _recorded_at, _row_key, _version, source_id, party_ref, kind, name, city, postal_code)
                       values ($b, $r, now()::timestamp, hash($s, $ref), 0, $s, $ref, $kind, $name, $city, $zip)""",
                    {"b": number, "r": place, "s": source, "ref": row["party_ref"], "kind": row["kind"], "name": row["name"], "city": row["city"], "zip": row["postal_code"]},
                )  # fmt: skip
            for row in ALIASES[source]:
                connection.execute(
                    """insert into raw.party_aliases (_batch_no, _row_no, _recorded_at, _row_key, _version, source_id, party_ref, scheme, alias_value)
                       values (9, 1, now()::timestamp, hash($s, $ref), 0, $s, $ref, 'gln', $value)""",
                    {"s": source, "ref": row["party_ref"], "value": row["alias_value"]},
                )
        yield connection


def test_candidates_come_with_score_and_reasons(masters: duckdb.DuckDBPyConnection) -> None:
    propose_matches(masters)
    found = {
        (left, right): (float(score), json.loads(reasons))
        for left, right, score, reasons in masters.execute(
            "select left_ref, right_ref, score, reasons from raw.match_candidates"
        ).fetchall()
    }
    lund, roth = found[("4711", "R1")], found[("4713", "R3")]
    assert lund[0] > 0.95
    assert lund[1] == ["name_same", "postal_code_same", "city_same"]
    assert roth == (1.0, ["same_gln"]), "another name in another town, but the same valid number"
    assert ("4712", "R2") not in found, "the same name in another town is not enough"
    assert ("4712", "R4") not in found, "the same number, but its check digit is wrong"
    assert not any({left, right} == {"R1", "R5"} for left, right in found), "within a source its own numbers decide"
    propose_matches(masters)
    assert masters.execute("select count(*) from raw.match_candidates").fetchall() == [(len(found),)]


def test_a_verdict_cannot_contradict_another(store: Engine, clock: FixedClock) -> None:
    decide(store, CAFE_LUND, LUND, "merge", clock)
    for party_key, into in ((LUND, CAFE_LUND), (PartyKey("b", "1"), CAFE_LUND), (LUND, PartyKey("b", "1")), (LUND, LUND)):
        with pytest.raises(ConflictError) as refused:
            decide(store, party_key, into, "merge", clock)
        assert refused.value.code == "ING-701"
    with pytest.raises(ConflictError):
        decide(store, CAFE_LUND, LUND, "distinct", clock)
    decide(store, PartyKey("b", "1"), LUND, "merge", clock)
    decide(store, CAFE_LUND, LUND, "undo", clock)
    assert [(one.party.party_ref, one.verdict) for one in decisions(store)] == [("1", "merge")]
    with pytest.raises(ConflictError):
        decide(store, CAFE_LUND, LUND, "undo", clock)


def test_a_merge_moves_the_figures_and_an_undo_moves_them_back(tmp_path: Path) -> None:
    lines = [{"document_no": f"A{n}", "line_no": "1", "seller": "D", "buyer": "4711", "ordered_on": "2026-05-04", "product": "P", "quantity": "1",
              "net_amount": "10.00"} for n in range(3)]  # fmt: skip
    settings = Settings(home=tmp_path / "home")
    deliveries = [delivery(tmp_path, "maker", []), delivery(tmp_path, "huber", lines)]
    clock = FixedClock(NOW)
    pipeline, quiet = Pipeline(settings, clock, random_id, []), Reporting(step=lambda _: None)
    pipeline.run(deliveries, quiet, data_docs=False)
    serving = Serving(settings.warehouse_dir)
    store = open_store(settings.resolved_store_url())
    migrate(store)

    def published() -> tuple[object, ...]:
        reader = serving.reader(Scope.of(Role.OPERATOR))
        buyers = reader.rows(
            "select p.name, count(*) from fct_order_lines as l inner join dim_party as p on l.retailer_id = p.party_id group by p.name"
        )
        return buyers, reader.rows("select count(*) from dim_party where kind = 'retailer'")

    before = published()
    assert before == ([("Cafe Lund", 3)], [(9,)])
    assert ("4711", "R1") in serving.reader(Scope.of(Role.OPERATOR)).rows("select left_ref, right_ref from fct_match_candidates")
    decide(store, CAFE_LUND, LUND, "merge", clock)
    clock.moment = NOW + timedelta(hours=1)
    assert pipeline.run(deliveries, quiet, data_docs=False).published
    assert published() == ([("Café Lund GmbH", 3)], [(8,)])
    decide(store, CAFE_LUND, LUND, "undo", clock)
    clock.moment = NOW + timedelta(hours=2)
    assert pipeline.run(deliveries, quiet, data_docs=False).published
    assert published() == before
    clock.moment = NOW + timedelta(hours=3)
    assert not pipeline.run(deliveries, quiet, data_docs=False).published, "nothing was decided since"
    serving.close()
    store.dispose()


@pytest.mark.parametrize("role", [Role.DISTRIBUTOR, Role.RETAILER])
def test_only_the_manufacturer_decides(store: Engine, clock: FixedClock, role: Role) -> None:
    user = User("u", "u@example.org", "U", role, 1, "active", "en")
    with pytest.raises(AccessDeniedError) as denied:
        decide_match(store, user, CAFE_LUND, LUND, "merge", clock)
    assert denied.value.code == "ACC-302"
    with pytest.raises(AccessDeniedError):
        decided_matches(store, user)
    assert decisions(store) == []
