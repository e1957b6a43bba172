"""Explanations evaluated again: every entry's inputs, under the version of the rule it names, must give what was posted."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from core.store import reading
from loyalty.domain.programme import MILLI, Programme, Rule
from loyalty.evaluation import signed_points
from loyalty.posted import SIGNED
from loyalty.tables import journal, transfers

ENTRIES_PER_READ = 50_000


@dataclass(frozen=True, slots=True)
class ReEvaluation:
    """How many entries were looked at, and every one whose explanation gives something else, in words."""

    entries: int
    findings: tuple[str, ...]


@dataclass(slots=True)
class _State:
    held: int = 0
    decided: int = 0


def worth_by_explanation(explanation: Mapping[str, object], rule: Rule, member: int) -> int:
    """Points that a member is owed by the steps of an explanation."""
    steps = explanation.get("steps", ())
    for step in steps if isinstance(steps, list) else ():
        if int(step["member"]) == member and "failed" not in step:
            return signed_points(
                rule, int(step["quantity_milli"]), int(step["amount_subcents"]), int(step.get("multiplier_milli", MILLI)),
                bool(step.get("is_complete", True)),
            )  # fmt: skip
    return 0


def re_evaluate(engine: Engine, programme: Programme, campaign_rules: Iterable[Rule] = ()) -> ReEvaluation:
    """Go through all awards, reversals and entries without points of a programme, oldest first, and compute each amount anew.

    An award gives what the document is worth beyond what was decided before (less what a cap cut, which its explanation says); a
    reversal takes back what was given beyond the worth. Versions of rules that the programme no longer names are findings.
    """
    rules = {(rule.campaign_id, rule.rule_id, rule.version): rule for rule in (*programme.rules, *campaign_rules)}
    states: dict[tuple[str, int, str], _State] = defaultdict(_State)
    findings: list[str] = []
    seen, last = 0, 0
    with reading(engine) as connection:
        while True:
            rows = connection.execute(
                select(journal.c.journal_id, journal.c.cause, journal.c.member_party_id, journal.c.currency, journal.c.rule_id,
                       journal.c.rule_version, journal.c.campaign_id, journal.c.kind, journal.c.points_decided, journal.c.explanation,
                       func.coalesce(func.sum(SIGNED), 0))
                .outerjoin(transfers, transfers.c.journal_id == journal.c.journal_id)
                .where(journal.c.programme_id == programme.programme_id, journal.c.rule_id.is_not(None), journal.c.journal_id > last)
                .group_by(journal.c.journal_id).order_by(journal.c.journal_id).limit(ENTRIES_PER_READ)
            ).all()  # fmt: skip
            if not rows:
                return ReEvaluation(seen, tuple(findings))
            last = int(rows[-1][0])
            for entry, cause, member, currency, rule_id, version, campaign, kind, decided, explanation, posted in rows:
                seen += 1
                rule = rules.get((campaign, rule_id, version))
                if rule is None:
                    findings.append(f"entry {entry}: version {version} of rule {rule_id} is not in the programme")
                    continue
                said, state = json.loads(explanation), states[cause, member, currency]
                worth = worth_by_explanation(said, rule, int(member))
                if kind == "reversal" and decided == 0:
                    worth = 0  # all of it is taken back; where its day has moved, the next entry awards it again
                expected = _expected(state, worth, said)
                state.held += int(posted)
                state.decided = worth
                if (decided is not None and worth != int(decided)) or expected != int(posted):
                    findings.append(
                        f"entry {entry} ({kind} for {cause}): its explanation gives {worth} and {expected}, posted were {posted}"
                    )


def _expected(state: _State, worth: int, said: Mapping[str, object]) -> int:
    """What an entry must have moved, from what its cause had before."""
    if worth > state.decided:
        more = max(0, worth - max(state.decided, state.held))
        return int(str(said["granted"])) if "granted" in said else more
    return -max(0, state.held - worth)
