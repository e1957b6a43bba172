"""Acts on a campaign. Each is one transaction that looks at the campaign under a lock, checks who acts and on which version, and is
written down. Doing the same twice does nothing more, so a double click is harmless."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import numpy
from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock
from core.errors import ConflictError
from core.scope import Role
from core.store import writing
from loyalty.campaigns.hold_out import Candidate, draw_hold_out
from loyalty.campaigns.model import (
    EDITABLE_STATES,
    Actor,
    Campaign,
    Detail,
    Draft,
    not_found,
    read_rules,
    stale,
    wrong_state,
)
from loyalty.campaigns.records import load
from loyalty.domain.programme import Programme
from loyalty.owning import runs
from loyalty.programme_tables import campaign_members, campaign_signatures, campaigns
from loyalty.settlement_tables import campaign_versions


def create(engine: Engine, programme: Programme, actor: Actor, campaign_id: str, draft: Draft, clock: Clock) -> Campaign:
    """A new draft under an id of the caller's, made once per form. The same id and draft again give the same campaign.

    Raises AccessDeniedError LOY-404 (not the programme's owner, or the id is taken by another), InputRefusedError LOY-405, LOY-406.
    """
    owner = programme.owner_id
    if owner is None and not programme.is_distributors:  # one that names no manufacturer is open to each for its own products
        owner = actor.party_id
    if not runs(actor.scope, programme, owner):
        raise not_found(campaign_id)
    days = _days(draft, programme, campaign_id, actor.party_id)
    with writing(engine) as connection:
        make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        made = connection.execute(make(campaigns).on_conflict_do_nothing().values(
            campaign_id=campaign_id, programme_id=programme.programme_id, version=1, status="draft", owner_party_id=actor.party_id, owner_role=programme.owner_kind,
            created_by=actor.user_id, **_values(draft, days), changed_at=clock.now(), simulation=None,
        ).returning(campaigns.c.campaign_id)).first()  # fmt: skip
        if made is None:
            known = _owned(connection, actor, campaign_id)
            if known.draft != draft:
                raise stale(known, 1)
            return known
        _keep_version(connection, campaign_id, 1, draft, actor, clock)
        return _done(connection, campaign_id, actor, "campaign_created", clock, {"version": 1})


def edit(
    engine: Engine, programme: Programme, actor: Actor, campaign_id: str, version: int, draft: Draft, clock: Clock
) -> Campaign:
    """Another version, which nobody has signed or simulated. `version` is the one the editor saw.

    Raises ConflictError LOY-401 (changed meanwhile), LOY-402 (running or over), AccessDeniedError LOY-404, InputRefusedError.
    """
    with writing(engine) as connection:
        campaign = _owned(connection, actor, campaign_id)
        if campaign.draft == draft and campaign.version in (version, version + 1):
            return campaign
        _expect(campaign, version, EDITABLE_STATES)
        days = _days(draft, programme, campaign_id, campaign.owner)
        connection.execute(campaigns.update().where(campaigns.c.campaign_id == campaign_id).values(
            version=version + 1, status="draft", **_values(draft, days), changed_at=clock.now(), simulation=None,
        ))  # fmt: skip
        _keep_version(connection, campaign_id, version + 1, draft, actor, clock)
        return _done(connection, campaign_id, actor, "campaign_edited", clock, {"version": version + 1})


def keep_simulation(engine: Engine, actor: Actor, campaign_id: str, version: int, simulation: str, clock: Clock) -> Campaign:
    """Keep what a simulation of this version found; it can be signed then. Not after the first signature, which was for what it said."""
    with writing(engine) as connection:
        campaign = _owned(connection, actor, campaign_id)
        _expect(campaign, version, ("draft", "simulated"))
        if campaign.signatures:
            raise wrong_state(campaign, "a version that nobody has signed")
        connection.execute(campaigns.update().where(campaigns.c.campaign_id == campaign_id).values(
            status="simulated", simulation=simulation, changed_at=clock.now()
        ))  # fmt: skip
        return _done(connection, campaign_id, actor, "campaign_simulated", clock, {"version": version})


def sign(engine: Engine, actor: Actor, campaign_id: str, version: int, clock: Clock) -> Campaign:
    """Sign a version for one's own party: the owner, which offers it, then the co-funding distributor; nobody else.

    Raises ConflictError LOY-401, LOY-402 (not simulated, or running already), AccessDeniedError LOY-404.
    """
    with writing(engine) as connection:
        campaign = _payer(connection, actor, campaign_id)
        if campaign.version == version and any(one.party_id == actor.party_id for one in campaign.signatures):
            return campaign
        _expect(campaign, version, ("simulated",))
        connection.execute(campaign_signatures.insert().values(
            campaign_id=campaign_id, version=version, party_id=actor.party_id, role=str(actor.scope.role), signed_by=actor.user_id,
            signed_at=clock.now(),
        ))  # fmt: skip
        if load(connection, campaigns.c.campaign_id == campaign_id)[0].is_signed_by_all:
            connection.execute(campaigns.update().where(campaigns.c.campaign_id == campaign_id).values(status="signed"))
        return _done(connection, campaign_id, actor, "campaign_signed", clock, {"version": version})


def launch(
    engine: Engine, programme: Programme, actor: Actor, campaign_id: str, version: int, candidates: Sequence[Candidate], seed: int, clock: Clock,
) -> Campaign:  # fmt: skip
    """Draw who is held out and let the campaign run from its first day on.

    Raises ConflictError LOY-401, LOY-402, LOY-403 (somebody who pays has not signed this version), LOY-407 (its first day is past: members
    would earn from orders that nobody meant to reward), AccessDeniedError LOY-404.
    """
    with writing(engine) as connection:
        campaign = _owned(connection, actor, campaign_id)
        if campaign.version == version and campaign.status == "running":
            return campaign
        _expect(campaign, version, ("simulated", "signed"))
        if campaign.status != "signed" or not campaign.is_signed_by_all:
            raise ConflictError(
                "LOY-403", where=f"campaign {campaign_id}", found="a version that not everybody who pays has signed",
                expected=f"signatures of version {version}", next_step="Wait for the missing signature.",
            )  # fmt: skip
        today = today_in(programme, clock)
        if campaign.starts_on < today:
            raise ConflictError(
                "LOY-407", where=f"campaign {campaign_id}", found=f"a first day of {campaign.starts_on}", expected=f"{today} or later",
                next_step="Edit the days; the new version needs simulation and signatures again.",
            )  # fmt: skip
        out = draw_hold_out(candidates, campaign.draft.hold_out_percent, numpy.random.default_rng(seed))
        rows = [
            {"campaign_id": campaign_id, "member_party_id": one.member, "is_held_out": int(one.member in out)}
            for one in candidates
        ]
        if rows:
            connection.execute(campaign_members.insert(), rows)
        connection.execute(campaigns.update().where(campaigns.c.campaign_id == campaign_id).values(
            status="running", launched_at=clock.now(), hold_out_seed=seed, changed_at=clock.now()
        ))  # fmt: skip
        return _done(connection, campaign_id, actor, "campaign_launched", clock,
                     {"version": version, "members": len(rows), "held_out": len(out), "seed": seed})  # fmt: skip


def stop(engine: Engine, programme: Programme, actor: Actor, campaign_id: str, version: int, clock: Clock) -> Campaign:
    """End a running campaign early: today is its last day. What was earned stays earned."""
    with writing(engine) as connection:
        campaign = _owned(connection, actor, campaign_id)
        if campaign.stopped_on is not None:
            return campaign
        _expect(campaign, version, ("running",))
        today = today_in(programme, clock)
        connection.execute(campaigns.update().where(campaigns.c.campaign_id == campaign_id).values(
            stopped_on=today, changed_at=clock.now()
        ))  # fmt: skip
        return _done(
            connection, campaign_id, actor, "campaign_stopped", clock, {"version": version, "last_day": today.isoformat()}
        )


def withdraw(engine: Engine, actor: Actor, campaign_id: str, version: int, clock: Clock) -> Campaign:
    """Give up a campaign that does not run yet. It stays readable."""
    with writing(engine) as connection:
        campaign = _owned(connection, actor, campaign_id)
        if campaign.status == "withdrawn":
            return campaign
        _expect(campaign, version, EDITABLE_STATES)
        connection.execute(campaigns.update().where(campaigns.c.campaign_id == campaign_id).values(
            status="withdrawn", changed_at=clock.now()
        ))  # fmt: skip
        return _done(connection, campaign_id, actor, "campaign_withdrawn", clock, {"version": version})


def end_due(engine: Engine, programme: Programme, clock: Clock) -> int:
    """Mark as ended what runs and whose last day is over in the programme's zone; returns how many. Awards need no such mark."""
    with writing(engine) as connection:
        over = [
            campaign.campaign_id
            for campaign in load(connection, campaigns.c.status == "running", campaigns.c.programme_id == programme.programme_id)
            if campaign.ends_on < today_in(programme, clock)
        ]
        connection.execute(campaigns.update().where(campaigns.c.campaign_id.in_(over)).values(status="ended"))
        return len(over)


def today_in(programme: Programme, clock: Clock) -> date:
    """Today in the programme's zone."""
    return clock.now().astimezone(ZoneInfo(programme.time_zone)).date()


def locked(connection: Connection, campaign_id: str) -> Campaign:
    """The campaign under a lock of its row. Raises AccessDeniedError LOY-404."""
    connection.execute(select(campaigns.c.campaign_id).where(campaigns.c.campaign_id == campaign_id).with_for_update())
    found = load(connection, campaigns.c.campaign_id == campaign_id)
    if not found:
        raise not_found(campaign_id)
    return found[0]


def _owned(connection: Connection, actor: Actor, campaign_id: str) -> Campaign:
    campaign = locked(connection, campaign_id)
    if not actor.owns(campaign):
        raise not_found(campaign_id)
    return campaign


def _payer(connection: Connection, actor: Actor, campaign_id: str) -> Campaign:
    """The owner's, or the co-funder's once it is offered."""
    campaign = locked(connection, campaign_id)
    is_co_funder = actor.scope.role is Role.DISTRIBUTOR and campaign.draft.co_funder in actor.scope.party_ids
    if not (actor.owns(campaign) or (is_co_funder and campaign.is_signed_by_owner)):
        raise not_found(campaign_id)
    return campaign


def _expect(campaign: Campaign, version: int, states: Sequence[str]) -> None:
    if campaign.version != version:
        raise stale(campaign, version)
    if campaign.status not in states:
        raise wrong_state(campaign, f"one of {', '.join(states)}")


def _days(draft: Draft, programme: Programme, campaign_id: str, owner: int) -> tuple[date, date]:
    rules = read_rules(draft, programme, campaign_id, owner)
    return min(rule.valid_from for rule in rules), max(rule.valid_to or rule.valid_from for rule in rules)


def _values(draft: Draft, days: tuple[date, date]) -> dict[str, object]:
    return {"title_de": draft.title_de, "title_en": draft.title_en, "rules_toml": draft.rules_toml, "co_funder_party_id": draft.co_funder,
            "hold_out_percent": draft.hold_out_percent, "starts_on": days[0], "ends_on": days[1]}  # fmt: skip


def _keep_version(connection: Connection, campaign_id: str, version: int, draft: Draft, actor: Actor, clock: Clock) -> None:
    connection.execute(campaign_versions.insert().values(
        campaign_id=campaign_id, version=version, title_de=draft.title_de, title_en=draft.title_en, rules_toml=draft.rules_toml,
        co_funder_party_id=draft.co_funder, hold_out_percent=draft.hold_out_percent, created_by=actor.user_id, created_at=clock.now(),
    ))  # fmt: skip


def _done(connection: Connection, campaign_id: str, actor: Actor, act: str, clock: Clock, detail: Detail) -> Campaign:
    actor.audit(connection, clock.now(), act, actor.party_id, {"campaign_id": campaign_id, **detail})
    return load(connection, campaigns.c.campaign_id == campaign_id)[0]
