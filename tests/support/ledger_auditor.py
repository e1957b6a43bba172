"""An auditor of the points ledger that shares no code with it: plain dictionaries, written from the ledger's statements (docs/loyalty.md).

It keeps its own lots, debts, caps and keys, says beforehand what every request must answer, and lets points expire at the very moment
they are over, whether or not a job ran. What the statements leave open is in docs/adr/0013.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Lot = dict[str, Any]
OUT = ("cancelled", "reversed")
ZONE = ZoneInfo("Europe/Berlin")


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


def month_end(day: date) -> date:
    """The last day of a month."""
    return months_later(day.replace(day=1), 1) - timedelta(days=1)


def noon(day: date) -> datetime:
    """What stands for a day without an hour."""
    return datetime.combine(day, time(12), ZONE)


def after(day: date) -> datetime:
    """The first moment that is no longer that day."""
    return datetime.combine(day + timedelta(days=1), time(0), ZONE)


class Auditor:
    """The books as they ought to be. Every method answers what the ledger must answer, or the code of its refusal."""

    def __init__(self, now: datetime, hold_days: int) -> None:
        self.now, self.hold_days = now, hold_days
        self.lots: list[Lot] = []
        self.debt: dict[tuple[str, int], int] = defaultdict(int)
        self.activity: dict[tuple[str, int], datetime] = {}
        self.part_of: dict[int, int] = {}
        self.causes: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
        self.caps: dict[str, int] = defaultdict(int)
        self.spendings: list[dict[str, Any]] = []
        self.keys: dict[tuple[str, int, str], tuple[object, int]] = {}
        self.closed: date | None = None
        self.zero_entries = 0

    # time and people

    def today(self) -> date:
        """The day in the programme's zone."""
        return self.now.astimezone(ZONE).date()

    def book_day(self) -> date:
        """A closed period takes no entry: the day in the books is the first open one."""
        return self.today() if self.closed is None else max(self.today(), self.closed + timedelta(days=1))

    def advance(self, now: datetime) -> None:
        """Time passes, and what is over is over."""
        self.now = now
        self.let_expire()

    def group(self, member: int) -> list[int]:
        """Everybody who shares a purse with a member."""
        head = self.part_of.get(member, member)
        return sorted({head, *(one for one, into in self.part_of.items() if into == head)})

    def expiry(self, lot: Lot) -> datetime | None:
        """Fixed, or so long after the newest of the group's activity and the day the points became usable."""
        if lot["idle"] is None:
            return lot["expires"]  # type: ignore[no-any-return]
        moments = [
            self.activity[lot["currency"], one] for one in self.group(lot["owner"]) if (lot["currency"], one) in self.activity
        ]
        moments.append(noon(lot["available"]) if lot["available"] else lot["earned"])
        return after(months_later(max(moments).astimezone(ZONE).date(), lot["idle"]))

    def alive(self, lot: Lot) -> bool:
        """Nothing is available at or after its moment of expiry."""
        ends = self.expiry(lot)
        return ends is None or ends > self.now

    def let_expire(self) -> None:
        """Write off what is over."""
        for lot in self.lots:
            if lot["active"] and not self.alive(lot):
                lot["expired"] += lot["active"]
                lot["active"] = 0

    def in_order(self, lots: list[Lot]) -> list[Lot]:
        """Earliest expiry, then earliest earned, then oldest lot; without expiry last."""
        never = datetime.max.replace(tzinfo=ZONE)
        return sorted(lots, key=lambda lot: (self.expiry(lot) or never, lot["earned"], lot["id"]))

    def purse(self, member: int, currency: str) -> list[Lot]:
        """Lots that a member can use, in the order in which they are drawn."""
        group = self.group(member)
        return self.in_order(
            [lot for lot in self.lots if lot["owner"] in group and lot["currency"] == currency and lot["active"]]
        )

    # documents

    def post(self, documents: list[dict[str, Any]]) -> Counter[str]:
        """Award and take back what documents are worth now. A document: cause, currency, day, worth, available_on, distributor, rule."""
        reply: Counter[str] = Counter()
        for document in documents:
            place = document["cause"], document["currency"]
            was_known = place in self.causes
            known = self.causes.get(place, {})
            self._decide(document, known, reply)
            if known:
                self.causes[place] = known
            if was_known and document["rule"]["waits"]:
                self._confirm_document(document, known, reply)
        return reply

    def _decide(self, document: dict[str, Any], known: dict[int, dict[str, Any]], reply: Counter[str]) -> None:
        wanted: list[tuple[int, int]] = []
        for member in sorted(known.keys() | document["worth"].keys()):
            worth = document["worth"].get(member, 0)
            had = known.get(member)
            if had and had["net"] and worth and had["day"] != document["day"]:
                self._take_back(document, member, had, had["net"], reply)
                wanted.append((member, worth))
            elif had and worth < had["decided"]:
                self._take_back(document, member, had, max(0, had["net"] - worth), reply)
                had["decided"] = worth
            elif worth > (had["decided"] if had else 0):
                wanted.append((member, worth - (had["decided"] if had else 0)))
        for member, points in wanted:
            had = known.setdefault(member, {"net": 0, "decided": 0, "day": None, "caps": Counter()})
            had["decided"] = document["worth"][member]
            self._award(document, member, had, points, reply)

    def cap_names(self, document: dict[str, Any], member: int) -> dict[str, int]:
        """What an award counts against."""
        rule, month = document["rule"], document["day"].strftime("%Y-%m")
        named = {"total": "total", "member": f"member {member}", "distributor": f"distributor {document['distributor']}",
                 "period": f"period {month}", "member_period": f"member {member} {month}"}  # fmt: skip
        return {f"{rule['name']} {document['currency']} {named[kind]}": limit for kind, limit in rule["caps"].items()}

    def _award(self, document: dict[str, Any], member: int, had: dict[str, Any], asked: int, reply: Counter[str]) -> None:
        rule, names = document["rule"], self.cap_names(document, member)
        room = min((limit - self.caps[name] for name, limit in names.items()), default=asked)
        points = asked if room >= asked else max(0, room) if rule["partial"] else 0
        if not points:
            self.zero_entries += 1
            return
        for name in names:
            self.caps[name] += points
            had["caps"][name] += points
        reply["awards"] += 1
        reply["points_awarded"] += points
        had["net"] += points
        had["day"] = document["day"]
        place = document["currency"], member
        self.activity[place] = max(self.activity.get(place, noon(document["day"])), noon(document["day"]))
        day = document["available_on"] or (None if rule["waits"] else document["day"])
        waits = rule["waits"] and (day is None or day > self.today())
        lot = dict.fromkeys(("pending", "active", "held", "spent", "expired", "reversed", "cancelled"), 0) | {
            "id": len(self.lots), "owner": member, "currency": document["currency"], "cause": document["cause"], "points": points,
            "earned": noon(document["day"]), "available": day, "expires": self._fixed_expiry(document, day),
            "idle": None if document["currency"] == "status" else rule["idle"], "funders": rule["funders"],
        }  # fmt: skip
        lot["pending" if waits else "active"] = points
        self.lots.append(lot)
        self._settle(lot)
        self.let_expire()

    def _fixed_expiry(self, document: dict[str, Any], day: date | None) -> datetime | None:
        rule = document["rule"]
        if day is None or rule["months"] is None or document["currency"] == "status":
            return None
        last = months_later(document["day"] if rule["from_earned"] else day, rule["months"])
        return after(month_end(last) if rule["month_end"] else last)

    def _settle(self, lot: Lot) -> None:
        """Credits settle debt first."""
        for one in self.group(lot["owner"]):
            place = lot["currency"], one
            paid = min(lot["active"], self.debt[place]) if self.alive(lot) else 0
            lot["active"] -= paid
            lot["reversed"] += paid
            self.debt[place] -= paid

    def _take_back(self, document: dict[str, Any], member: int, had: dict[str, Any], points: int, reply: Counter[str]) -> None:
        if not points:
            self.zero_entries += 1
            return
        reply["reversals"] += 1
        reply["points_reversed"] += points
        for name, counted in had["caps"].items():
            self.caps[name] -= counted * points // had["net"]
            had["caps"][name] -= counted * points // had["net"]
        had["net"] -= points
        had["decided"] = 0
        currency = document["currency"]
        own = self.in_order([lot for lot in self.lots
                             if (lot["cause"], lot["owner"], lot["currency"]) == (document["cause"], member, currency)])  # fmt: skip
        for state, goes_to in (("pending", "cancelled"), ("active", "reversed"), ("expired", "reversed")):
            points -= self._draw(own, points, state, goes_to)
        points -= self._draw(self.purse(member, currency), points, "active", "reversed")
        self.debt[currency, member] += points

    def _draw(self, lots: list[Lot], points: int, state: str, goes_to: str) -> int:
        drawn = 0
        for lot in lots:
            taken = min(lot[state], points - drawn)
            lot[state] -= taken
            lot[goes_to] += taken
            drawn += taken
        return drawn

    def _confirm_document(self, document: dict[str, Any], known: dict[int, dict[str, Any]], reply: Counter[str]) -> None:
        day = document["available_on"]
        if day is None or day > self.today():
            return
        for member in sorted(known):
            waiting = self.in_order([lot for lot in self.lots if lot["cause"] == document["cause"] and lot["pending"]
                                     and (lot["owner"], lot["currency"]) == (member, document["currency"])])  # fmt: skip
            for lot in waiting:
                if lot["available"] != day:
                    lot["available"], lot["expires"] = day, self._fixed_expiry(document, day)
                self._open(lot)
            reply["confirmed"] += bool(waiting)

    def _open(self, lot: Lot) -> None:
        lot["active"] += lot["pending"]
        lot["pending"] = 0
        self._settle(lot)
        self.let_expire()

    def confirm_due(self) -> int:
        """What waited for a day that has come."""
        due = [lot for lot in self.lots if lot["pending"] and lot["available"] and noon(lot["available"]) <= self.now]
        for currency in ("points", "status"):
            for owner in sorted({lot["owner"] for lot in due}):
                for lot in self.in_order([lot for lot in due if (lot["owner"], lot["currency"]) == (owner, currency)]):
                    self._open(lot)
        return len(due)

    # spending

    def spend(self, kind: str, member: int, key: str, points: int) -> int | str:
        """Redeem or hold; the number of the spending, or why not."""
        if (kind, member, key) in self.keys:
            request, answer = self.keys[kind, member, key]
            return answer if request == points else "LOY-201"
        lots = self.purse(member, "points")
        usable = sum(lot["active"] for lot in lots) - sum(self.debt["points", one] for one in self.group(member))
        if points > usable:
            return "LOY-202"
        self.activity["points", member] = max(self.activity.get(("points", member), self.now), self.now)
        made: dict[str, Any] = {"member": member, "status": "open" if kind == "hold" else "redeemed", "ends": self.now + timedelta(days=self.hold_days),
                                "held": Counter(), "spent": Counter()}  # fmt: skip
        state = "held" if kind == "hold" else "spent"
        for lot in self.in_order(lots):
            taken = min(lot["active"], points)
            lot["active"] -= taken
            lot[state] += taken
            made[state][lot["id"]] += taken
            points -= taken
        self.spendings.append(made)
        self.keys[kind, member, key] = (sum(made[state].values()), len(self.spendings) - 1)
        return len(self.spendings) - 1

    def resolve(self, number: int, outcome: str) -> str:
        """Capture, release or time out: at most once."""
        made = self.spendings[number]
        if made["status"] != "open":
            return outcome if made["status"] == outcome else "LOY-203"
        made["status"] = outcome
        for lot in self.in_order([self.lots[one] for one, points in made["held"].items() if points]):
            points = made["held"].pop(lot["id"])
            lot["held"] -= points
            if outcome == "captured":
                lot["spent"] += points
                made["spent"][lot["id"]] += points
            else:
                self._return(lot, points)
        return outcome

    def _return(self, lot: Lot, points: int) -> None:
        lot["active"] += points
        self._settle(lot)
        self.let_expire()

    def time_out(self) -> int:
        """Every hold whose time is over."""
        due = [
            (made["member"], number)
            for number, made in enumerate(self.spendings)
            if made["status"] == "open" and made["ends"] <= self.now
        ]
        for _, number in sorted(due):
            self.resolve(number, "timed_out")
        return len(due)

    def cancel(self, number: int, points: int, key: str) -> str:
        """Undo a redemption in whole or in part, last drawn first."""
        made = self.spendings[number]
        place = "cancel", made["member"], key
        if place in self.keys:
            return "again" if self.keys[place][0] == (number, points) else "LOY-201"
        if points > sum(made["held"].values()) + sum(made["spent"].values()):
            return "LOY-204"
        self.keys[place] = ((number, points), 0)
        for state in ("held", "spent"):
            for lot in reversed(self.in_order([self.lots[one] for one, left in made[state].items() if left])):
                taken = min(made[state][lot["id"]], points)
                made[state][lot["id"]] -= taken
                lot[state] -= taken
                points -= taken
                if taken:
                    self._return(lot, taken)
        return "done"

    # members and books

    def merge(self, member: int, into: int) -> str:
        """A member becomes part of another: nothing moves."""
        if member == into or member in self.part_of or into in self.part_of or member in self.part_of.values():
            return "LOY-205"
        self.part_of[member] = into
        return "done"

    def split(self, member: int) -> str:
        """And stands alone again."""
        if member not in self.part_of:
            return "LOY-205"
        del self.part_of[member]
        self.let_expire()
        return "done"

    def close(self, until: date) -> str:
        """A period ends."""
        if until >= self.today() or (self.closed is not None and until <= self.closed):
            return "LOY-207"
        self.closed = until
        return "done"

    def balance(self, member: int) -> dict[str, Any]:
        """What the member's statement must show."""
        group, lots = self.group(member), self.purse(member, "points")
        available, owed = sum(lot["active"] for lot in lots), sum(self.debt["points", one] for one in group)
        ends = [(ends, lot["active"]) for lot in lots if (ends := self.expiry(lot)) is not None]
        mine = [lot for lot in self.lots if lot["owner"] in group and lot["currency"] == "points"]
        return {
            "usable": max(0, available - owed), "debt": max(0, owed - available), "pending": sum(lot["pending"] for lot in mine),
            "held": sum(lot["held"] for lot in mine), "next": min((moment for moment, _ in ends), default=None),
            "soon": sum(points for moment, points in ends if moment <= self.now + timedelta(days=30)),
        }  # fmt: skip
