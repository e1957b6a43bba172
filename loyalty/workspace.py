"""Temporary tables beside `mart`, on one connection: what an evaluation needs to know that facts do not say.

left_out      orders under review                        taking_part    members that may earn under a campaign
reward_events training, data quality, challenges         tier_spans     who held which tier from when to when
attributed    returned units per order line, and         touched        orders that later runs changed, with
excess        what of a return no order explains         pairs          the members and days they are or were about
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from core.warehouse.owner import append_rows
from loyalty.domain.programme import POINTS, STATUS, Programme, Rule
from loyalty.earning_sql import REPORT_ID, RETURN_ID, lines_sql
from loyalty.evaluated import RunningCampaign
from loyalty.owning import owned

FOR_EVER = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class RewardEvent:
    """Something that rules of leg `event` reward: `title` is what the statement calls it. One that was taken back counts as cancelled; one that
    was ever taken back (`has_changed`) is evaluated by each run."""

    event_key: str
    member: int
    distributor: int
    event: str
    title: str
    occurred_on: date
    is_undone: bool = False
    has_changed: bool = False

    @property
    def order_id(self) -> int:
        """The number that stands for it where orders have theirs: 60 bits of its key."""
        return int(hashlib.sha256(self.event_key.encode()).hexdigest()[:15], 16)


@dataclass(frozen=True, slots=True)
class HeldTier:
    """A member holds a tier from a day until (not with) another."""

    member: int
    tier: str
    from_on: date
    to_on: date = FOR_EVER


class Workspace:
    """What one evaluation works with. `connection` knows the marts as `mart`; the tables live as long as this object."""

    def __init__(
        self, connection: Any, programme: Programme, *, campaigns: Sequence[RunningCampaign] = (), left_out: Collection[int] = (),
        events: Sequence[RewardEvent] = (),
    ) -> None:  # fmt: skip
        self.sql = connection.cursor()
        self.programme = owned(connection, programme) if programme.is_distributors else programme
        self.campaigns = tuple(campaigns)
        self.is_narrow = False
        self.left_out = frozenset(left_out)
        self._table("left_out", "order_id UBIGINT", [(one,) for one in sorted(left_out)])
        members = [(c.campaign_id, one) for c in campaigns if c.participants is not None for one in sorted(c.participants)]
        self._table("taking_part", "campaign_id VARCHAR, member_party_id BIGINT", members)
        self._table(
            "reward_events", "order_id UBIGINT, document_no VARCHAR, event_on DATE, distributor_id BIGINT, member_party_id BIGINT, event VARCHAR, line_status VARCHAR, has_changed BOOLEAN",
            [(e.order_id, e.title, e.occurred_on, e.distributor, e.member, e.event, "cancelled" if e.is_undone else "confirmed", e.has_changed)
             for e in events],
        )  # fmt: skip
        self.set_tiers(())
        self._attribute_returns()

    @property
    def limited(self) -> frozenset[str]:
        """Campaigns in which only some members may earn."""
        return frozenset(campaign.campaign_id for campaign in self.campaigns if campaign.participants is not None)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The programme's rules and those of its campaigns."""
        return (*self.programme.rules, *self.programme.bound(tuple(rule for one in self.campaigns for rule in one.rules)))

    def set_tiers(self, spans: Iterable[HeldTier], changed: Collection[tuple[int, date]] = ()) -> None:
        """Who holds which tier. `changed`: (member, day) from which a member's tiers differ from what was posted before."""
        rows = [(one.member, one.tier, one.from_on, one.to_on) for one in spans]
        self._table("tier_spans", "member_party_id BIGINT, tier VARCHAR, from_on DATE, to_on DATE", rows)
        if not self.is_narrow:
            return
        self._table("changed", "member_party_id BIGINT, from_on DATE", sorted(changed))
        legs = " union all ".join(
            f"select order_id, member_party_id, event_on from ({lines_sql(leg, None)[0].replace('$leg', repr(leg))})"
            for leg in sorted({rule.leg for rule in self.rules})
        )
        self.sql.execute("create or replace temp table touched_by_tier as select order_id from touched")
        self.sql.execute("create or replace temp table pairs_by_tier as select member_party_id, event_on from pairs")
        if changed:
            self.sql.execute(
                f"""create or replace temp table moved as select distinct lines.order_id, lines.member_party_id, lines.event_on
                    from ({legs}) as lines inner join changed
                        on lines.member_party_id = changed.member_party_id and lines.event_on >= changed.from_on"""
            )
            self.sql.execute("insert into touched_by_tier select distinct order_id from moved")
            self.sql.execute("insert into pairs_by_tier select distinct member_party_id, event_on from moved")

    def touch(self, since_run: int, also: Collection[int] = ()) -> None:
        """From now on only orders are asked for that runs after `since_run` changed, that are about products or members whose master data
        did, and these `also`."""
        prepare_memory(self.sql)
        for statement in CHANGED_MASTERS.split(";\n"):
            self.sql.execute(statement)
        self._table("also", "order_id UBIGINT", [(one,) for one in sorted(also)])
        self.sql.execute(
            f"""create or replace temp table touched as
                select order_id from mart.fct_order_lines where run_no > $since or product_id in (select product_id from changed_products)
                    or retailer_id in (select party_id from changed_parties) or distributor_id in (select party_id from changed_parties)
                union select {REPORT_ID} from mart.fct_sales_report_lines as lines
                    where lines.run_no > $since or lines.product_id in (select product_id from changed_products)
                        or lines.retailer_id in (select party_id from changed_parties)
                union select {RETURN_ID} from mart.fct_return_lines as lines inner join excess on lines.return_line_id = excess.return_id
                union select order_id from also
                union select order_id from reward_events
                    where has_changed or order_id not in (select order_id from raw.awarded_documents where leg = 'event')
                union select coalesce(was.order_id, now.order_id) from raw.awarded_returns as was
                    full join returned_now as now on was.line_id = now.line_id and was.order_id = now.order_id
                    where was.quantity is distinct from now.quantity""",
            {"since": since_run},
        )
        found = " union ".join(
            f"select member_party_id, event_on from ({lines_sql(leg, 'touched')[0].replace('$leg', repr(leg))})"
            for leg in sorted({rule.leg for rule in self.rules})
        )
        self.sql.execute(
            f"""create or replace temp table pairs as {found}
                union select member_party_id, event_on from raw.awarded_documents where order_id in (select order_id from touched)"""
        )
        self.is_narrow = True

    def remember(self) -> None:
        """Keep, for the next run, whom the orders and which orders the returns were about: a correction is told from what it was before."""
        prepare_memory(self.sql)
        self.sql.execute("delete from raw.awarded_returns")
        self.sql.execute("insert into raw.awarded_returns select line_id, order_id, quantity from returned_now")
        for name, columns in MASTERS.items():
            self.sql.execute(f"create or replace table raw.awarded_{name} as select {columns} from mart.dim_{name}")
        for leg in sorted({rule.leg for rule in self.rules}):
            lines = lines_sql(leg, None)[0].replace("$leg", repr(leg))
            known = self.sql.execute("select count(*) from raw.awarded_documents where leg = $leg", {"leg": leg}).fetchall()[0][0]
            which = ""
            if self.is_narrow and known:
                which = " where order_id in (select order_id from touched)"
            elif leg == "event":  # events are a programme's own, orders are everybody's
                which = " where order_id in (select order_id from reward_events)"
            self.sql.execute(f"delete from raw.awarded_documents where leg = {leg!r}{which.replace(' where ', ' and ')}")
            self.sql.execute(
                f"""insert into raw.awarded_documents select distinct {leg!r}, order_id, member_party_id, event_on
                    from ({lines}){which}"""
            )

    def close(self) -> None:
        """Drop the tables."""
        self.sql.close()

    def _table(self, name: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
        self.sql.execute(f"create or replace temp table {name} ({columns})")
        if rows:
            pairs = [tuple(column.strip().split(" ")) for column in columns.split(",")]
            append_rows(self.sql, name, [(str(one[0]), str(one[1])) for one in pairs], list(rows))

    def _attribute_returns(self) -> None:
        """A return that names no order takes back from the newest earlier order line of the same buyer, seller and product; what that line
        cannot explain is taken back as a document of its own."""
        for statement in ATTRIBUTE.split(";\n"):
            self.sql.execute(statement)


MASTERS = {"product": "product_id, product_ref, category, brand, manufacturer_id", "party": "party_id, segment"}
"""What rules read of a master, as the last run saw it. Rules apply by the master as it is now: a product that moves to another group takes the
awards of its past with it, in the next run as in a full one."""

CHANGED_MASTERS = """
create or replace temp table changed_products as
    select coalesce(now.product_id, was.product_id) as product_id
    from raw.awarded_product as was full join mart.dim_product as now on was.product_id = now.product_id
    where was.product_id is null or now.product_id is null or was.product_ref is distinct from now.product_ref
        or was.category is distinct from now.category or was.brand is distinct from now.brand
        or was.manufacturer_id is distinct from now.manufacturer_id;
create or replace temp table changed_parties as
    select was.party_id from raw.awarded_party as was inner join mart.dim_party as now on was.party_id = now.party_id
    where was.segment is distinct from now.segment
"""

ATTRIBUTE = f"""
create or replace temp table loose_returns as
    select order_line_id as return_id, order_id, leg, distributor_id, retailer_id, product_id, currency, ordered_on as on_day, -quantity as quantity
    from mart.fct_order_lines where line_kind = 'return' and line_status = 'confirmed' and quantity < 0
    union all
    select lines.return_line_id, {RETURN_ID}, lines.leg, lines.distributor_id, lines.retailer_id, lines.product_id, lines.currency,
        lines.returned_on, lines.quantity
    from mart.fct_return_lines as lines where lines.order_document_no is null or lines.order_line_no is null;
create or replace temp table anchored as
    with sold as (
        select distinct on (lines.leg, lines.distributor_id, lines.retailer_id, lines.product_id, lines.currency, lines.ordered_on)
            lines.leg, lines.distributor_id, lines.retailer_id, lines.product_id, lines.currency, lines.ordered_on,
            lines.order_line_id, lines.order_id, lines.quantity - lines.returned_quantity as free
        from mart.fct_order_lines as lines
        semi join loose_returns as back
            on lines.leg = back.leg and lines.distributor_id = back.distributor_id and lines.retailer_id = back.retailer_id
                and lines.product_id = back.product_id and lines.currency = back.currency
        where lines.line_kind = 'order' and lines.line_status = 'confirmed' and lines.quantity > lines.returned_quantity
            and lines.product_id > 0 and greatest(lines.distributor_id, lines.retailer_id) > 0 and least(lines.distributor_id, lines.retailer_id) >= 0
        order by lines.leg, lines.distributor_id, lines.retailer_id, lines.product_id, lines.currency, lines.ordered_on, free desc, lines.order_line_id
    ),
    matched as (
        select back.return_id, back.order_id as return_order_id, back.quantity, sold.order_line_id, sold.order_id, sold.free,
            sum(back.quantity) over (partition by sold.order_line_id order by back.on_day, back.return_id) - back.quantity as taken_before
        from loose_returns as back
        asof left join sold
            on back.leg = sold.leg and back.distributor_id = sold.distributor_id and back.retailer_id = sold.retailer_id
                and back.product_id = sold.product_id and back.currency = sold.currency and back.on_day >= sold.ordered_on
    )
    select *, case when order_line_id is null then 0 else greatest(0, least(quantity, free - taken_before)) end as taken from matched;
create or replace temp table attributed as
    select order_line_id, any_value(order_id) as order_id, cast(sum(taken) as decimal(18, 3)) as quantity
    from anchored where taken > 0 group by order_line_id;
create or replace temp table excess as
    select return_id, any_value(return_order_id) as order_id, cast(sum(quantity - taken) as decimal(18, 3)) as quantity
    from anchored where taken < quantity group by return_id;
create or replace temp table returned_now as
    select order_line_id as line_id, order_id, quantity from attributed union all select return_id, order_id, quantity from excess
"""


def prepare_memory(sql: Any) -> None:
    """The tables that outlive a run; they can be lost: then everything is evaluated anew."""
    sql.execute(
        "create table if not exists raw.awarded_documents (leg varchar, order_id ubigint, member_party_id bigint, event_on date)"
    )
    sql.execute("create table if not exists raw.awarded_returns (line_id ubigint, order_id ubigint, quantity decimal(18, 3))")
    sql.execute(
        "create table if not exists raw.awarded_product"
        " (product_id bigint, product_ref varchar, category varchar, brand varchar, manufacturer_id bigint)"
    )
    sql.execute("create table if not exists raw.awarded_party (party_id bigint, segment varchar)")


def gives_of(rule: Rule) -> tuple[str, ...]:
    """What a rule gives, status first: tiers are decided before points are multiplied with them."""
    return tuple(one for one in (STATUS, POINTS) if one in rule.gives)
