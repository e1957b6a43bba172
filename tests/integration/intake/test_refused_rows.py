"""A distributor repairs a row of its own file, the next run loads it, and nobody else can see or touch it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.clock import FixedClock, random_id
from core.errors import AccessDeniedError
from core.scope import Role, Scope
from core.settings import Settings
from core.store import migrate, open_store
from core.warehouse.reader import Serving
from ingestion.profiles import load_profile
from loyalty import load_programme
from pipeline import Delivery, Pipeline, Reporting
from portal import User
from portal.refused_rows import dismiss_row, pending_actions, repair_row, row_in_hand, take_row_back
from portal.replays import ask_for_replay, open_work, requests_of, take_request_back
from tests.support.demo import DemoInstance

pytestmark = pytest.mark.integration
LATER = FixedClock(datetime(2026, 6, 30, 13, tzinfo=UTC))


def person(role: Role, party_id: int) -> User:
    """Somebody of that party."""
    return User(f"{role}-{party_id}", "p@example.org", "P", role, party_id, "active", "en")


@pytest.fixture
def copied(demo: DemoInstance, tmp_path: Path) -> Iterator[tuple[Settings, Serving]]:
    """The demo in a home of its own."""
    home = tmp_path / "home"
    shutil.copytree(demo.settings.root, home)
    serving = Serving(Settings(home=home).warehouse_dir)
    yield Settings(home=home), serving
    serving.close()


def refused_rows(serving: Serving, scope: Scope) -> list[tuple[object, ...]]:
    """(batch, row, resolution) of what that scope sees, by row."""
    return serving.reader(scope).rows(
        "select batch_no, row_no, resolution from fct_quarantined_rows where finding_no = 1 order by row_no"
    )


def test_a_repair_arrives_with_the_next_run_and_stays_private(demo: DemoInstance, copied: tuple[Settings, Serving]) -> None:
    settings, serving = copied
    nordwind, rival = person(Role.DISTRIBUTOR, demo.party_id("nordwind")), person(Role.DISTRIBUTOR, demo.party_id("suedland"))
    own, foreign = Scope.of(Role.DISTRIBUTOR, nordwind.party_id), Scope.of(Role.DISTRIBUTOR, rival.party_id)
    before = refused_rows(serving, own)
    assert [row[2] for row in before] == [None, None, None]
    assert refused_rows(serving, foreign) == []
    (batch, first), (_, second), (_, third) = [(int(str(b)), int(str(r))) for b, r, _ in before]

    store = open_store(settings.resolved_store_url())
    migrate(store)
    for reader, who in ((serving.reader(foreign), rival), (serving.reader(foreign), nordwind), (serving.reader(own), rival)):
        with pytest.raises(AccessDeniedError) as denied:
            repair_row(store, reader, who, batch, first, {}, LATER)
        assert denied.value.code == "ACC-301"
    with pytest.raises(AccessDeniedError):
        row_in_hand(serving.reader(Scope.of(Role.RETAILER, demo.party_id(demo.manifest.retailer_ref))), batch, first)

    values = dict(row_in_hand(serving.reader(own), batch, first).values)
    assert values["Versand"] == "31.02.2026"
    reader = serving.reader(own)
    repair_row(store, reader, nordwind, batch, first, {**values, "Versand": "28.02.2026"}, LATER)
    repair_row(store, reader, nordwind, batch, second, {**values, "Menge": "6"}, LATER)
    take_row_back(store, reader, nordwind, batch, second, LATER)
    dismiss_row(store, reader, nordwind, batch, third, "typed twice", LATER)
    assert {key: action.kind for key, action in pending_actions(store, reader).items()} == {
        (batch, first): "repair",
        (batch, third): "dismiss",
    }
    assert pending_actions(store, serving.reader(foreign)) == {}
    store.dispose()

    source = next(one for one in demo.manifest.sources if one.source_id == "nordwind")
    pipeline = Pipeline(settings, LATER, random_id, [load_programme("demo")])
    result = pipeline.run(
        [Delivery(load_profile(source.profile_path), settings.inbox_dir / "nordwind")],
        Reporting(step=lambda _: None),
        data_docs=False,
    )
    assert result.published
    assert [row[2] for row in refused_rows(serving, own)] == ["repair", None, "dismiss"]
    delivered = "select shipped_on::varchar, quantity::varchar from fct_delivery_lines where delivery_no = 'LS-H1'"
    assert serving.reader(own).rows(delivered) == [("2026-02-28", "6.000")]


def test_quality_counts_what_its_rows_say(demo: DemoInstance) -> None:
    reader = demo.operator()
    [(source, quarantined, duplicate, unmatched)] = reader.rows(
        "select source_id, rows_quarantined, rows_duplicate, lines_unmatched from rpt_partner_quality where source_id = 'nordwind'"
    )
    assert source == "nordwind"
    assert reader.rows("select count(distinct (batch_no, row_no)) from fct_quarantined_rows where source_id = 'nordwind'") == [
        (quarantined,)
    ]
    assert reader.rows("select sum(rows_duplicate) from fct_batches where source_id = 'nordwind' and status = 'loaded'") == [
        (duplicate,)
    ]
    assert reader.rows("select sum(lines) from fct_unmatched_references where source_id = 'nordwind'") == [(unmatched,)]
    scores = reader.rows("""select score, (coalesce(timeliness_share, 0) + completeness_share + match_share + coalesce(reconciliation_share, 0)
        + uniqueness_share) * 100 / parts_judged from rpt_partner_quality""")
    assert all(abs(float(str(score)) - float(str(mean))) < 0.06 for score, mean in scores)


def test_a_distributor_asks_for_its_own_files_to_be_read_again(demo: DemoInstance, copied: tuple[Settings, Serving]) -> None:
    settings, serving = copied
    nordwind, rival = person(Role.DISTRIBUTOR, demo.party_id("nordwind")), person(Role.DISTRIBUTOR, demo.party_id("suedland"))
    reader, foreign = (serving.reader(Scope.of(Role.DISTRIBUTOR, one.party_id)) for one in (nordwind, rival))
    store = open_store(settings.resolved_store_url())
    migrate(store)
    work = open_work(reader)
    assert (work.source_ids, work.rows) == (("nordwind",), 3)
    assert open_work(foreign).source_ids == ()
    assert ask_for_replay(store, foreign, rival, None, LATER) == [], "who has nothing refused asks for nothing"
    for who, seen in ((rival, reader), (nordwind, foreign)):
        with pytest.raises(AccessDeniedError) as denied:
            ask_for_replay(store, seen, who, None, LATER)
        assert denied.value.code == "ACC-301"
    assert ask_for_replay(store, reader, nordwind, "no such code", LATER) == []
    [first] = ask_for_replay(store, reader, nordwind, "ING-303", LATER)
    [second] = ask_for_replay(store, reader, nordwind, None, LATER)
    answers = []
    for number in (first, 999):
        with pytest.raises(AccessDeniedError) as refused:
            take_request_back(store, foreign, rival, number, LATER)
        answers.append(str(refused.value))
    assert answers[0] == answers[1], "foreign and missing requests answer alike"
    assert requests_of(store, foreign) == []
    take_request_back(store, reader, nordwind, first, LATER)
    assert [(one.request_no, one.status) for one in requests_of(store, reader)] == [(second, "waiting"), (first, "taken_back")]

    source = next(one for one in demo.manifest.sources if one.source_id == "nordwind")
    profile = load_profile(source.profile_path)
    before = refused_rows(serving, Scope.of(Role.DISTRIBUTOR, nordwind.party_id))
    pipeline = Pipeline(settings, LATER, random_id, [load_programme("demo")])
    pipeline.run([Delivery(profile, settings.inbox_dir / "nordwind")], Reporting(step=lambda _: None), data_docs=False)
    done = requests_of(store, reader)[0]
    assert (done.request_no, done.status, done.files_read, done.files_changed) == (second, "done", 1, 0)
    assert refused_rows(serving, Scope.of(Role.DISTRIBUTOR, nordwind.party_id)) == before
    with pytest.raises(AccessDeniedError):
        take_request_back(store, reader, nordwind, second, LATER)
    store.dispose()
