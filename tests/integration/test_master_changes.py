"""Rules apply by the master as it is now: when a product's group, brand or number, or a member's channel changes, the next run posts the
difference for orders of the past, as a full run would."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.clock import FixedClock
from loyalty import Programme, verify
from loyalty.domain.programme import Selection
from tests.integration.test_awards import PROGRAMME, RULE, Instance
from tests.support.small_marts import BEANS, CUP, MACHINE, RETAILER

pytestmark = pytest.mark.integration
UNITS = replace(RULE, points_per_amount=Decimal(0), points_per_unit=Decimal(1), is_tier_multiplied=False, money_currency="")


def book(**selection: tuple[str, ...]) -> Programme:
    """One point per unit of a selection, per document and per quarter."""
    chosen = replace(UNITS, selection=Selection(**selection))
    return replace(PROGRAMME, rules=(chosen, replace(chosen, rule_id="quarter", grain="quarter")), tiers=())


@pytest.mark.parametrize(("selection", "change", "before", "after"), [
    ({"categories": ("Beans",)}, f"update mart.dim_product set category = 'Machines' where product_id = {BEANS}", 3, 0),
    ({"categories": ("Machines",)}, f"update mart.dim_product set category = 'Machines' where product_id = {BEANS}", 5, 8),
    ({"brands": ("Tal",)}, f"update mart.dim_product set brand = 'Tal' where product_id = {MACHINE}", 7, 12),
    ({"products": ("B",)}, f"update mart.dim_product set product_ref = 'B2' where product_id = {BEANS}", 3, 0),
    ({"segments": ("shop",)}, f"update mart.dim_party set segment = 'office' where party_id = {RETAILER}", 15, 0),
    ({"segments": ("office",)}, f"update mart.dim_party set segment = 'office' where party_id = {RETAILER}", 0, 15),
])  # fmt: skip
def test_the_next_run_posts_the_difference(
    tmp_path: Path, clock: FixedClock, selection: dict[str, tuple[str, ...]], change: str, before: int, after: int
) -> None:
    """An order of 3 beans, 5 machines and 7 cups; nothing but the master changes between the runs."""
    instance, programme = Instance(tmp_path / "home", clock), book(**selection)
    for line, (product, quantity) in enumerate(((BEANS, 3), (MACHINE, 5), (CUP, 7)), 1):
        instance.marts.line(1, line, product=product, quantity=quantity, ordered_on=date(2026, 3, 10))

    def held() -> tuple[int, int]:
        found = {place[0].split("|")[1]: points for place, (points, _) in instance.decided().items()}
        return found.get("value", 0), found.get("quarter", 0)

    instance.run(programme=programme)
    assert held() == (before, before)
    instance.run(programme=programme)
    instance.marts.connection.execute(change)
    instance.run(programme=programme)
    assert held() == (after, after)
    posted = instance.decided()
    instance.run(programme=programme)
    instance.run(programme=programme, full=True)
    assert instance.decided() == posted, "a full run finds nothing more"
    assert verify(instance.store()).findings == ()
