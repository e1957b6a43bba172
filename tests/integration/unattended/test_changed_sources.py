"""Whoever mends a profile need not restart the pipeline; whoever breaks one stops nothing."""

from __future__ import annotations

import pytest

from tests.support.instances import HEADER, LINES, Instance, order_rows, profile_of
from tests.support.serving_pipeline import add_source, alerts, profile_toml, service_of

pytestmark = pytest.mark.integration
FOREIGN = HEADER.replace("qty", "crates")


def test_a_mended_profile_reads_the_next_file(instance: Instance) -> None:
    add_source(instance)
    profile = instance.home / "sources" / "profiles" / "partner.toml"
    usual = profile.read_text(encoding="utf-8")
    with service_of(instance) as service:
        instance.put("orders_1.csv", FOREIGN + order_rows("B", 5))
        service.tick()
        assert instance.orders("B") == 0, "the profile does not know the column"
        mended = {"feed": "order_lines", "files": "orders*.csv", "columns": LINES | {"quantity": "crates"}}
        profile.write_text(profile_toml(profile_of(mended)), encoding="utf-8")
        instance.put("orders_2.csv", FOREIGN + order_rows("C", 5))
        service.tick()
        assert instance.orders("C") == 5
        profile.write_text("not = [toml", encoding="utf-8")
        instance.put("orders_3.csv", FOREIGN + order_rows("D", 5))
        service.tick()
        service.tick()
        assert instance.orders("D") == 5, "the sources stay as they were"
        assert alerts(instance).count("sources_wrong") == 1
        profile.write_text(usual, encoding="utf-8")
        instance.put("orders_4.csv", HEADER + order_rows("E", 5))
        service.tick()
        assert instance.orders("E") == 5
        assert alerts(instance)[-1] == "sources_right_again"


def test_a_source_that_is_described_later_is_read(instance: Instance) -> None:
    with service_of(instance) as service:
        instance.put("orders_1.csv", HEADER + order_rows("B", 5))
        service.tick()
        assert instance.orders("B") == 0
        add_source(instance)
        service.tick()
        assert instance.orders("B") == 5
