"""Iowa's stores under a programme: the 607 return lines of 2022 take back exactly what they earned, and a rule set that ran once runs alike."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from core.clock import FixedClock, random_id
from core.settings import Settings
from core.store import open_store, reading
from core.warehouse.owner import own_warehouse
from core.warehouse.published import published_marts
from ingestion.profiles import load_profile
from loyalty import Programme, Rule, evaluate, load_programme, re_evaluate, reconcile, verify
from loyalty.posting import posted_points
from loyalty.tiering import held_tiers
from pipeline import Delivery, Pipeline, Reporting
from tests.conftest import NOW
from tests.support.real_data import real

pytestmark = [pytest.mark.integration, pytest.mark.real]
FROM = date(2022, 6, 1)
QUIET = Reporting(step=lambda _: None)
LINES = """copy (select * from read_parquet('{source}/sales/sales_2022_*.parquet') where date >= '2022-06-01' and {which})
           to '{target}' (format parquet)"""


def programme() -> Programme:
    """Iowa's own: by value with the tier's factor, a bonus per quarter, status per month; and a bonus per order, which returns can undo."""
    shipped = load_programme("iowa")
    bonus = Rule(
        "full-truck", 1, "t", "t", FROM, None, points_per_unit=Decimal(1), bonus_points=50, bonus_from_quantity=Decimal(100)
    )
    return replace(shipped, rules=(*(replace(rule, valid_from=FROM) for rule in shipped.rules), bonus))


@dataclass(frozen=True)
class Ran:
    """The instance and what its ledger held after the sales and after the returns."""

    settings: Settings
    before: dict[tuple[str, int, str], tuple[int, int]]
    after: dict[tuple[str, int, str], tuple[int, int]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Five months of sales in one run, their 607 return lines in the next."""
    source, home = real("iowa_liquor"), tmp_path_factory.mktemp("iowa")
    settings = Settings(home=home / "home")
    pipeline = Pipeline(settings, FixedClock(NOW.replace(year=2022, month=11, day=15)), random_id, [programme()])
    ledgers = []
    for name, which in (("sales", "invoice_number not like 'RINV-%'"), ("returns", "invoice_number like 'RINV-%'")):
        folder = home / name
        (folder / "sales").mkdir(parents=True)
        duckdb.execute(LINES.format(source=source, which=which, target=folder / "sales" / f"sales_{name}.parquet"))
        for master in ("products.parquet", "stores.parquet"):
            (folder / master).symlink_to(Path(source) / master)
        pipeline.run([Delivery(load_profile("iowa"), folder)], QUIET, data_docs=False)
        store = open_store(settings.resolved_store_url())
        with reading(store) as connection:
            ledgers.append(posted_points(connection, "iowa-stores"))
        store.dispose()
    return Ran(settings, ledgers[0], ledgers[1])


def by_hand(ran: Ran) -> dict[str, int]:
    """Order -> units that came back, by a loop over plain rows: each return goes to the newest order line of its store and item before it."""
    with published_marts(ran.settings) as marts:
        rows = marts.execute(
            """select retailer_id, product_id, ordered_on, order_line_id, order_id, document_no, cast(quantity as integer), line_kind
               from mart.fct_order_lines where retailer_id > 0 and product_id > 0"""
        ).fetchall()
    sold, back = defaultdict(list), []
    for retailer, product, day, line_id, order_id, document_no, quantity, kind in rows:
        if kind == "return" and quantity < 0:
            back.append((day, line_id, retailer, product, -quantity))
        elif kind == "order" and quantity > 0:
            sold[retailer, product].append((day, quantity, -line_id, f"{document_no}|{order_id}"))
    left = {(key, entry[2]): entry[1] for key, entries in sold.items() for entry in entries}
    taken: dict[str, int] = defaultdict(int)
    for day, _, retailer, product, quantity in sorted(back):
        earlier = [entry for entry in sold[retailer, product] if entry[0] <= day]
        if not earlier:
            continue
        newest = max(earlier)
        units = min(quantity, left[(retailer, product), newest[2]])
        left[(retailer, product), newest[2]] -= units
        taken[newest[3]] += units
    return {order: units for order, units in taken.items() if units}


def test_every_return_takes_back_exactly_what_its_goods_had_earned(ran: Ran) -> None:
    """Award less take-back is the award of the net, order by order; nothing else moved under the rule that counts units."""
    came_back = by_hand(ran)
    assert len(came_back) > 400
    with published_marts(ran.settings) as marts:
        bought = {
            f"{document_no}|{order_id}": int(units)
            for document_no, order_id, units in marts.execute(
                """select document_no, order_id, sum(quantity) from mart.fct_order_lines where line_kind = 'order' and retailer_id > 0 group by all"""
            ).fetchall()
        }

    def worth(units: int) -> int:
        return units + (50 if units >= 100 else 0)

    moved = {
        place[0].split("|", 3)[3]: (ran.before[place][0], held)
        for place, (held, _) in ran.after.items()
        if place[0].startswith("iowa-stores|full-truck|") and place in ran.before and ran.before[place][0] != held
    }
    expected = {order: (worth(bought[order]), worth(bought[order] - units)) for order, units in came_back.items()}
    assert moved == expected
    own = {place[0]: held for place, (held, _) in ran.after.items() if "|full-truck|iowa|RINV-" in place[0] and held}
    units_back = 0
    with published_marts(ran.settings) as marts:
        units_back = int(marts.execute("select -sum(quantity) from mart.fct_order_lines where line_kind = 'return' and quantity < 0 and retailer_id > 0").fetchall()[0][0])  # fmt: skip
    assert all(points < 0 for points in own.values())
    assert sum(came_back.values()) - sum(own.values()) == units_back


def test_a_rule_set_that_ran_already_runs_alike(ran: Ran) -> None:
    """Evaluated anew over everything, as a simulation does it, it gives what the ledger holds: every cause, to the point."""
    store = open_store(ran.settings.resolved_store_url())
    with own_warehouse(ran.settings) as connection:  # documents under review are not posted, so they are not expected either
        waiting = [int(row[0]) for row in connection.execute("select order_id from raw.awards_left_out").fetchall()]
    with published_marts(ran.settings) as marts:
        documents = [
            one
            for batch in evaluate(marts, programme(), None, tiers=held_tiers(store, programme()), left_out=waiting)
            for one in batch
        ]
    assert reconcile(store, programme(), documents) == []
    again = re_evaluate(store, programme())
    assert again.entries > 30_000
    assert again.findings == ()
    assert verify(store).findings == ()
    store.dispose()
    with own_warehouse(ran.settings) as connection:
        assert connection.execute("select count(*) from mart.fct_order_lines where line_kind = 'return'").fetchall() == [(607,)]
