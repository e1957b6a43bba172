"""What a campaign is, who acts on it, and what each act needs.

draft --simulate--> simulated --sign (owner, then co-funder)--> signed --launch--> running --last day over--> ended --settle--> settled
  ^___ edit: a new version, signatures and simulation are gone ___|        |                       (late orders, returns and burns
draft, simulated or signed --withdraw--> withdrawn                         stop: today is the last day      go on under the same rules)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from core.errors import AccessDeniedError, ConflictError, InputRefusedError
from core.scope import Scope
from loyalty.domain.parsing import parse_rules
from loyalty.domain.programme import Bound, Programme, ProgrammeError, Rule

STATES = ("draft", "simulated", "signed", "running", "ended", "settled", "withdrawn")
EARNING_STATES = ("running", "ended", "settled")
"""States in which documents of the campaign's days are evaluated: late orders and returns come after its end."""

EDITABLE_STATES = ("draft", "simulated", "signed")

RULE_ID_LENGTH = 60
HOLD_OUT_PERCENT_MAX = 50

Detail = Mapping[str, str | int]
Audit = Callable[[Connection, datetime, str, int, Detail], None]
"""Writes down an act in the same transaction: (connection, moment, act, party, details)."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the person, the parties it speaks for, and where the act is written down."""

    user_id: str
    scope: Scope
    audit: Audit

    @property
    def party_id(self) -> int:
        """The party that the person acts for."""
        return min(self.scope.party_ids)

    def owns(self, campaign: Campaign) -> bool:
        """Whether the campaign is the person's own party's."""
        return owns(self.scope, campaign)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the owner of a programme writes. `rules_toml`: rules with days, funders and caps. `co_funder`: the distributor that bears a share."""

    title_de: str
    title_en: str
    rules_toml: str
    co_funder: int | None = None
    hold_out_percent: int = 0


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed the current version."""

    party_id: int
    role: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as its owner or co-funder sees it. Days are in the programme's zone; `ends_on` heeds an early stop.

    `simulation` is JSON, cut to what its reader may know.
    """

    campaign_id: str
    programme_id: str
    version: int
    status: str
    draft: Draft
    owner: int
    starts_on: date
    ends_on: date
    stopped_on: date | None
    launched_at: datetime | None
    hold_out_seed: int | None
    simulation: str | None
    signatures: tuple[Signature, ...]
    owner_role: str = "manufacturer"

    @property
    def is_signed_by_owner(self) -> bool:
        """Whether the owner has signed this version, which offers it to the co-funder."""
        return any(one.party_id == self.owner for one in self.signatures)

    @property
    def is_signed_by_all(self) -> bool:
        """Whether everybody who pays has signed this version."""
        signed = {one.party_id for one in self.signatures}
        return self.owner in signed and (self.draft.co_funder is None or self.draft.co_funder in signed)


@dataclass(frozen=True, slots=True)
class Notice:
    """A running or past campaign as those see it whom it concerns without paying: nothing of funding, hold-out or simulation."""

    campaign_id: str
    programme_id: str
    status: str
    title_de: str
    title_en: str
    starts_on: date
    ends_on: date
    terms_de: str
    terms_en: str


def owns(scope: Scope, campaign: Campaign) -> bool:
    """Whether the asker speaks for the party whose campaign it is."""
    return str(scope.role) == campaign.owner_role and campaign.owner in scope.party_ids


def rules_of(campaign: Campaign, programme: Programme) -> tuple[Rule, ...]:
    """The campaign's rules as they are evaluated: ids are the campaign's own, only a manufacturer's own products count, a co-funder's money is
    for its own sales alone, in a distributor's programme only the distributor's sales count, and nothing counts after an early stop."""
    return tuple(
        replace(rule, valid_to=min(rule.valid_to or campaign.ends_on, campaign.ends_on))
        for rule in read_rules(campaign.draft, programme, campaign.campaign_id, campaign.owner)
        if rule.valid_from <= campaign.ends_on
    )


def read_rules(draft: Draft, programme: Programme, campaign_id: str, owner: int) -> tuple[Rule, ...]:
    """Check a draft and read its rules. Raises InputRefusedError LOY-405 (every finding with its line) or LOY-406."""
    try:
        rules = parse_rules(draft.rules_toml, programme.leg, campaign_id, programme.owner_kind)
    except ProgrammeError as error:
        raise InputRefusedError(
            "LOY-405", where="the campaign's rules", found="; ".join(error.findings), expected="valid rules",
            next_step="Mend the named lines and save again.",
        ) from error  # fmt: skip
    findings = [*_shape_findings(draft), *_rule_findings(draft, rules, programme, campaign_id)]
    if findings:
        raise InputRefusedError(
            "LOY-406", where="the campaign", found="; ".join(findings), expected="a campaign that can be signed and paid",
            next_step="Change what is named and save again.",
        )  # fmt: skip
    if programme.is_distributors:
        bound = Bound(distributors=(owner,))
    else:
        bound = Bound((owner,), (draft.co_funder,) if draft.co_funder is not None else ())
    return tuple(replace(rule, rule_id=f"{campaign_id}.{rule.rule_id}", bound=bound) for rule in rules)


def _shape_findings(draft: Draft) -> list[str]:
    found = [] if draft.title_de.strip() and draft.title_en.strip() else ["a title is missing in German or English"]
    if max(len(draft.title_de), len(draft.title_en)) > 200:
        found.append("a title is longer than 200 characters")
    if not 0 <= draft.hold_out_percent <= HOLD_OUT_PERCENT_MAX:
        found.append(f"hold-out of {draft.hold_out_percent} percent, which is not within 0 to {HOLD_OUT_PERCENT_MAX}")
    return found


def _rule_findings(draft: Draft, rules: tuple[Rule, ...], programme: Programme, campaign_id: str) -> list[str]:
    found = [
        f"the rule_id {rule.rule_id!r} is longer than {RULE_ID_LENGTH - len(campaign_id) - 1} characters"
        for rule in rules if len(rule.rule_id) + len(campaign_id) + 1 > RULE_ID_LENGTH
    ]  # fmt: skip
    shares = [0 if programme.is_distributors else dict(rule.funders).get("distributor", 0) for rule in rules]
    if programme.is_distributors and draft.co_funder is not None:
        found.append("a co-funder is named, but a distributor pays for its own programme alone")
    elif any(shares) and draft.co_funder is None:
        found.append("a rule charges distributors, but no distributor is named that signs for it")
    elif draft.co_funder is not None and not any(shares):
        found.append("a distributor is named as co-funder, but no rule gives it a share")
    tiers = {tier.tier for tier in programme.tiers}
    for rule in rules:
        unknown = set(rule.selection.tiers) - tiers
        if unknown:
            found.append(f"rule {rule.rule_id!r} names {', '.join(sorted(unknown))}, which is no tier of the programme")
    if draft.co_funder is not None and any(rule.leg not in ("sell_in", "sell_through") for rule in rules):
        found.append("a co-funded rule looks at sales to or by the distributor: leg sell_in or sell_through")
    return found


def not_found(campaign_id: str) -> AccessDeniedError:
    """Foreign and missing campaigns answer alike."""
    return AccessDeniedError(
        "LOY-404", where=f"campaign {campaign_id}", found="none that you may act on", expected="a campaign of your own",
        next_step="Open the campaign from your list.",
    )  # fmt: skip


def wrong_state(campaign: Campaign, expected: str) -> ConflictError:
    """The act does not go with the campaign's state."""
    return ConflictError(
        "LOY-402", where=f"campaign {campaign.campaign_id}", found=f"state {campaign.status}", expected=expected,
        next_step="Load the campaign again and look where it stands.",
    )  # fmt: skip


def stale(campaign: Campaign, version: int) -> ConflictError:
    """Somebody else changed it meanwhile."""
    return ConflictError(
        "LOY-401", where=f"campaign {campaign.campaign_id}", found=f"version {campaign.version}", expected=f"version {version}, which you saw",
        next_step="Load the campaign again; it was changed in another window or by somebody else.",
    )  # fmt: skip
