"""While orders keep coming they are published at once, and their points a few seconds later; never lost, also over a restart."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

import pipeline.service as service_module
from core.errors import IntegrityError
from core.store import open_store, reading
from core.warehouse.transform import Transformer
from loyalty.tables import journal
from pipeline import Service
from tests.support.instances import HEADER, Instance, order_rows
from tests.support.serving_pipeline import add_source, later, service_of

pytestmark = pytest.mark.integration


def points_of(instance: Instance, prefix: str) -> int:
    """Published transfers of points for orders whose number begins like that."""
    rows = instance.rows("select count(*) from fct_point_transfers where starts_with(document_no, $p)", {"p": prefix})
    return int(rows[0][0])


def posted_of(instance: Instance, prefix: str) -> int:
    """Awards in the ledger itself, published or not."""
    store = open_store(instance.settings.resolved_store_url())
    try:
        with reading(store) as connection:
            return int(connection.execute(select(func.count()).where(journal.c.document_no.startswith(prefix))).scalar_one())
    finally:
        store.dispose()


def is_described(instance: Instance, name: str) -> bool:
    """Whether pages know of a file."""
    return bool(instance.rows("select 1 from fct_batches where file_name = $name", {"name": name}))


def orders_whose_points_wait(instance: Instance, service: Service) -> None:
    """Orders B, awarded at once as the first of a process, and orders C, published alone."""
    for number, prefix in enumerate("BC"):
        instance.put(f"orders_{number}.csv", HEADER + order_rows(prefix, 5))
        service.tick()


def _broken(*_: object, **__: object) -> None:
    raise IntegrityError("WH-303", where="a test", found="a fault", expected="none", next_step="Go on.")


def test_orders_first_and_their_points_with_the_next_quiet_moment(instance: Instance) -> None:
    add_source(instance)
    with service_of(instance) as service:
        instance.put("orders_1.csv", HEADER + order_rows("B", 5))
        first = service.tick()
        assert first is not None
        assert not first.rest_pending, "the first run awards: nobody waits for a pause"
        assert points_of(instance, "B") > 0
        instance.put("orders_2.csv", HEADER + order_rows("C", 5))
        second = service.tick()
        assert second is not None
        assert second.rest_pending
        assert (instance.orders("C"), points_of(instance, "C"), is_described(instance, "orders_2.csv")) == (5, 0, False)
        assert service.has_work
        third = service.tick()
        assert third is not None, "no order is waiting, and still there is work"
        assert (third.published, third.rest_pending) == (True, False)
        assert points_of(instance, "C") == points_of(instance, "B")
        assert is_described(instance, "orders_2.csv")
        assert not service.has_work
        assert service.tick() is None
    instance.check()


def test_a_steady_stream_is_awarded_in_between(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance)
    with service_of(instance) as service:
        instance.put("orders_1.csv", HEADER + order_rows("B", 5))
        service.tick()
        instance.put("orders_2.csv", HEADER + order_rows("C", 5))
        assert service.tick().rest_pending  # type: ignore[union-attr]
        monkeypatch.setattr(service_module, "REST_SECONDS", 0.0)
        instance.put("orders_3.csv", HEADER + order_rows("D", 5))
        assert not service.tick().rest_pending  # type: ignore[union-attr]
        assert points_of(instance, "C") == points_of(instance, "B")
        assert is_described(instance, "orders_2.csv")
        assert instance.orders("D") == 0, "the run for points reads no source, so it is short"
        assert not service.tick().rest_pending  # type: ignore[union-attr]
        assert (instance.orders("D"), points_of(instance, "D")) == (5, points_of(instance, "B"))


def test_between_two_such_runs_points_are_posted_and_not_published(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance)
    with service_of(instance) as service:
        orders_whose_points_wait(instance, service)
        monkeypatch.setattr(service_module, "AWARDS_SECONDS", 0.0)
        instance.put("orders_3.csv", HEADER + order_rows("D", 5))
        assert posted_of(instance, "C") == 0
        awarding = service.tick()
        assert awarding is not None
        assert (awarding.published, awarding.rest_pending, awarding.loads) == (False, True, ())
        assert (posted_of(instance, "C"), points_of(instance, "C")) == (posted_of(instance, "B"), 0)
        assert instance.orders("D") == 0, "an awarding run reads no source"
        monkeypatch.undo()
        assert service.tick().published  # type: ignore[union-attr]
        assert (instance.orders("D"), points_of(instance, "C")) == (5, 0)
        assert service.tick().published  # type: ignore[union-attr]
        assert points_of(instance, "D") == points_of(instance, "C") == points_of(instance, "B") > 0
    instance.check()


def test_points_that_were_posted_and_not_published_come_with_the_next_process(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_source(instance)
    with service_of(instance) as service:
        orders_whose_points_wait(instance, service)
        monkeypatch.setattr(service_module, "AWARDS_SECONDS", 0.0)
        instance.put("orders_3.csv", HEADER + order_rows("D", 5))
        service.tick()
        assert (posted_of(instance, "C") > 0, points_of(instance, "C")) == (True, 0)
    (instance.inbox / "orders_3.csv").unlink()
    with service_of(instance) as service:
        assert service.tick() is not None
    assert points_of(instance, "C") == points_of(instance, "B") > 0


def test_an_awarding_run_that_fails_is_not_tried_again_before_a_whole_one(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_source(instance)
    with service_of(instance) as service:
        orders_whose_points_wait(instance, service)
        monkeypatch.setattr(service_module, "AWARDS_SECONDS", 0.0)
        instance.put("orders_3.csv", HEADER + order_rows("D", 5))
        with monkeypatch.context() as broken:
            broken.setattr("pipeline.run.award_points_of_run", _broken)
            assert service.tick() is None
            later(instance, seconds=60)  # the wait is over, the rest is not due
            for prefix in "DE":
                assert service.tick().published  # type: ignore[union-attr]
                assert instance.orders(prefix) == 5, "sources go on"
                instance.put("orders_4.csv", HEADER + order_rows("E", 5))
        (instance.inbox / "orders_4.csv").unlink(missing_ok=True)
        assert not service.tick().rest_pending  # type: ignore[union-attr]
        assert points_of(instance, "E") == points_of(instance, "B") > 0


def test_a_run_for_points_that_fails_keeps_no_source_waiting(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance)
    with service_of(instance) as service:
        orders_whose_points_wait(instance, service)
        monkeypatch.setattr(service_module, "REST_SECONDS", 0.0)
        instance.put("orders_3.csv", HEADER + order_rows("D", 5))
        with monkeypatch.context() as broken:
            broken.setattr(Transformer, "build_rest", _broken)
            assert service.tick() is None
        later(instance, minutes=10)
        assert not service.tick().rest_pending  # type: ignore[union-attr]
        assert (instance.orders("D"), points_of(instance, "C")) == (5, points_of(instance, "D"))


def test_points_that_were_due_when_the_process_ended_come_with_the_next_one(instance: Instance) -> None:
    add_source(instance)
    with service_of(instance) as service:
        orders_whose_points_wait(instance, service)
        assert points_of(instance, "C") == 0
    with service_of(instance) as service:
        assert service.tick() is not None
    assert points_of(instance, "C") == points_of(instance, "B") > 0
