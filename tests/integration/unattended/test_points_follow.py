"""While orders keep coming they are published at once, and their points a few seconds later; never lost, also over a restart."""

from __future__ import annotations

import pytest

import pipeline.service as service_module
from tests.support.instances import HEADER, Instance, order_rows
from tests.support.serving_pipeline import add_source, service_of

pytestmark = pytest.mark.integration


def points_of(instance: Instance, prefix: str) -> int:
    """Published transfers of points for orders whose number begins like that."""
    rows = instance.rows("select count(*) from fct_point_transfers where starts_with(document_no, $p)", {"p": prefix})
    return int(rows[0][0])


def test_orders_first_and_their_points_with_the_next_quiet_moment(instance: Instance) -> None:
    add_source(instance)
    with service_of(instance) as service:
        instance.put("orders_1.csv", HEADER + order_rows("B", 5))
        first = service.tick()
        assert first is not None
        assert not first.points_pending, "the first run awards: nobody waits for a pause"
        assert points_of(instance, "B") > 0
        instance.put("orders_2.csv", HEADER + order_rows("C", 5))
        second = service.tick()
        assert second is not None
        assert second.points_pending
        assert (instance.orders("C"), points_of(instance, "C")) == (5, 0)
        assert service.has_work
        third = service.tick()
        assert third is not None, "no order is waiting, and still there is work"
        assert (third.published, third.points_pending) == (True, False)
        assert points_of(instance, "C") == points_of(instance, "B")
        assert not service.has_work
        assert service.tick() is None
    instance.check()


def test_a_steady_stream_is_awarded_in_between(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(instance)
    with service_of(instance) as service:
        instance.put("orders_1.csv", HEADER + order_rows("B", 5))
        service.tick()
        instance.put("orders_2.csv", HEADER + order_rows("C", 5))
        assert service.tick().points_pending  # type: ignore[union-attr]
        monkeypatch.setattr(service_module, "POINTS_SECONDS", 0.0)
        instance.put("orders_3.csv", HEADER + order_rows("D", 5))
        assert not service.tick().points_pending  # type: ignore[union-attr]
        assert points_of(instance, "C") == points_of(instance, "D") > 0


def test_points_that_were_due_when_the_process_ended_come_with_the_next_one(instance: Instance) -> None:
    add_source(instance)
    with service_of(instance) as service:
        for number, prefix in enumerate("BC"):
            instance.put(f"orders_{number}.csv", HEADER + order_rows(prefix, 5))
            service.tick()
        assert points_of(instance, "C") == 0
    with service_of(instance) as service:
        assert service.tick() is not None
    assert points_of(instance, "C") == points_of(instance, "B") > 0
