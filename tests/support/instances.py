"""A small instance that tests copy instead of building it each time, and what has to hold in it after every fault.

template: masters, 400 order lines, a programme, one published generation --copy--> an instance of the test's own
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from core.clock import Clock, FixedClock, random_id
from core.scope import Role, Scope
from core.settings import Settings
from core.warehouse.owner import own_warehouse
from core.warehouse.reader import Serving
from core.warehouse.transform import Transformer
from ingestion.profiles import Profile
from loyalty import active_programmes
from pipeline import Delivery, Part, Pipeline, Reporting, RunResult

HEADER = "order,line,customer,date,sku,qty,net\n"
LINES = {
    "leg": {"const": "sell_through"}, "document_no": "order", "line_no": "line", "seller": {"const": "D1"}, "buyer": "customer",
    "ordered_on": "date", "product": "sku", "quantity": "qty", "net_amount": "net", "line_kind": {"const": "order"},
    "line_status": {"const": "confirmed"},
}  # fmt: skip
MASTERS: list[dict[str, Any]] = [
    {"feed": "parties", "files": "parties*.csv", "columns": {"party_ref": "no", "kind": "kind", "name": "name"}},
    {"feed": "products", "files": "products*.csv", "columns": {
        "product_ref": "no", "name": "name", "category": "category", "manufacturer": "maker", "list_price": "price"}},
]  # fmt: skip
PARTIES = "no,kind,name\nM1,manufacturer,Maker\nD1,distributor,Huber\n" + "".join(f"C{n},retailer,Shop {n}\n" for n in range(20))
PRODUCTS = "no,name,category,maker,price\n" + "".join(f"S{n},Item {n},Water,M1,{n + 1}.00\n" for n in range(5))
ORDERS_READ = 400
PROGRAMME = """
programme_id = "spring"
version = 1
title_de = "Quellpunkte"
title_en = "Spring points"
currency = "points"
time_zone = "Europe/Berlin"
leg = "sell_through"
[[rules]]
rule_id = "units"
version = 1
title_de = "Punkte je Kiste"
title_en = "Points per crate"
points_per_unit = "3"
valid_from = 2020-01-01
expires_after_months = 24
"""
OPERATOR = Scope.of(Role.OPERATOR)
QUIET = Reporting(step=lambda _: None)


def order_rows(prefix: str, count: int, date: str = "2026-05-01") -> str:
    """CSV rows of `count` orders of one line each, without the header. Prefixes keep numbers apart."""
    return "".join(f"{prefix}{n},1,C{n % 20},{date},S{n % 5},{n % 7 + 1},{n % 90 + 10}.50\n" for n in range(count))


def profile_of(*feeds: dict[str, Any], **profile: Any) -> Profile:
    """The source `partner`: masters and order lines, or the feeds given instead of the order lines."""
    lines = feeds or ({"feed": "order_lines", "files": "orders*.csv", "columns": LINES},)
    return Profile.model_validate(
        {"source_id": "partner", "title": "Partner", "time_zone": "Europe/Berlin", "feeds": [*MASTERS, *lines], **profile}
    )


@dataclass(slots=True)
class Instance:
    """One instance: its home, its pipeline, its readers, and the events since it was copied."""

    home: Path
    clock: Clock
    events: list[dict[str, Any]] = field(default_factory=list)
    part: Part = Part.WHOLE

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return Settings(home=self.home, threads=2, memory_limit_gib=1)

    @property
    def inbox(self) -> Path:
        """The partner's folder."""
        return self.home / "inbox" / "partner"

    def pipeline(self) -> Pipeline:
        """A pipeline of its own."""
        return Pipeline(self.settings, self.clock, random_id, active_programmes(self.settings.root))

    def put(self, name: str, content: str | bytes) -> Path:
        """A file in the inbox, whole at once."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, profile: Profile | None = None) -> RunResult:
        """Load and publish everything in the inbox, or that `part` of it that is to be done now."""
        result = self.pipeline().run(
            [Delivery(profile or profile_of(), self.inbox)], QUIET, data_docs=False, quick_gate=True, part=self.part
        )
        self.check()
        return result

    def rows(self, sql: str, parameters: dict[str, object] | None = None) -> list[tuple[Any, ...]]:
        """What an operator reads in the published generation."""
        serving = Serving(self.settings.warehouse_dir)
        try:
            return serving.reader(OPERATOR).rows(sql, parameters)
        finally:
            serving.close()

    def raw(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse itself."""
        with own_warehouse(self.settings) as connection:
            return connection.execute(sql).fetchall()

    def orders(self, prefix: str = "") -> int:
        """Published order lines whose number begins like that."""
        return int(self.rows("select count(*) from fct_order_lines where starts_with(document_no, $p)", {"p": prefix})[0][0])

    def generation(self) -> int:
        """The published generation."""
        serving = Serving(self.settings.warehouse_dir)
        return serving.data_version()

    def batch(self, name: str) -> tuple[str, str | None, int, int, int, int]:
        """The newest batch of that file: status, code, rows read, accepted, quarantined, duplicate."""
        found = self.raw(
            f"""select status, error_code, rows_read, rows_accepted, rows_quarantined, rows_duplicate from raw.batches
                where file_name = '{name}' order by batch_no desc limit 1"""
        )
        return found[0]

    def check(self) -> None:
        """What always holds: every row accounted for, no torn run, a generation that can be read, marts that hold what was accepted."""
        assert self.raw(
            "select count(*) from raw.batches where rows_read <> rows_accepted + rows_quarantined + rows_duplicate"
        ) == [(0,)]
        assert not list(self.settings.warehouse_dir.glob("serve-*.building"))
        stored = self.raw("select count(distinct _row_key) from raw.order_lines")[0][0]
        assert stored >= self.orders()

    def events_of(self, *names: str) -> list[dict[str, Any]]:
        """Events of these names."""
        return [event for event in self.events if event["event"] in names]


def parse_into(home: Path) -> None:
    """Leave there what dbt keeps of the parsed project, as any first run does: processes that begin there need not parse it again."""
    Transformer(Settings(home=home))._parse()


class Template:
    """The prepared home. `copy` gives an instance of one's own within milliseconds."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._first = Instance(folder / "home", clock)
        parse_into(self._first.home)
        path = self._first.home / "programmes" / "spring.toml"
        path.parent.mkdir(parents=True)
        path.write_text(PROGRAMME, encoding="utf-8")
        self._first.put("parties.csv", PARTIES)
        self._first.put("products.csv", PRODUCTS)
        self._first.put("orders_0.csv", HEADER + order_rows("A", ORDERS_READ))
        assert self._first.run().refused == ()
        for file in self._first.inbox.iterdir():
            file.unlink()

    def copy(self, folder: Path) -> Instance:
        """An instance that has published once; its inbox is empty."""
        shutil.copytree(self._folder / "home", folder / "home", ignore=shutil.ignore_patterns("logs"))
        return Instance(folder / "home", FixedClock(self._clock.now()))


def captured(instance: Instance) -> Callable[[], None]:
    """Collect the process's events in `instance.events` until the returned function is called."""
    before = structlog.get_config()

    def keep(_: Any, __: str, event: dict[str, Any]) -> str:
        instance.events.append(json.loads(json.dumps(event, default=str)))
        raise structlog.DropEvent

    structlog.configure(processors=[keep], wrapper_class=structlog.BoundLogger, cache_logger_on_first_use=False)
    return lambda: structlog.configure(**before)
