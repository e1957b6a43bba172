"""The form of a campaign says what its TOML says, and settlement documents add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dashboards.export import csv_bytes
from dashboards.queries.settlements import lines_frame, settlements_frame
from loyalty.campaigns.charging import Burned, Charge, charge
from loyalty.campaigns.drafting import KINDS, SimpleCampaign, from_rules, to_toml
from loyalty.campaigns.settling import Settlement, SettlementLine
from loyalty.domain.parsing import parse_rules
from tests.support.campaigns import rules_toml

SIMPLE = SimpleCampaign(
    'Aktion "Süd" \\ 1', "Autumn = now", date(2026, 9, 1), date(2026, 11, 30), "unit", Decimal("2.5"), 0, "Whole beans", 12, 40, 10_000, 500, 2_000
)  # fmt: skip


@pytest.mark.parametrize("simple", [
    SIMPLE, replace(SIMPLE, kind="list_value"), replace(SIMPLE, kind="net_value", category=None, cap_total=None, cap_member=None),
    replace(SIMPLE, kind="bonus", rate=Decimal(100), from_quantity=50), replace(SIMPLE, distributor_percent=0, cap_distributor_share=None),
])  # fmt: skip
def test_what_the_form_writes_it_reads_again(simple: SimpleCampaign) -> None:
    rules = parse_rules(to_toml(simple, "EUR"), "sell_through", "c1")
    assert from_rules(rules) == simple


def test_every_kind_is_a_valid_rule() -> None:
    for kind in KINDS:
        assert parse_rules(
            to_toml(SimpleCampaign("t", "t", date(2026, 9, 1), date(2026, 9, 1), kind), "EUR"), "sell_through", "c1"
        )


@pytest.mark.parametrize("more", [
    rules_toml() + rules_toml().replace('"push"', '"more"'), rules_toml(together="total = 5"), rules_toml(caps="per_period = 5"),
    rules_toml().replace("expires", 'grain = "month"\nexpires'), rules_toml().replace('["Machines"]', '["Machines", "Capsules"]'),
    rules_toml().replace("expires", "is_tier_multiplied = true\nexpires"),
])  # fmt: skip
def test_rules_that_say_more_than_the_form_are_left_to_toml(more: str) -> None:
    assert from_rules(parse_rules(more, "sell_through", "c1")) is None


def settlement(point_value_subcents: int) -> Settlement:
    """Two distributors, one of which pays a third; one rule's title would run in a spreadsheet."""
    burned = [Burned(11, "c1.push", (("manufacturer", 67), ("distributor", 33)), 7), Burned(12, "c1.push", (("manufacturer", 100),), 1),
              Burned(13, "c1.push", (("manufacturer", 100),), 1)]  # fmt: skip
    found = charge(burned, point_value_subcents, {}, Charge())
    lines = tuple(
        SettlementLine(line.burned.distributor, line.burned.rule_id, ",".join(f"{n}:{p}" for n, p in line.burned.funders), line.burned.points,
                       line.burned_subcents, line.manufacturer_subcents, line.distributor_subcents)
        for line in found.lines
    )  # fmt: skip
    return Settlement("id", "=c1-20260731", "c1", "@Herbst", "@Autumn", date(2026, 7, 31), "EUR", datetime(2026, 8, 1, tzinfo=UTC), 9,
                      found.total.burned_cents, found.total.manufacturer_cents, found.by_distributor, lines)  # fmt: skip


@pytest.mark.parametrize("point_value_subcents", [55, 100, 33])
def test_a_document_adds_up_to_its_totals(point_value_subcents: int) -> None:
    one = settlement(point_value_subcents)
    frame = lines_frame(one, {"c1.push": ("=CMD()", "=CMD()")}, {11: "Nordwind", 12: "Südland", 13: "Ost"}, "de", whole=True)
    totals = frame[frame["line"] == "Summe"]
    for column in ("burned_value", "distributor_value", "manufacturer_value"):
        for name in ("Nordwind", "Südland", "Ost"):
            own = frame[frame["distributor"] == name]
            assert sum(own[own["line"] != "Summe"][column]) == own[own["line"] == "Summe"][column].iloc[0]
        whole, parts = totals[totals["distributor"] == ""], totals[totals["distributor"] != ""]
        rounding = frame[frame["line"] == "Rundung, Hersteller"]
        assert sum(parts[column]) + sum(rounding[column]) == whole[column].iloc[0]
    assert totals.iloc[-1]["burned_value"] * 100 == one.burned_cents
    text = csv_bytes(frame, "de").decode("utf-8-sig")
    assert "'=c1-20260731" in text
    assert "'=CMD()" in text
    assert "'@Herbst" in csv_bytes(settlements_frame([one], "de"), "de").decode("utf-8-sig")
