"""Five help desks on loopback: Zendesk, Freshdesk, Zammad, Jira Service Management and ServiceNow, with their documented paging, login and limits.

All play the same seeded tickets. Pages are small so that there are several; every fifth question is refused with 429 and Retry-After.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.http_server import Answered, Asked, LoopbackServer

PAGE = 4
TOKEN = "seeded-token"
BEGIN = datetime(2026, 6, 1, 8, tzinfo=UTC)


@dataclass
class Ticket:
    """A ticket in our own words: `history` is (state, moment), oldest first."""

    number: int
    organisation: int
    subject: str
    priority: str
    history: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.history[-1][0]

    @property
    def opened_at(self) -> datetime:
        return self.history[0][1]

    @property
    def updated_at(self) -> datetime:
        return self.history[-1][1]

    @property
    def resolved_at(self) -> datetime | None:
        """When it was finished, if it is."""
        if self.status not in ("resolved", "closed"):
            return None
        return next(moment for state, moment in self.history if state in ("resolved", "closed"))


def seeded(count: int = 23) -> list[Ticket]:
    """Tickets in every state, with umlauts, quotes and a line break, some changed at the same second."""
    ways = [["new"], ["new", "in_progress"], ["new", "in_progress", "waiting"], ["new", "in_progress", "resolved"],
            ["new", "in_progress", "resolved", "closed"], ["new", "waiting", "in_progress"]]  # fmt: skip
    tickets = []
    for number in range(1, count + 1):
        opened = BEGIN + timedelta(minutes=number // 3)
        history = [(state, opened + timedelta(hours=step)) for step, state in enumerate(ways[number % len(ways)])]
        subject = [
            f"Gerät {number} läuft nicht",
            f'"Order {number}" is late',
            f"Two lines\nof {number}",
            f"Rückfrage; {number}, bitte",
        ][number % 4]
        tickets.append(Ticket(number, 100 + number % 3, subject, ["critical", "high", "moderate", "low"][number % 4], history))
    return tickets


class HelpDesks:
    """The server. `tickets` may be changed between pulls."""

    def __init__(self, tickets: list[Ticket], *, refuse_every: int = 5) -> None:
        self.tickets = tickets
        self._refuse_every = refuse_every
        self._questions = 0
        self.refusals = 0
        self.tokens_given = 0
        self._token_uses = 0
        self.server = LoopbackServer(self._handle)
        self.environment = {
            "ZENDESK_URL": self.server.url, "ZENDESK_USER": "agent@example.test/token", "ZENDESK_TOKEN": TOKEN,
            "FRESHDESK_URL": self.server.url, "FRESHDESK_KEY": TOKEN, "ZAMMAD_URL": self.server.url, "ZAMMAD_TOKEN": TOKEN,
            "JIRA_URL": self.server.url, "JIRA_USER": "agent@example.test", "JIRA_TOKEN": TOKEN,
            "SERVICENOW_URL": self.server.url, "SERVICENOW_CLIENT_ID": "client", "SERVICENOW_CLIENT_SECRET": TOKEN,
        }  # fmt: skip

    def stop(self) -> None:
        """Stop serving."""
        self.server.stop()

    def _handle(self, asked: Asked) -> Answered:
        routes: Mapping[tuple[str, str], tuple[str, Callable[[Asked], Any]]] = {
            ("GET", "/api/v2/incremental/tickets/cursor.json"): (
                _basic("agent@example.test/token", TOKEN),
                self._zendesk_tickets,
            ),
            ("GET", "/api/v2/incremental/ticket_events.json"): (_basic("agent@example.test/token", TOKEN), self._zendesk_events),
            ("GET", "/api/v2/tickets"): (_basic(TOKEN, "X"), self._freshdesk),
            ("GET", "/api/v1/tickets/search"): (f"Token token={TOKEN}", self._zammad),
            ("GET", "/rest/api/3/search/jql"): (_basic("agent@example.test", TOKEN), self._jira),
            ("GET", "/api/now/table/incident"): (f"Bearer access-{self.tokens_given}", self._servicenow),
            ("POST", "/oauth_token.do"): (_basic("client", TOKEN), self._token),
        }
        login, answer = routes.get((asked.method, asked.path), ("", None))
        if answer is None:
            return Answered(404, b"{}")
        if asked.headers.get("authorization") != login:
            return Answered(401, b'{"error":"Couldn\'t authenticate you"}')
        self._questions += 1
        if self._questions % self._refuse_every == 0:
            self.refusals += 1
            return Answered(429, b"{}", {"Retry-After": "1"})
        found = answer(asked)
        return (
            found
            if isinstance(found, Answered)
            else Answered(200, json.dumps(found).encode(), {"content-type": "application/json"})
        )

    def _changed(self, since: datetime) -> list[Ticket]:
        return sorted((t for t in self.tickets if t.updated_at >= since), key=lambda t: (t.updated_at, t.number))

    def _zendesk_tickets(self, asked: Asked) -> Any:
        cursor = asked.query.get("cursor")
        if cursor:
            moment, number = json.loads(base64.b64decode(cursor))
            found = [t for t in self._changed(BEGIN) if (t.updated_at.timestamp(), t.number) > (moment, number)]
        else:
            found = self._changed(datetime.fromtimestamp(int(asked.query["start_time"]), UTC))
        chosen = found[:PAGE]
        last = (
            (chosen[-1].updated_at.timestamp(), chosen[-1].number)
            if chosen
            else json.loads(base64.b64decode(cursor or "WzAsMF0="))
        )
        following = base64.b64encode(json.dumps(last).encode()).decode()
        words = {"new": "new", "in_progress": "open", "waiting": "pending", "resolved": "solved", "closed": "closed"}
        tickets = [
            {
                "id": t.number, "organization_id": t.organisation, "subject": t.subject, "type": "question", "via": {"channel": "web"},
                "priority": {"critical": "urgent", "high": "high", "moderate": "normal", "low": "low"}[t.priority],
                "status": words[t.status], "created_at": _iso(t.opened_at), "updated_at": _iso(t.updated_at),
                "generated_timestamp": int(t.updated_at.timestamp()), "metric_set": {"solved_at": _iso(t.resolved_at), "reopens": 0},
            }
            for t in chosen
        ]  # fmt: skip
        return {
            "tickets": tickets, "after_cursor": following, "before_cursor": None, "end_of_stream": len(found) <= PAGE,
            "after_url": f"{self.server.url}{asked.path}?cursor={following}",
        }  # fmt: skip

    def _zendesk_events(self, asked: Asked) -> Any:
        start = int(asked.query["start_time"])
        words = {"new": "new", "in_progress": "open", "waiting": "pending", "resolved": "solved", "closed": "closed"}
        events = sorted(
            (int(moment.timestamp()), ticket.number, step, state)
            for ticket in self.tickets
            for step, (state, moment) in enumerate(ticket.history)
        )
        found = [event for event in events if event[0] >= start]
        # a page never ends within a second
        end = found[min(PAGE, len(found)) - 1][0] if found else start
        chosen = [event for event in found if event[0] <= end]
        return {
            "ticket_events": [
                {
                    "id": number * 100 + step, "ticket_id": number, "timestamp": at, "created_at": _iso(datetime.fromtimestamp(at, UTC)),
                    "event_type": "Audit",
                    "child_events": [{"id": number * 1000 + step, "status": words[state], "event_type": "Change"}, {"id": number * 1000 + 500 + step, "comment_present": True, "event_type": "Comment"}],
                }
                for at, number, step, state in chosen
            ],
            "count": len(chosen), "end_time": end + 1, "end_of_stream": len(chosen) == len(found),
            "next_page": f"{self.server.url}{asked.path}?start_time={end + 1}",
        }  # fmt: skip

    def _freshdesk(self, asked: Asked) -> Any:
        assert (asked.query["order_by"], asked.query["order_type"], asked.query["include"]) == ("updated_at", "asc", "stats")
        page, size = int(asked.query["page"]), int(asked.query["per_page"])
        if size > 100 or page > 300:
            return Answered(400, b"{}")
        found = self._changed(datetime.fromisoformat(asked.query["updated_since"]))
        chosen = found[(page - 1) * size : page * size]
        headers = {"content-type": "application/json"}
        if len(found) > page * size:
            headers["Link"] = f'<{self.server.url}/api/v2/tickets?page={page + 1}>; rel="next"'
        body = [
            {
                "id": t.number, "company_id": t.organisation, "subject": t.subject, "source": 2, "type": None,
                "priority": {"critical": 4, "high": 3, "moderate": 2, "low": 1}[t.priority],
                "status": {"new": 2, "in_progress": 2, "waiting": 3, "resolved": 4, "closed": 5}[t.status],
                "created_at": _iso(t.opened_at), "updated_at": _iso(t.updated_at),
                "stats": {"resolved_at": _iso(t.resolved_at), "closed_at": None, "first_responded_at": None},
            }
            for t in chosen
        ]  # fmt: skip
        return Answered(200, json.dumps(body).encode(), headers)

    def _zammad(self, asked: Asked) -> Any:
        match = re.fullmatch(r"updated_at:\[(\S+) TO \*\]", asked.query["query"])
        assert match is not None
        assert (asked.query["sort_by"], asked.query["order_by"], asked.query["expand"]) == ("updated_at", "asc", "true")
        page, size = int(asked.query["page"]), int(asked.query["per_page"])
        chosen = self._changed(datetime.fromisoformat(match[1]))[(page - 1) * size : page * size]
        return [
            {
                "id": 7000 + t.number, "number": str(t.number), "title": t.subject, "organization_id": t.organisation, "group": "Users",
                "organization": f"Organisation {t.organisation}", "create_article_type": "email",
                "priority": {"critical": "4 urgent", "high": "3 high", "moderate": "2 normal", "low": "1 low"}[t.priority],
                "state": {"new": "new", "in_progress": "open", "waiting": "pending reminder", "resolved": "closed", "closed": "closed"}[t.status],
                "created_at": _milli(t.opened_at), "updated_at": _milli(t.updated_at), "close_at": _milli(t.resolved_at), "first_response_at": None,
            }
            for t in chosen
        ]  # fmt: skip

    def _jira(self, asked: Asked) -> Any:
        match = re.search(r'updated >= "([^"]+)" ORDER BY updated ASC', asked.query["jql"])
        assert match is not None
        assert asked.query["expand"] == "changelog"
        found = self._changed(datetime.strptime(match[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC))
        offset = int(asked.query.get("nextPageToken", "token-0").removeprefix("token-"))
        size = min(PAGE, int(asked.query["maxResults"]))
        words = {
            "new": "Open",
            "in_progress": "In Progress",
            "waiting": "Waiting for customer",
            "resolved": "Resolved",
            "closed": "Closed",
        }
        issues = [
            {
                "key": f"SUP-{t.number}",
                "fields": {
                    "summary": t.subject, "customfield_10002": [{"id": str(t.organisation), "name": "Shop"}], "issuetype": {"name": "Question"},
                    "priority": {"name": {"critical": "Highest", "high": "High", "moderate": "Medium", "low": "Low"}[t.priority]},
                    "status": {"name": words[t.status], "statusCategory": {"key": "done" if t.resolved_at else "indeterminate"}},
                    "created": _offset(t.opened_at), "updated": _offset(t.updated_at), "resolutiondate": _offset(t.resolved_at),
                },
                "changelog": {"histories": [
                    {"id": str(t.number * 100 + step), "created": _offset(moment), "items": [
                        {"field": "assignee", "toString": "Nora"}, {"field": "status", "fromString": words[before], "toString": words[state]}]}
                    for step, ((before, _), (state, moment)) in enumerate(zip(t.history, t.history[1:], strict=False))
                ]},
            }
            for t in found[offset : offset + size]
        ]  # fmt: skip
        is_last = offset + size >= len(found)
        return {"issues": issues, "isLast": is_last} | ({} if is_last else {"nextPageToken": f"token-{offset + size}"})

    def _token(self, asked: Asked) -> Any:
        assert b"grant_type=client_credentials" in asked.body
        self.tokens_given += 1
        self._token_uses = 0
        return {"access_token": f"access-{self.tokens_given}", "token_type": "Bearer", "expires_in": 1800}

    def _servicenow(self, asked: Asked) -> Any:
        self._token_uses += 1
        if self._token_uses == 3 and self.tokens_given < 3:
            self.tokens_given += 1
            return Answered(401, b"{}")
        match = re.match(r"sys_updated_on>=([^^]+)\^ORDERBYsys_updated_on", asked.query["sysparm_query"])
        assert match is not None
        offset, size = int(asked.query["sysparm_offset"]), int(asked.query["sysparm_limit"])
        chosen = self._changed(datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))[offset : offset + size]
        return {"result": [
            {
                "number": f"INC{t.number:07d}", "company": str(t.organisation), "short_description": t.subject, "category": "inquiry",
                "contact_type": "email", "priority": {"critical": "1", "high": "2", "moderate": "3", "low": "4"}[t.priority],
                "state": {"new": "1", "in_progress": "2", "waiting": "3", "resolved": "6", "closed": "7"}[t.status],
                "opened_at": _blank(t.opened_at), "resolved_at": _blank(t.resolved_at), "closed_at": "", "reopen_count": "0",
                "sys_updated_on": _blank(t.updated_at), "sys_mod_count": str(len(t.history)),
            }
            for t in chosen
        ]}  # fmt: skip


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _iso(moment: datetime | None) -> str | None:
    return moment and moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _milli(moment: datetime | None) -> str | None:
    return moment and moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _offset(moment: datetime | None) -> str | None:
    return moment and (moment + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.000+0200")


def _blank(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else ""
