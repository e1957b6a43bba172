"""Random business on a ledger beside its auditor: every request goes to both, replies are compared, and after each one the books are."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import Engine, func, select

from core.clock import FixedClock
from core.errors import ConflictError
from core.store import migrate, open_store, reading
from loyalty.auditing import rebuild, seal, tip, verify
from loyalty.domain.programme import Caps, Expiry, Programme, Rule
from loyalty.evaluated import EvaluatedDocument
from loyalty.expiring import confirm_due, expire
from loyalty.lot_states import fold
from loyalty.merging import merge_members, split_members
from loyalty.periods import close_period
from loyalty.posting import post_awards
from loyalty.redeeming import Redemption, cancel, capture, hold, redeem, release, time_out_holds
from loyalty.statement import statement
from loyalty.tables import caps, journal, lots, members, transfers
from tests.support.ledger_auditor import Auditor

START = datetime(2026, 1, 31, 10, tzinfo=UTC)
MEMBERS = (1, 2, 3)
DOCUMENTS = 15


def _rule(name: str, **options: Any) -> Rule:
    return Rule(name, 1, name, name, date(2020, 1, 1), points_per_unit=Decimal(1), **options)


RULES = (
    _rule("plain", expiry=Expiry(months=2), funders=(("manufacturer", 70), ("distributor", 30))),
    _rule("waits", pending_until="delivered", expiry=Expiry(months=1, end_of="month")),
    _rule("idle", expiry=Expiry(inactivity_months=2)),
    _rule("capped", caps=Caps(total=90, per_member=60, per_distributor=80)),
    _rule("whole", pending_until="return_window", gives=("points", "status"), expiry=Expiry(months=1, counts_from="earned"),
          caps=Caps(per_period=80, per_member_period=50, is_partial=False)),
)  # fmt: skip
PROGRAMME = Programme("proof", 1, "Prüfung", "Proof", "points", "Europe/Berlin", "sell_through", RULES, hold_days=14)


def _plain(rule: Rule) -> dict[str, Any]:
    """A rule as the auditor reads it."""
    named = {"total": rule.caps.total, "member": rule.caps.per_member, "distributor": rule.caps.per_distributor,
             "period": rule.caps.per_period, "member_period": rule.caps.per_member_period}  # fmt: skip
    return {
        "name": rule.rule_id, "waits": rule.pending_until != "booked", "months": rule.expiry.months, "month_end": bool(rule.expiry.end_of),
        "from_earned": rule.expiry.counts_from == "earned", "idle": rule.expiry.inactivity_months, "funders": rule.funders,
        "caps": {kind: limit for kind, limit in named.items() if limit is not None}, "partial": rule.caps.is_partial,
    }  # fmt: skip


class Template:
    """A migrated store to copy: migrating a new one for every run would take most of the time."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = Path(mkdtemp(prefix="dreiklang-proof-", dir=root))
        store = open_store(f"sqlite:///{self.root / 'template.sqlite'}")
        migrate(store)
        store.dispose()

    def copy(self, name: str) -> Engine:
        """An empty store."""
        for old in self.root.glob(f"{name}.sqlite*"):
            old.unlink()
        shutil.copy(self.root / "template.sqlite", self.root / f"{name}.sqlite")
        return open_store(f"sqlite:///{self.root / f'{name}.sqlite'}")

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.root, ignore_errors=True)


Document = tuple[int, int, int, int | None, int | None, int]
"""(number, member, points, age in days, days until usable, distributor)."""


class Bench:
    """One ledger and its auditor. Every operation asserts that both answer the same, then that the books agree."""

    def __init__(self, store: Engine) -> None:
        self.store, self.clock = store, FixedClock(START)
        self.auditor = Auditor(START, PROGRAMME.hold_days)
        self.entries: list[int] = []
        self.hold_ids: dict[int, str] = {}
        self.days: dict[int, date] = {}
        self.posted: dict[int, Document] = {}
        self.last_entry, self._ids = 0, iter(range(1_000_000))

    # operations

    def document(self, batch: list[Document], times: int = 1) -> None:
        """Documents come, once or again; one that has no age keeps the day it had."""
        evaluated, plain = [], []
        for one in batch:
            number, member, points, age_days, wait_days, distributor = one
            self.posted[number] = one
            rule = RULES[number % len(RULES)]
            day = (
                self.days.get(number, self.auditor.today())
                if age_days is None
                else self.auditor.today() - timedelta(days=age_days)
            )
            self.days[number] = day
            usable = None if wait_days is None or rule.pending_until == "booked" else day + timedelta(days=wait_days)
            worth = {member: points} if points else {}
            for gives in rule.gives:
                cause = f"proof|{rule.rule_id}|s|d{number}|{number}"
                evaluated.append(
                    EvaluatedDocument(
                        cause, "s", f"d{number}", rule, day, tuple(worth.items()), "{}", gives, usable, None, distributor
                    )
                )
                plain.append({"cause": cause, "currency": gives, "day": day, "worth": worth, "available_on": usable,
                              "distributor": distributor, "rule": _plain(rule)})  # fmt: skip
        ordered = list({(one["cause"], one["currency"]): one for one in plain}.values())
        for _ in range(times):
            report = post_awards(self.store, PROGRAMME, evaluated, self.clock)
            said = {
                name: getattr(report, name) for name in ("awards", "reversals", "points_awarded", "points_reversed", "confirmed")
            }
            expected = self.auditor.post([one for gives in ("points", "status") for one in ordered if one["currency"] == gives])
            _agree("post", {name: count for name, count in said.items() if count}, dict(+expected))
        self.check()

    def spend(self, kind: str, member: int, points: int, key: str) -> None:
        """Redeem or hold; a key may come again, with the same request or another."""
        expected = self.auditor.spend(kind, member, key, points)
        request = Redemption(key, member, points, "mug")

        def ask() -> int:
            if kind == "redeem":
                return redeem(self.store, PROGRAMME, request, self.clock)
            held = hold(self.store, PROGRAMME, request, self.clock, lambda: f"h{next(self._ids)}")
            self.hold_ids[held.journal_id] = held.hold_id
            return held.journal_id

        said = _reply(ask)
        if isinstance(expected, str):
            _agree(kind, said, expected)
        elif expected == len(self.entries) and isinstance(said, int) and said not in self.entries:
            self.entries.append(said)
        else:
            _agree(kind, said, self.entries[expected] if expected < len(self.entries) else "a new entry")
        self.check()

    def resolve(self, index: int, outcome: str) -> None:
        """Capture or release a hold, resolved already or not."""
        held = [number for number, entry in enumerate(self.entries) if entry in self.hold_ids]
        if not held:
            return
        number = held[index % len(held)]
        act = capture if outcome == "captured" else release
        said = _reply(lambda: act(self.store, PROGRAMME, self.hold_ids[self.entries[number]], self.clock).status)
        _agree("resolve", said, self.auditor.resolve(number, outcome))
        self.check()

    def cancel(self, index: int, points: int, key: str) -> None:
        """Cancel a redemption in whole or in part."""
        if not self.entries:
            return
        number = index % len(self.entries)
        said = _reply(lambda: cancel(self.store, PROGRAMME, self.entries[number], points, key, self.clock))
        expected = self.auditor.cancel(number, points, key)
        _agree("cancel", said if isinstance(said, str) else "done", "done" if expected == "again" else expected)
        self.check()

    def jobs(self, which: str) -> None:
        """What time brings, late or early, once or again."""
        if which == "expire":
            expire(self.store, PROGRAMME, self.clock)
            _agree("a second expiry", expire(self.store, PROGRAMME, self.clock), 0)
            _agree("expired", self._column("breakage"), [lot["expired"] for lot in self._audited()])
        elif which == "confirm":
            _agree("confirm", confirm_due(self.store, PROGRAMME, self.clock), self.auditor.confirm_due())
        else:
            _agree("time out", time_out_holds(self.store, PROGRAMME, self.clock), self.auditor.time_out())
        self.check()

    def merge(self, member: int, into: int) -> None:
        """Two members become one purse."""
        said = _reply(lambda: merge_members(self.store, member, into, "same shop", self.clock, programmes=[PROGRAMME]))
        _agree("merge", said if isinstance(said, str) else "done", self.auditor.merge(member, into))
        self.check()

    def split(self, member: int) -> None:
        """And two again."""
        said = _reply(lambda: split_members(self.store, member, "no", self.clock))
        _agree("split", said if isinstance(said, str) else "done", self.auditor.split(member))
        self.check()

    def close(self, days_ago: int) -> None:
        """A period of the books ends."""
        until = self.auditor.today() - timedelta(days=days_ago)
        said = _reply(lambda: close_period(self.store, PROGRAMME, until, self.clock) or 0)
        _agree("close", said if isinstance(said, str) else "done", self.auditor.close(until))
        self.check()

    def advance(self, hours: int | None) -> None:
        """Time passes; no job need run. None: until the very moment at which the next lot ends, if that is within a month."""
        ends = [
            end for lot in self.auditor.lots if lot["active"] and (end := self.auditor.expiry(lot)) and end > self.clock.now()
        ]
        if hours is not None or not ends or min(ends) > self.clock.now() + timedelta(days=31):
            self.clock.moment += timedelta(hours=hours or 1)
        else:
            self.clock.moment = min(ends).astimezone(UTC)
        self.auditor.advance(self.clock.now())
        self.check()

    def keep(self) -> None:
        """Seal the chain; rebuild the caches: nothing was wrong, and what stands there afterwards is the same."""
        seal(self.store)
        before = self._caches()
        _agree("rebuild", rebuild(self.store), 0)
        _agree("the rebuilt caches", self._caches(), before)
        anchor = tip(self.store)
        _agree("verify with the anchor", verify(self.store, anchor).findings, ())
        self.check()

    # checks

    def check(self) -> None:
        """Every lot, balance, debt, cap and entry is as the auditor has it, and the books verify."""
        audited = self._audited()
        rows = self._lots()
        _agree("lots", [tuple(row[2:7]) for row in rows],
               [(one["owner"], one["points"], one["pending"], one["held"], one["spent"]) for one in audited])  # fmt: skip
        _agree(
            "what is left of lots or expired",
            [row[7] + row[8] for row in rows],
            [one["active"] + one["expired"] for one in audited],
        )
        _agree(
            "what went back", [row[3] - sum(row[4:9]) for row in rows], [one["reversed"] + one["cancelled"] for one in audited]
        )
        assert all(sum(one[state] for state in ("pending", "active", "held", "spent", "expired", "reversed", "cancelled")) == one["points"]
                   for one in audited)  # fmt: skip
        for member in MEMBERS:
            self._check_balance(member)
        with reading(self.store) as connection:
            used = {str(row[0]): int(row[1]) for row in connection.execute(select(caps.c.cap_key, caps.c.points_used)) if row[1]}
            zeros = connection.execute(select(func.count()).select_from(journal).where(journal.c.kind == "no_award")).scalar_one()
            debts = {(row[0], int(row[1])): int(row[2]) for row in connection.execute(
                select(members.c.currency, members.c.member_party_id, members.c.points_debt)) if row[2]}  # fmt: skip
            new = connection.execute(select(journal.c.journal_id, journal.c.booked_on, journal.c.recorded_at)
                                     .where(journal.c.journal_id > self.last_entry)).all()  # fmt: skip
        _agree("caps", sorted(used.values()), sorted(points for points in self.auditor.caps.values() if points))
        _agree("entries that give nothing", zeros, self.auditor.zero_entries)
        _agree("debts", debts, {place: points for place, points in self.auditor.debt.items() if points})
        _agree("days in the books", {row[1:] for row in new}, {(self.auditor.book_day(), self.clock.now())} if new else set())
        self.last_entry = max([self.last_entry, *(int(row[0]) for row in new)])
        _agree("verify", verify(self.store).findings, ())

    def _check_balance(self, member: int) -> None:
        found = statement(self.store, PROGRAMME, member, self.clock, limit=1)
        shown = found.balances[0] if found.balances else None
        said = None if shown is None else {
            "usable": shown.points_usable, "debt": shown.points_debt, "pending": shown.points_pending, "held": shown.points_held,
            "next": shown.next_expiry_at, "soon": shown.points_expiring_30d,
        }  # fmt: skip
        expected = self.auditor.balance(member)
        _agree(f"statement of {member}", said or dict.fromkeys(expected, 0) | {"next": None}, expected)

    def _audited(self) -> list[dict[str, Any]]:
        return sorted(self.auditor.lots, key=lambda lot: (lot["currency"], lot["id"]))

    def _lots(self) -> list[Any]:
        states = [fold(account) for account in ("pending", "held", "redeemed", "available", "breakage")]
        with reading(self.store) as connection:
            return list(connection.execute(
                select(lots.c.currency, lots.c.lot_id, lots.c.member_party_id, lots.c.points, *states)
                .join(transfers, transfers.c.lot_id == lots.c.lot_id).group_by(lots.c.lot_id).order_by(lots.c.currency, lots.c.lot_id)
            ))  # fmt: skip

    def _column(self, account: str) -> list[int]:
        return [int(row[8]) for row in self._lots()]

    def _caches(self) -> list[tuple[Any, ...]]:
        with reading(self.store) as connection:
            kept = [
                tuple(row)
                for table in (members, caps)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
        return [row for row in kept if any(isinstance(value, int) and value for value in row[1:])]


def random_step(bench: Bench, random: Random) -> str:
    """One operation out of all, drawn by a seeded source; returns its name."""
    name = random.choices(("document", "redeem", "hold", "resolve", "cancel", "jobs", "merge", "split", "close", "advance", "keep"),
                          (34, 14, 9, 8, 9, 6, 3, 3, 2, 10, 2))[0]  # fmt: skip
    if name == "document":
        batch = [_random_document(bench, random) for _ in range(random.choice((1, 1, 1, 2, 3)))]
        bench.document(batch, random.choice((1, 1, 1, 2)))
    elif name in ("redeem", "hold"):
        bench.spend(name, random.choice(MEMBERS), random.choice((1, 10, random.randint(1, 60))), f"k{random.randrange(40)}")
    elif name == "resolve":
        bench.resolve(random.randrange(8), random.choice(("captured", "released")))
    elif name == "cancel":
        bench.cancel(random.randrange(8), random.choice((1, 10, random.randint(1, 60))), f"c{random.randrange(30)}")
    elif name == "jobs":
        bench.jobs(random.choice(("expire", "confirm", "time_out")))
    elif name == "merge":
        bench.merge(random.choice(MEMBERS), random.choice(MEMBERS))
    elif name == "split":
        bench.split(random.choice(MEMBERS))
    elif name == "close":
        bench.close(random.choice((0, 1, 10, 30)))
    elif name == "advance":
        bench.advance(random.choice((1, 5, 24, 24 * 3, 24 * 15, 24 * 29, None, None)))
    else:
        bench.keep()
    return name


def _random_document(bench: Bench, random: Random) -> Document:
    """A new one or another state of an old one; or an old one that is worth somewhat more and else the same."""
    if bench.posted and random.random() < 0.3:
        number, member, points, _, wait_days, distributor = random.choice(list(bench.posted.values()))
        return number, member, points + random.randint(0, 30), None, wait_days, distributor
    return (
        random.randrange(DOCUMENTS), random.choice(MEMBERS), random.choice((0, random.randint(1, 60), random.randint(1, 60))),
        random.choice((None, None, 0, 0, 1, 5, 20, 70)), random.choice((None, 0, 3, 14, 30)), random.choice((0, 11, 12)),
    )  # fmt: skip


def random_run(template: Template, seed: int, steps: int) -> Counter[str]:
    """A whole life of a ledger. Raises AssertionError that names seed and step."""
    store, done = template.copy(f"run{seed}"), Counter[str]()
    try:
        bench, random = Bench(store), Random(seed)
        for step in range(steps):
            try:
                done[random_step(bench, random)] += 1
            except Exception as error:
                raise AssertionError(f"seed {seed}, step {step}: {type(error).__name__}: {error}") from error
    finally:
        store.dispose()
        for old in template.root.glob(f"run{seed}.sqlite*"):
            old.unlink()
    return done


def _reply(ask: Callable[[], Any]) -> Any:
    """What a request answers: a result, or the code of its refusal."""
    try:
        return ask()
    except ConflictError as error:
        return error.code


def _agree(what: str, ledger: object, auditor: object) -> None:
    assert ledger == auditor, f"{what}: the ledger says {ledger}, the auditor {auditor}"
