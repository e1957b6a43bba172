"""Bugs that somebody could write: file, exact text, what stands there instead, and what that breaks.

Each must turn a short seeded run of the ledger's bench red, or the named test file. `make mutations` shows that it does.
"""

from __future__ import annotations

from dataclasses import dataclass

BENCH = "bench"
FIGURES = "tests/unit/test_ledger_figures.py"
CLOSED = "tests/integration/ledger/test_statements_of_books.py::test_15_a_clock_that_goes_back_does_not_open_the_books"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One bug. `found_by`: the bench, or a test file."""

    path: str
    before: str
    after: str
    breaks: str
    found_by: str = BENCH


MUTATIONS = (
    Mutation("domain/points.py", "key=lambda lot: (lot.expires_at is None, lot.expires_at or lot.earned_at, lot.earned_at, lot.lot_id)",
             "key=lambda lot: lot.lot_id", "debits draw the oldest lot, not the one that ends first"),
    Mutation("domain/points.py", "key=lambda lot: (lot.expires_at is None,", "key=lambda lot: (lot.expires_at is not None,",
             "lots without expiry are drawn first"),
    Mutation("domain/points.py", "return datetime.combine(day + timedelta(days=1), time(0)", "return datetime.combine(day, time(0)",
             "points end a day too early"),
    Mutation("domain/points.py", "min(day.day, calendar.monthrange(year, month + 1)[1])", "min(day.day, 28)",
             "the 31st of January and a month is always the 28th"),
    Mutation("domain/points.py", 'earned_on if expiry.counts_from == "earned" else available_on', "available_on",
             "a setting that expiry counts from earning is not heard"),
    Mutation("domain/points.py", "end_of_period(last_day, expiry.end_of) if expiry.end_of else last_day", "last_day",
             "points end in the middle of the month"),
    Mutation("books.py", "return expires_at is None or expires_at > self.now", "return expires_at is None or expires_at >= self.now",
             "points can be used at the very moment at which they end"),
    Mutation("books.py", "        if not self.is_alive(lot):\n            return\n", "", "expired points pay debts"),
    Mutation("books.py", "self.today if closed is None else max(self.today, cast(date, closed) + timedelta(days=1))", "self.today",
             "a closed period takes entries when the clock goes back", CLOSED),
    Mutation("books.py", "reverses, explanation, self._booked_on, decided,", "reverses, explanation, str(stored(effective_at, True))[:10], decided,",
             "the books are kept by the day of the event"),
    Mutation("books.py", "            for one in self.group(lot.owner)\n", "            for one in (lot.owner,)\n",
             "activity of a merged member does not keep points alive"),
    Mutation("books.py", "settled = min(lot.available, self.debt_of(owing))", "settled = 0", "credits do not settle debt"),
    Mutation("posting.py", 'for account in ("pending", "available", "breakage"):', 'for account in ("available", "breakage"):',
             "pending points survive the return of their order"),
    Mutation("posting.py", 'for account in ("pending", "available", "breakage"):', 'for account in ("pending", "available"):',
             "who let points expire owes them when the order is returned"),
    Mutation("posting.py", 'books.move(entry, member, "debt", "liability", missing, None)', "pass", "points that were spent are never taken back"),
    Mutation("posting.py", "alive = [lot for lot in books.lots_of(member) if books.is_alive(lot)]", "alive = books.lots_of(member)",
             "a return is paid with points that ended already"),
    Mutation("posting.py", "awards.append((member, now_worth - max(decided, had)))", "awards.append((member, now_worth - had))",
             "what a cap cut is asked for again"),
    Mutation("posting.py", "return awarded_at.astimezone(ZoneInfo(books.programme.time_zone)).date() != document.event_on", "return False",
             "a document that moves to another day keeps the expiry of the old one"),
    Mutation("posting.py", "if day is None or day > books.today:", "if day is None:",
             "points are confirmed before their day"),
    Mutation("caps.py", "returned = counted * points // net_points", "returned = 0", "a cancelled award gives nothing back to its cap"),
    Mutation("caps.py", "if room >= points:", "if room > 0:", "the last award runs over the cap"),
    Mutation("caps.py", "(max(0, room) if is_partial else 0)", "max(0, room)", "an award is cut although the setting refuses it whole"),
    Mutation("lapsing.py", "    if not any(rule.expiry.inactivity_months for rule in books.programme.rules):\n        return 0\n", "    return 0\n",
             "new activity brings back points that were over"),
    Mutation("expiring.py", "for one in (programme.currency, programme.status_currency)", "for one in (programme.currency,)",
             "status points wait for ever"),
    Mutation("redeeming.py", "- owed\n", "\n", "debtors spend"),
    Mutation("redeeming.py", 'holds.c.hold_id == hold_id, holds.c.status == "open").values', "holds.c.hold_id == hold_id).values",
             "a hold is resolved twice"),
    Mutation("redeeming.py", "for lot in reversed(books.states(left)):", "for lot in books.states(left):",
             "a part cancellation returns to the lots drawn first"),
    Mutation("redeeming.py", "if row.request_hash != fingerprint:", "if False:", "a key answers for another request"),
    Mutation("redeeming.py", '"capture" if outcome == "captured" else "release"', '"release" if outcome == "released" else "capture"',
             "holds that time out are spent"),
    Mutation("groups.py", "groups.setdefault(into, {into}).add(member)", "groups.setdefault(into, {member}).add(member)",
             "a merged member cannot use the other's points"),
    Mutation("domain/funding.py", "shares[first] += burned_subcents - sum(shares.values())", "pass", "what rounding leaves is lost", FIGURES),
    Mutation("domain/funding.py", "settled[takes_remainder] = settled.get(takes_remainder, 0) + total - sum(settled.values())", "pass",
             "statements do not add up to the burned value", FIGURES),
    Mutation("domain/funding.py", "points_value_cents / (price_cents + points_value_cents)", "points_value_cents / price_cents",
             "the price is not split by stand-alone values", FIGURES),
    Mutation("domain/tiers.py", "earned = level_of(qualifying + sum(points for day, points in known if day > valid_until), tiers)",
             "earned = level_of(window_points(known, settings, review_on), tiers)", "days of grace count in the next year only", FIGURES),
    Mutation("domain/tiers.py", "level = level - 1 if settings.lowers_one_step else earned", "level = earned",
             "a review lowers by more than one step", FIGURES),
)  # fmt: skip
