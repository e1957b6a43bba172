"""Five help desks with the same tickets give the same canonical requests, through their own paging, login and limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion.connectors.http import HttpTransport
from ingestion.profiles import Profile, load_profile
from tests.support.helpdesks import HelpDesks, Ticket, seeded
from tests.support.loading import Loading, loading

pytestmark = pytest.mark.integration
DESKS = ("zendesk", "freshdesk", "zammad", "jira_service_management", "servicenow_api")

MERGED = {("freshdesk", "new"): "in_progress", ("zammad", "resolved"): "closed"}
"""What a help desk cannot tell apart: Freshdesk has no "new", Zammad nothing between open and closed."""


@pytest.fixture
def desks(monkeypatch: pytest.MonkeyPatch) -> Iterator[HelpDesks]:
    """The server, and the environment that the profiles name. Nobody waits: waiting is noted."""
    server = HelpDesks(seeded())
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    made = HttpTransport.__init__

    def without_waiting(self: HttpTransport, options: Any, sleep: Any = None) -> None:
        made(self, options, lambda _: None)

    monkeypatch.setattr(HttpTransport, "__init__", without_waiting)
    yield server
    server.stop()


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Loading]:
    """An empty warehouse."""
    with loading(tmp_path) as site:
        yield site


def in_small_pages(name: str) -> Profile:
    """The shipped profile, with pages that are small enough for several."""
    content = load_profile(name).model_dump(mode="json", exclude_defaults=True)
    for resource in content["transport"]["resources"]:
        if resource["paging"]["style"] in ("page", "offset"):
            resource["paging"] |= {"size": 4} | ({"overlap": 1} if resource["paging"]["style"] == "offset" else {})
    return Profile.model_validate(content)


def number(text: object) -> int:
    """The ticket's number in whatever the help desk calls it."""
    return int("".join(c for c in str(text) if c.isdigit()))


def requests(warehouse: Loading) -> dict[int, tuple[object, ...]]:
    """Number -> requester, subject, priority, status, opened, resolved; latest version."""
    rows = warehouse.rows(
        """select request_no, requester_ref, subject, priority, status, opened_at, resolved_at from raw.support_requests
           qualify row_number() over (partition by _row_key order by _version desc, _batch_no desc, _row_no desc) = 1"""
    )
    return {number(row[0]): tuple(row[1:]) for row in rows}


def expected(desk: str, tickets: list[Ticket]) -> dict[int, tuple[object, ...]]:
    """The same of the seeds."""
    return {
        t.number: (
            str(t.organisation), t.subject, t.priority, MERGED.get((desk, t.status), t.status), naive(t.opened_at), naive(t.resolved_at),
        )
        for t in tickets
    }  # fmt: skip


def naive(moment: datetime | None) -> datetime | None:
    """As the warehouse keeps it."""
    return moment and moment.replace(tzinfo=None)


@pytest.mark.parametrize("desk", DESKS)
def test_the_same_tickets_come_out_of_every_help_desk(desk: str, desks: HelpDesks, warehouse: Loading) -> None:
    report = warehouse.pull(in_small_pages(desk))
    assert {outcome.status for outcome in report.outcomes} <= {"loaded", "same_file"}
    assert warehouse.rows("select count(*) from raw.quarantine") == [(0,)]
    assert requests(warehouse) == expected(desk, desks.tickets)
    assert len([outcome for outcome in report.outcomes if outcome.feed == "support_requests"]) > 3, "several pages"
    assert desks.refusals > 0, "the limit was met and waited for"


@pytest.mark.parametrize("desk", DESKS)
def test_what_changed_comes_with_the_next_pull_and_nothing_else(desk: str, desks: HelpDesks, warehouse: Loading) -> None:
    warehouse.pull(in_small_pages(desk))
    rows = warehouse.rows("select count(*) from raw.support_requests")[0][0]
    again = warehouse.pull(in_small_pages(desk))
    assert sum(outcome.rows_accepted for outcome in again.outcomes) == 0
    later = max(ticket.updated_at for ticket in desks.tickets) + timedelta(hours=1)
    desks.tickets[4].history += [("waiting", later), ("closed", later + timedelta(minutes=5))]
    desks.tickets.append(Ticket(99, 101, "Neu", "high", [("in_progress", later)]))
    report = warehouse.pull(in_small_pages(desk))
    assert sum(outcome.rows_accepted for outcome in report.outcomes if outcome.feed == "support_requests") == 2
    assert warehouse.rows("select count(*) from raw.support_requests")[0][0] == rows + 2
    assert requests(warehouse) == expected(desk, desks.tickets)


@pytest.mark.parametrize("desk", ["zendesk", "jira_service_management"])
def test_help_desks_with_a_history_give_every_change_of_state(desk: str, desks: HelpDesks, warehouse: Loading) -> None:
    warehouse.pull(in_small_pages(desk))
    found = {
        (number(row[0]), row[1], row[2])
        for row in warehouse.rows("select request_no, status, occurred_at from raw.support_events")
    }
    first = 0 if desk == "zendesk" else 1
    assert found == {(t.number, state, naive(moment)) for t in desks.tickets for state, moment in t.history[first:]}


@pytest.mark.parametrize("desk", ["freshdesk", "zammad", "servicenow_api"])
def test_help_desks_without_one_give_every_state_that_a_pull_meets(desk: str, desks: HelpDesks, warehouse: Loading) -> None:
    warehouse.pull(in_small_pages(desk))
    before = {(t.number, MERGED.get((desk, t.status), t.status), naive(t.updated_at)) for t in desks.tickets}
    later = max(ticket.updated_at for ticket in desks.tickets) + timedelta(hours=1)
    desks.tickets[1].history.append(("closed", later))
    warehouse.pull(in_small_pages(desk))
    found = {
        (number(row[0]), row[1], row[2])
        for row in warehouse.rows("select request_no, status, occurred_at from raw.support_events")
    }
    assert found == before | {(desks.tickets[1].number, "closed", naive(later))}


def test_an_expired_token_is_renewed_in_the_middle(desks: HelpDesks, warehouse: Loading) -> None:
    warehouse.pull(in_small_pages("servicenow_api"))
    assert desks.tokens_given >= 2
    assert requests(warehouse) == expected("servicenow_api", desks.tickets)


@pytest.mark.parametrize("desk", DESKS)
def test_a_wrong_key_is_the_operators_to_mend(
    desk: str, desks: HelpDesks, warehouse: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.errors import ConfigurationError

    for name in desks.environment:
        if name.endswith(("TOKEN", "KEY", "SECRET")):
            monkeypatch.setenv(name, "another-secret")
    with pytest.raises(ConfigurationError) as caught:
        warehouse.pull(in_small_pages(desk))
    assert caught.value.code == "ING-405"
    assert "another-secret" not in str(caught.value)
