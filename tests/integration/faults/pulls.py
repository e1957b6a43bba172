"""Faults 21 and 22 at an API that really answers so: down, overloaded, dripping, logged out in the middle, and pages that shift."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestion.profiles import Profile
from pipeline import Delivery, RunResult
from tests.integration.faults.cases import fault
from tests.support.http_server import Answered, Asked, LoopbackServer
from tests.support.instances import LINES, QUIET, Instance, profile_of

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
TOKEN = {"kind": "oauth2", "token_path": "/token", "client_id_variable": "API_ID", "client_secret_variable": "API_KEY"}


def lines(count: int) -> list[dict[str, Any]]:
    """Order lines as the API has them, each changed an hour after the one before."""
    return [
        {"order": f"H{n}", "line": "1", "customer": f"C{n % 20}", "date": "2026-05-01", "sku": f"S{n % 5}", "qty": 1, "net": "1.00",
         "changed": (BEGIN + timedelta(hours=n)).isoformat()} for n in range(count)
    ]  # fmt: skip


@contextmanager
def api(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Asked], Answered]) -> Iterator[LoopbackServer]:
    """A server with these answers, under the address that the profile names."""
    server = LoopbackServer(answer)
    monkeypatch.setenv("API_URL", server.url)
    monkeypatch.setenv("API_ID", "client")
    monkeypatch.setenv("API_KEY", "hunter2")
    try:
        yield server
    finally:
        server.stop()


def over_http(resource: dict[str, Any], **options: Any) -> Profile:
    """The partner behind the API."""
    transport = {
        "kind": "http", "url_variable": "API_URL", "requests_per_minute": 1_000_000, "timeout_seconds": 1.0, "attempts": 3,
        "wait_seconds_max": 0.01, "resources": [{"name": "lines", "path": "/lines", **resource}], **options,
    }  # fmt: skip
    alone = {"feed": "order_lines", "files": "lines-*.json", "format": "json", "columns": LINES}
    profile = profile_of(alone, transport=transport)
    return profile.model_copy(update={"feeds": profile.feeds[-1:]})


def pull(instance: Instance, profile: Profile) -> RunResult:
    """A run that asks the API."""
    result = instance.pipeline().run([Delivery(profile, None)], QUIET, data_docs=False, quick_gate=True, part=instance.part)
    instance.check()
    return result


def page_of(found: list[dict[str, Any]], asked: Asked, size: int) -> Answered:
    """The page that was asked for."""
    first = (int(asked.query["page"]) - 1) * size
    return Answered(200, json.dumps(found[first : first + size]).encode())


@fault(21, "an API that is overloaded drips and forgets the log-in is pulled whole in one run")
def troubled_api(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles = [
        Answered(429, b"", {"Retry-After": "0"}),
        Answered(500),
        Answered(200, b"[" + b" " * 400, dribble=0.05),
        Answered(401),
    ]
    tokens: list[str] = []

    def answer(asked: Asked) -> Answered:
        if asked.path == "/token":
            tokens.append(f"t{len(tokens)}")
            return Answered(200, json.dumps({"access_token": tokens[-1], "expires_in": 3600}).encode())
        return troubles.pop(0) if troubles and asked.query["page"] == "2" else page_of(lines(10), asked, 4)

    with api(monkeypatch, answer):
        result = pull(instance, over_http({"paging": {"style": "page", "size": 4}}, auth=TOKEN, attempts=8, total_seconds=1.5))
    assert not result.may_be_tried_again, result.refused
    assert (troubles, len(tokens)) == ([], 2)
    assert instance.orders("H") == 10


@fault(21, "an API goes down mid-pull and the cursor commits with the rows")
def api_down(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    down, refused = True, 0
    profile = over_http({
        "params": {"since": "{since}"}, "paging": {"style": "page", "size": 5}, "since": {"column": "changed", "overlap_seconds": 60},
    }, attempts=2)  # fmt: skip

    def answer(asked: Asked) -> Answered:
        since = datetime.fromisoformat(asked.query["since"])
        found = [one for one in lines(20) if datetime.fromisoformat(one["changed"]) >= since]
        chosen = found[: int(asked.query["per_page"])]
        if down and chosen and int(chosen[-1]["order"][1:]) > 12:
            nonlocal refused
            refused += 1
            return Answered(503)
        return Answered(200, json.dumps(chosen).encode())

    with api(monkeypatch, answer) as server:
        assert pull(instance, profile).may_be_tried_again
        assert refused == 2, "as often as the profile says and no more"
        came = instance.orders("H")
        assert 5 <= came < 20, "what came before is published"
        assert [event["code"] for event in instance.events_of("source_stopped")] == ["ING-403"]
        [(stored, position)] = instance.raw(
            "select (select max(document_no[2:]::integer) from raw.order_lines where starts_with(document_no, 'H')), position "
            "from raw.cursors where source_id = 'partner' order by recorded_at desc limit 1"
        )
        assert (BEGIN + timedelta(hours=stored)).isoformat()[:13] in position, "the cursor stands where the rows end"
        down, before = False, len(server.asked)
        assert not pull(instance, profile).may_be_tried_again
        first = datetime.fromisoformat(server.asked[before].query["since"])
    assert first >= BEGIN + timedelta(hours=stored, minutes=-2), "it goes on, it does not begin anew"
    assert instance.orders("H") == 20


@fault(22, "pages shift during a pull")
def shifting_pages(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    have = lines(30)
    moves: list[str] = []

    def answer(asked: Asked) -> Answered:
        since = datetime.fromisoformat(asked.query["since"])
        found = sorted(
            (one for one in have if datetime.fromisoformat(one["changed"]) >= since), key=lambda one: str(one["changed"])
        )
        answered = page_of(found, asked, 5)
        if len(moves) < 6:  # an order of an earlier page changes, so that what follows moves up by one
            moved = have[len(moves) * 4]
            moved["changed"] = (BEGIN + timedelta(days=3, minutes=len(moves))).isoformat()
            moved["qty"] = 9
            moves.append(moved["order"])
        return answered

    profile = over_http(
        {
            "params": {"since": "{since}"},
            "paging": {"style": "page", "size": 5},
            "since": {"column": "changed", "overlap_seconds": 7200},
        }
    )
    with api(monkeypatch, answer):
        result = pull(instance, profile)
        # written before the newest that was seen, and only visible now
        late = BEGIN + timedelta(days=3, minutes=-30)
        have.append({**have[0], "order": "H30", "qty": 1, "changed": late.isoformat()})
        later = pull(instance, profile)
    assert len(moves) == 6
    [(count, distinct)] = instance.rows(
        "select count(*), count(distinct document_no) from fct_order_lines where starts_with(document_no, 'H')"
    )
    assert (count, distinct) == (31, 31), "nothing is lost, nothing is there twice"
    changed = instance.rows("select document_no from fct_order_lines where starts_with(document_no, 'H') and quantity = 9")
    assert {row[0] for row in changed} == set(moves), "and each says what it says now"
    outcomes = [outcome for load in (*result.loads, *later.loads) for outcome in load.outcomes]
    assert sum(outcome.rows_duplicate for outcome in outcomes) > 0, "the overlap was read twice and counted once"
