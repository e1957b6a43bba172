"""What the warehouse copies of the ledger and of what surrounds it: one list, one mechanism.

A copy with a key only grows: rows with a higher key are appended. One without is small and replaced whole when it changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, func, select

from core.clock import Clock
from core.store import reading
from loyalty.auditing import EXPORT_COLUMNS, transfers_after
from loyalty.campaigns.disclosing import carries_net_amounts
from loyalty.campaigns.running import with_campaigns
from loyalty.domain.programme import Programme
from loyalty.groups import current_merges
from loyalty.programme_tables import opt_outs, tier_spans
from loyalty.tables import lot_terms, lots

Row = tuple[object, ...]
Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Copy:
    """One raw table: (name, DuckDB type) of its columns, and its rows. `key`: the ascending column of one that only grows."""

    name: str
    columns: Columns
    rows: Callable[[Engine, Sequence[Programme], Clock, int], Iterator[list[Row]]]
    key: str | None = None


def _transfers(store: Engine, programmes: Sequence[Programme], clock: Clock, last: int) -> Iterator[list[Row]]:
    return transfers_after(store, last)


def _terms(store: Engine, programmes: Sequence[Programme], clock: Clock, last: int) -> Iterator[list[Row]]:
    with reading(store) as connection:
        rows = connection.execute(select(lot_terms).where(lot_terms.c.journal_id > last).order_by(lot_terms.c.journal_id)).all()
    if rows:
        yield [(int(row.lot_id), int(row.journal_id), _naive(row.available_at), _naive(row.expires_at)) for row in rows]


def _programmes(store: Engine, programmes: Sequence[Programme], clock: Clock, last: int) -> Iterator[list[Row]]:
    yield [
        (one.programme_id, one.version, one.title_de, one.title_en, one.currency, one.status_currency, one.money_currency,
         one.point_value_subcents, one.expected_redemption_percent, clock.now().astimezone(ZoneInfo(one.time_zone)).date(),
         one.owner_kind, one.owner_id)
        for one in programmes
    ]  # fmt: skip


def _rules(store: Engine, programmes: Sequence[Programme], clock: Clock, last: int) -> Iterator[list[Row]]:
    """Each rule and version once; where a campaign and the programme use one name, either's net amounts count."""
    carrying: dict[tuple[str, str, int], bool] = {}
    legs: dict[tuple[str, str, int], str] = {}
    for one in programmes:
        for rule in with_campaigns(store, one).rules:
            key = (one.programme_id, rule.rule_id, rule.version)
            carrying[key] = carrying.get(key, False) or carries_net_amounts((rule,))
            legs[key] = rule.leg
    yield [(*key, carries, legs[key]) for key, carries in sorted(carrying.items())]


def _funders(store: Engine, programmes: Sequence[Programme], clock: Clock, last: int) -> Iterator[list[Row]]:
    with reading(store) as connection:
        texts = [row[0] for row in connection.execute(select(lots.c.funders).distinct()) if row[0]]
    yield [("", "manufacturer", 100, 1), *(row for text in sorted(texts) for row in funder_rows(text))]


def funder_rows(text: str) -> list[Row]:
    """(text, funder, percent, ordinal) of `manufacturer:70,distributor:30`; the first one takes what rounding leaves."""
    parts = [part.rpartition(":") for part in text.split(",")]
    return [(text, name, int(percent), ordinal) for ordinal, (name, _, percent) in enumerate(parts, start=1)]


def _merges(store: Engine, programmes: Sequence[Programme], clock: Clock, last: int) -> Iterator[list[Row]]:
    with reading(store) as connection:
        yield sorted(current_merges(connection).items())


def _tiers(store: Engine, programmes: Sequence[Programme], clock: Clock, last: int) -> Iterator[list[Row]]:
    newest = (
        select(tier_spans.c.programme_id, tier_spans.c.member_party_id, func.max(tier_spans.c.decision_no).label("decision_no"))
        .group_by(tier_spans.c.programme_id, tier_spans.c.member_party_id).subquery()
    )  # fmt: skip
    with reading(store) as connection:
        rows = connection.execute(
            select(tier_spans).join(newest, (tier_spans.c.programme_id == newest.c.programme_id)
                                    & (tier_spans.c.member_party_id == newest.c.member_party_id)
                                    & (tier_spans.c.decision_no == newest.c.decision_no))
            .order_by(tier_spans.c.programme_id, tier_spans.c.member_party_id, tier_spans.c.ordinal)
        ).all()  # fmt: skip
    yield [
        (row.programme_id, int(row.member_party_id), int(row.ordinal), row.tier, row.from_on, row.valid_until, row.reason)
        for row in rows
    ]


def _opt_outs(store: Engine, programmes: Sequence[Programme], clock: Clock, last: int) -> Iterator[list[Row]]:
    with reading(store) as connection:
        rows = connection.execute(select(opt_outs).order_by(opt_outs.c.programme_id, opt_outs.c.member_party_id)).all()
    yield [(row.programme_id, int(row.member_party_id)) for row in rows]


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=None)


COPIES = (
    Copy("ledger_transfers", EXPORT_COLUMNS, _transfers, "transfer_id"),
    Copy("ledger_lot_terms", (("lot_id", "BIGINT"), ("journal_id", "BIGINT"), ("available_at", "TIMESTAMP"), ("expires_at", "TIMESTAMP")),
         _terms, "journal_id"),
    Copy("ledger_programmes", (
        ("programme_id", "VARCHAR"), ("version", "INTEGER"), ("title_de", "VARCHAR"), ("title_en", "VARCHAR"), ("currency", "VARCHAR"),
        ("status_currency", "VARCHAR"), ("money_currency", "VARCHAR"), ("point_value_subcents", "BIGINT"),
        ("expected_redemption_percent", "INTEGER"), ("as_of_on", "DATE"), ("owner_kind", "VARCHAR"), ("owner_id", "BIGINT")), _programmes),
    Copy("ledger_rules", (
        ("programme_id", "VARCHAR"), ("rule_id", "VARCHAR"), ("rule_version", "INTEGER"), ("carries_net_amounts", "BOOLEAN"),
        ("leg", "VARCHAR")), _rules),
    Copy("ledger_funders", (("funders", "VARCHAR"), ("funder", "VARCHAR"), ("percent", "INTEGER"), ("ordinal", "INTEGER")), _funders),
    Copy("ledger_merges", (("member_party_id", "BIGINT"), ("into_party_id", "BIGINT")), _merges),
    Copy("ledger_tiers", (
        ("programme_id", "VARCHAR"), ("member_party_id", "BIGINT"), ("ordinal", "INTEGER"), ("tier", "VARCHAR"), ("from_on", "DATE"),
        ("valid_until", "DATE"), ("reason", "VARCHAR")), _tiers),
    Copy("ledger_opt_outs", (("programme_id", "VARCHAR"), ("member_party_id", "BIGINT")), _opt_outs),
)  # fmt: skip
"""In the order in which they are copied. Moments are UTC without zone."""
