"""Every fault, and after every fault: nothing half published, the last good version served, every row accounted for, the fault said in
events, and the next clean run heals it."""

from __future__ import annotations

import pytest

from tests.integration.faults import edi, hostile, hostile_files, machines, order, pulls, resources, shape, values
from tests.integration.faults.cases import CASES, Case
from tests.support.instances import HEADER, ORDERS_READ, Instance, order_rows, profile_of

pytestmark = pytest.mark.integration
MODULES = (shape, values, order, machines, pulls, resources, hostile, hostile_files, edi)
FAULTS = range(1, 39)


def test_every_fault_has_a_case() -> None:
    assert {case.number for case in CASES} == set(FAULTS)


@pytest.mark.parametrize("case", sorted(CASES, key=lambda case: case.id), ids=lambda case: case.id)
def test_fault(case: Case, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    instance.part = case.part
    case.act(instance, monkeypatch)
    monkeypatch.undo()
    assert instance.orders("A") == ORDERS_READ, "what was good before is served whole"
    assert instance.events, "the fault left an event"
    instance.check()
    for file in instance.inbox.glob("*"):
        if file.is_file():
            file.unlink()
    generation = instance.generation()
    instance.put("orders_heal.csv", HEADER + order_rows("HEAL", 5))
    healed = instance.run(profile_of())
    assert healed.refused == ()
    assert instance.generation() == generation + 1
    assert instance.orders("HEAL") == 5
    current = instance.raw("select count(distinct _row_key) from raw.order_lines")
    assert current == [(instance.orders(),)], "the marts hold exactly the rows that were accepted"
