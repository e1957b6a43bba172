"""Campaigns for tests: a programme, who acts, and drafts in a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from core.clock import FixedClock
from core.scope import Role, Scope
from loyalty import load_programme
from loyalty.campaigns.hold_out import Candidate
from loyalty.campaigns.lifecycle import create, keep_simulation, launch, sign
from loyalty.campaigns.model import Actor, Campaign, Draft

PROGRAMME = load_programme("demo")
MANUFACTURER, OTHER_MANUFACTURER, DISTRIBUTOR, OTHER_DISTRIBUTOR, RETAILER = 1, 2, 11, 12, 101
FIRST_DAY, LAST_DAY = date(2026, 7, 1), date(2026, 9, 30)


@dataclass(slots=True)
class Book:
    """What was written down, act by act."""

    acts: list[tuple[str, int]] = field(default_factory=list)

    def write(self, connection: Connection, moment: datetime, act: str, party: int, detail: Mapping[str, str | int]) -> None:
        """One line."""
        self.acts.append((act, party))


def actor(role: Role, party: int, book: Book | None = None) -> Actor:
    """A person of that role in that party."""
    return Actor(f"user-{party}", Scope.of(role, party), (book or Book()).write)


MAKER = actor(Role.MANUFACTURER, MANUFACTURER)
SELLER = actor(Role.DISTRIBUTOR, DISTRIBUTOR)


def rules_toml(share: int = 0, caps: str = "", together: str = "", rate: str = 'points_per_unit = "10"', first_day: date = FIRST_DAY,
               last_day: date = LAST_DAY) -> str:  # fmt: skip
    """One rule on machines; the distributor bears `share` percent."""
    funders = f"[rules.funders]\nmanufacturer = {100 - share}\ndistributor = {share}\n" if share else ""
    return (
        f'{f"[caps]{chr(10)}{together}{chr(10)}" if together else ""}[[rules]]\nrule_id = "push"\nversion = 1\ntitle_de = "Maschinen"\n'
        f'title_en = "Machines"\n{rate}\ncategories = ["Machines"]\nvalid_from = {first_day}\nvalid_to = {last_day}\n'
        f"expires_after_months = 12\n{f'[rules.caps]{chr(10)}{caps}{chr(10)}' if caps else ''}{funders}"
    )


def draft(share: int = 0, hold_out_percent: int = 0, title: str = "Herbst", **rules: str) -> Draft:
    """A draft; with a share the distributor is its co-funder."""
    return Draft(title, "Autumn", rules_toml(share, **rules), DISTRIBUTOR if share else None, hold_out_percent)


def launched(
    store: Engine, clock: FixedClock, written: Draft, campaign_id: str = "c1", members: tuple[Candidate, ...] = (), seed: int = 7
) -> Campaign:
    """A campaign that runs, signed by whoever pays."""
    create(store, PROGRAMME, MAKER, campaign_id, written, clock)
    keep_simulation(store, MAKER, campaign_id, 1, "{}", clock)
    sign(store, MAKER, campaign_id, 1, clock)
    if written.co_funder is not None:
        sign(store, SELLER, campaign_id, 1, clock)
    return launch(store, PROGRAMME, MAKER, campaign_id, 1, members, seed, clock)
