"""A distributor teaches its own source what its files are: looked at, tried, confirmed once; the pipeline needs nobody for the next one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.clock import FixedClock, random_id
from core.errors import AccessDeniedError, InputRefusedError
from core.scope import Role
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.reader import Reader, Serving
from loyalty import load_programme
from pipeline import Pipeline, Service, hold_lease
from pipeline.learned import LearnedSources
from portal import User, scope_of
from portal.intake import (
    Answers,
    UploadedFile,
    confirmed,
    known_layouts,
    looked_at,
    my_layouts,
    schemes_of,
    sent,
    source_of,
    tried,
    waiting,
    withdrawn,
)
from tests.integration.intake.test_refused_rows import copied as copied
from tests.integration.intake.test_refused_rows import person
from tests.support.demo import DemoInstance

pytestmark = pytest.mark.integration

LATER = FixedClock(datetime(2026, 6, 30, 13, tzinfo=UTC))
HEADER = "Auftrag;Pos;Verkäufer;Kunde;Bestelldatum;EAN;Menge;Nettobetrag;Status\n"


class Desk:
    """A distributor at its desk: a person, its reader, the store, the clock."""

    def __init__(self, settings: Settings, serving: Serving, store: Engine, user: User) -> None:
        self.settings, self.serving, self.store, self.user = settings, serving, store, user

    @property
    def reader(self) -> Reader:
        """What the person may read now."""
        return self.serving.reader(scope_of(self.user))

    def answers(self, **said: str) -> Answers:
        """The usual ones: customer numbers of its own ERP, and what its words mean."""
        usual = {"value.line_status.offen": "open", "scheme.buyer": "nordwind:customer"}
        return Answers(usual | said, "Europe/Berlin", "EUR")

    def confirm(self, file: UploadedFile, answers: Answers) -> int:
        """Look, try, confirm."""
        look = looked_at(self.user, file)
        return confirmed(self.settings, self.store, self.reader, self.user, file, look, answers, LATER, random_id)

    def tick(self) -> None:
        """The pipeline looks once."""
        for path in (self.settings.inbox_dir / source_of(self.user)).glob("*.*"):
            os.utime(path, (LATER.now().timestamp() - 60,) * 2)
        with hold_lease(self.settings, LATER, random_id, "pipeline") as lease:
            pipeline = Pipeline(self.settings, LATER, random_id, [load_programme("demo")])
            learned = LearnedSources(self.store, self.settings, LATER)
            Service(self.settings, LATER, random_id, pipeline, learned, lease).tick()


@pytest.fixture
def desk(demo: DemoInstance, copied: tuple[Settings, Serving]) -> Iterator[Desk]:
    """Nordwind's."""
    settings, serving = copied
    store = open_store(settings.resolved_store_url())
    migrate(store)
    yield Desk(settings, serving, store, person(Role.DISTRIBUTOR, demo.party_id("nordwind")))
    store.dispose()


def export(desk: Desk, prefix: str, seller: str = "suedland", name: str = "../Bestellungen Juni.csv") -> UploadedFile:
    """Two orders as the ERP writes them, with a seller that is somebody else."""
    customer = desk.reader.rows(
        "select party_ref from bridge_visible_parties where kind = 'retailer' order by party_ref limit 1"
    )[0][0]
    gtin = desk.reader.rows("select gtin from dim_product where gtin is not null order by gtin limit 1")[0][0]
    rows = "".join(f"{prefix}{n};1;{seller};{customer};29.06.2026;{gtin};{n};1.0{n}0,00;offen\n" for n in (1, 2))
    return UploadedFile(name, (HEADER + rows).encode())


def test_a_layout_is_confirmed_once_and_the_next_file_needs_nobody(desk: Desk) -> None:
    first = export(desk, "NEU-A")
    look = looked_at(desk.user, first)
    assert look.feed == "order_lines"
    assert not {"leg", "seller"} & {one.column for one in look.columns}
    assert not {"const.leg", "const.seller"} & {question.key for question in look.questions}
    assert {q.key: q.default for q in look.questions}["const.unit"] == "unit", "units are confirmed, not assumed in silence"
    assert "value.line_status.offen" in {q.key for q in look.open_questions}, "a word unlike all of ours is asked"
    trial = tried(desk.reader, desk.user, first, look, desk.answers(), LATER)
    assert (trial.status, trial.rows_accepted) == ("loaded", 2)
    number = desk.confirm(first, desk.answers())
    assert [one.layout_no for one in my_layouts(desk.store, desk.user)] == [number]
    assert waiting(desk.settings, desk.user) == ["Bestellungen Juni.csv"], "a name is a name and no path"
    desk.tick()
    ours = "select distinct document_no from fct_order_lines where document_no like 'NEU-%' order by all"
    assert desk.reader.rows(ours) == [("NEU-A1",), ("NEU-A2",)]
    following = export(desk, "NEU-B", name="juli.csv")
    assert [one.layout_no for one in known_layouts(desk.store, desk.user, following)] == [number]
    sent(desk.settings, desk.store, desk.user, following, LATER, random_id)
    desk.tick()
    assert [row[0] for row in desk.reader.rows(ours)] == ["NEU-A1", "NEU-A2", "NEU-B1", "NEU-B2"]
    assert not waiting(desk.settings, desk.user)
    files = desk.reader.rows(f"select file_name, status from fct_batches where source_id = '{source_of(desk.user)}' order by all")
    assert files == [("Bestellungen Juni.csv", "loaded"), ("juli.csv", "loaded")]


def test_what_a_file_says_of_sellers_changes_nothing(demo: DemoInstance, desk: Desk) -> None:
    rival = replace(desk.user, user_id="rival", party_id=demo.party_id("suedland"))
    desk.confirm(export(desk, "FREMD-"), desk.answers())
    desk.tick()
    mine = "select distinct distributor_id from fct_order_lines where document_no like 'FREMD-%'"
    assert desk.reader.rows(mine) == [(desk.user.party_id,)]
    assert desk.serving.reader(scope_of(rival)).rows(mine) == []


def test_nobody_reads_customers_by_a_rivals_numbers(desk: Desk) -> None:
    file = export(desk, "X-")
    for scheme in ("suedland", "suedland:customer", "alpenglut", "party"):
        with pytest.raises(AccessDeniedError) as refused:
            desk.confirm(file, desk.answers(**{"scheme.buyer": scheme}))
        assert refused.value.code == "ACC-303"
    assert not my_layouts(desk.store, desk.user)
    assert not waiting(desk.settings, desk.user)
    assert not any("suedland" in scheme for scheme in schemes_of(desk.reader, desk.user)["party"])


def test_only_a_distributor_and_only_its_own(demo: DemoInstance, desk: Desk) -> None:
    file = export(desk, "X-")
    for role in (Role.MANUFACTURER, Role.RETAILER, Role.OPERATOR):
        with pytest.raises(AccessDeniedError):
            looked_at(person(role, desk.user.party_id), file)
    number = desk.confirm(file, desk.answers())
    rival = person(Role.DISTRIBUTOR, demo.party_id("suedland"))
    assert my_layouts(desk.store, rival) == []
    assert known_layouts(desk.store, rival, file) == []
    with pytest.raises(InputRefusedError) as unknown:
        withdrawn(desk.store, rival, number, LATER)
    assert unknown.value.code == "ING-644"
    foreign = desk.serving.reader(scope_of(rival))
    with pytest.raises(AccessDeniedError):
        tried(foreign, desk.user, file, looked_at(desk.user, file), desk.answers(), LATER)


def test_a_withdrawn_layout_waits_and_people_are_told_once(desk: Desk) -> None:
    file = export(desk, "W-")
    number = desk.confirm(file, desk.answers())
    other = UploadedFile("neu.csv", b"Datum;Kunde;Umsatz\n01.06.2026;K1;5,00\n")
    sent(desk.settings, desk.store, desk.user, other, LATER, random_id)
    desk.tick()
    desk.tick()
    told = [json.loads(line) for line in (desk.settings.root / "alerts.jsonl").read_text().splitlines()]
    assert [one["alert"] for one in told if "neu.csv" in one["message"]][:1] == ["layout_unknown"]
    assert waiting(desk.settings, desk.user) == ["neu.csv"]
    withdrawn(desk.store, desk.user, number, LATER)
    assert my_layouts(desk.store, desk.user) == []
    sent(desk.settings, desk.store, desk.user, export(desk, "W2-", name="w2.csv"), LATER, random_id)
    desk.tick()
    assert "w2.csv" in waiting(desk.settings, desk.user)


def test_what_cannot_be_loaded_teaches_nothing(desk: Desk) -> None:
    file = UploadedFile("a.csv", (HEADER + "A;1;x;K1;29.06.2026;4006381333931;-5;1,00;offen\n" * 20).encode())
    with pytest.raises(InputRefusedError) as refused:
        desk.confirm(file, desk.answers())
    assert refused.value.code == "ING-645"
    assert not my_layouts(desk.store, desk.user)
    with pytest.raises(InputRefusedError) as large:
        looked_at(desk.user, UploadedFile("a.csv", b"x" * (21 << 20)))
    assert large.value.code == "ING-647"
    with pytest.raises(InputRefusedError) as outside:
        looked_at(desk.user, file, "party_aliases")
    assert outside.value.code == "ING-642"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\x.csv", ".hidden.csv", "a\x00b\n.csv", "", "…/" + "x" * 400 + ".csv"]
)
def test_a_name_is_never_a_path(tmp_path: Path, desk: Desk, name: str) -> None:
    stored = sent(desk.settings, desk.store, desk.user, UploadedFile(name, b"a,b\n1,2\n"), LATER, random_id)
    folder = desk.settings.inbox_dir / source_of(desk.user)
    assert [path.parent for path in folder.iterdir()] == [folder]
    assert (folder / stored).read_bytes() == b"a,b\n1,2\n"
    assert not stored.startswith(".")
