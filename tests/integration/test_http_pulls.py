"""HTTP pulls that go wrong in every way the list of faults names: 21 (down, 429, 500, slow drip, expired token) and 22 (pages that shift)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigurationError, DreiklangError, RetriableError
from ingestion.connectors.http import HttpTransport
from ingestion.connectors.model import Item, Pull
from ingestion.profiles import Profile
from tests.contract.sites import profile_with
from tests.support.http_server import Answered, Asked, LoopbackServer
from tests.support.loading import loading

pytestmark = pytest.mark.integration
BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
Answer = Callable[[Asked], Answered]


class Api:
    """A server whose answers a test writes, and the waits that were asked of us."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.waits: list[float] = []
        self.answer: Answer = lambda _: Answered(200, b"[]")
        self.server = LoopbackServer(lambda asked: self.answer(asked))

    def profile(self, resource: dict[str, Any] | None = None, **options: Any) -> Profile:
        """One resource, asked without mercy."""
        transport = {
            "kind": "http", "url_variable": "API_URL", "requests_per_minute": 1_000_000, "timeout_seconds": 0.4, "attempts": 3,
            "resources": [{"name": "lines", "path": "/lines", **(resource or {})}], **options,
        }  # fmt: skip
        return profile_with(transport, files="lines-*.json", format="json")

    def fetch(self, profile: Profile, since: dict[str, str] | None = None) -> list[Item]:
        """The items of a pull."""
        assert profile.transport is not None
        transport = HttpTransport(profile.transport, self.waits.append)  # type: ignore[arg-type]
        pull = Pull(
            profile, None, self.work, self.work, since or {}, {"API_URL": self.server.url, "KEY": "hunter2", "ID": "client"}
        )
        return list(transport.fetch(pull))


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """A server, stopped at the end."""
    made = Api(tmp_path)
    yield made
    made.server.stop()


def sequence(*answers: Answered) -> Answer:
    """One answer after another, the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


GOOD = Answered(200, b'[{"order": "A1"}]')


def test_retry_after_is_honoured_in_both_forms(api: Api) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    api.answer = sequence(Answered(429, b"", {"Retry-After": "7"}), Answered(503, b"", {"Retry-After": later}), GOOD)
    assert len(api.fetch(api.profile())) == 1
    assert api.waits[0] >= 7
    assert 35 < api.waits[1] < 45


def test_back_off_grows_and_has_an_end(api: Api) -> None:
    api.answer = lambda _: Answered(500)
    with pytest.raises(RetriableError) as caught:
        api.fetch(api.profile(attempts=5))
    assert caught.value.code == "ING-403"
    assert len(api.server.asked) == 5
    assert len(api.waits) == 4
    assert all(0.25 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(api.waits))


def test_a_wait_that_is_too_long_ends_the_pull(api: Api) -> None:
    api.answer = lambda _: Answered(429, b"", {"Retry-After": "3600"})
    with pytest.raises(RetriableError) as caught:
        api.fetch(api.profile())
    assert caught.value.code == "ING-404"
    assert len(api.server.asked) == 1


def test_an_answer_that_drips_is_given_up(api: Api) -> None:
    api.answer = lambda _: Answered(200, b"[" + b" " * 500 + b"]", {}, dribble=0.02)
    with pytest.raises(RetriableError) as caught:
        api.fetch(api.profile(total_seconds=0.3, attempts=2))
    assert "not whole after" in str(caught.value)


def test_an_answer_has_a_size_limit(api: Api) -> None:
    api.answer = lambda _: Answered(200, b"[" + b" " * (2 << 20) + b"]")
    with pytest.raises(ConfigurationError) as caught:
        api.fetch(api.profile(body_mib_max=1))
    assert caught.value.code == "ING-407"


def test_a_half_answer_is_tried_again_with_the_next_run(api: Api) -> None:
    api.answer = lambda _: Answered(200, b'[{"order": "A')
    with pytest.raises(RetriableError):
        api.fetch(api.profile())


@pytest.mark.parametrize(("answer", "code"), [
    (Answered(302, b"", {"Location": "http://elsewhere.test/"}), "ING-406"), (Answered(404), "ING-406"), (Answered(400), "ING-406"),
    (Answered(403), "ING-405"), (Answered(401), "ING-405"), (Answered(200, b'{"rows": []}'), "ING-406"),
])  # fmt: skip
def test_what_trying_again_does_not_mend_is_not_tried_again(api: Api, answer: Answered, code: str) -> None:
    api.answer = lambda _: answer
    with pytest.raises(ConfigurationError) as caught:
        api.fetch(api.profile())
    assert caught.value.code == code
    assert len(api.server.asked) == 1


@pytest.mark.parametrize("link", ["http://127.0.0.1:1/lines", "//evil.test/lines", "https://127.0.0.1/lines"])
def test_credentials_follow_no_link_to_another_host(api: Api, link: str) -> None:
    api.answer = lambda _: Answered(200, GOOD.body, {"Link": f'<{link}>; rel="next"'})
    with pytest.raises(ConfigurationError) as caught:
        api.fetch(api.profile({"paging": {"style": "link"}}, auth={"kind": "key", "key_variable": "KEY"}))
    assert caught.value.code == "ING-406"
    assert "hunter2" not in str(caught.value)


def test_link_headers_are_followed_to_the_end(api: Api) -> None:
    def answer(asked: Asked) -> Answered:
        page = int(asked.query.get("page", "1"))
        link = {"Link": f'</lines?page={page + 1}>; rel="next", </lines?page=1>; rel="first"'} if page < 4 else {}
        return Answered(200, json.dumps([{"order": page}]).encode(), link)

    api.answer = answer
    assert [json.loads(item.path.read_bytes())[0]["order"] for item in api.fetch(api.profile({"paging": {"style": "link"}}))] == [
        1,
        2,
        3,
        4,
    ]


def test_paging_without_an_end_is_noticed(api: Api) -> None:
    api.answer = lambda asked: Answered(200, GOOD.body, {"Link": f'</lines?n={len(api.server.asked)}>; rel="next"'})
    with pytest.raises(ConfigurationError) as caught:
        api.fetch(api.profile({"paging": {"style": "link"}}, pages_max=20))
    assert caught.value.code == "ING-406"


def test_an_unchanged_answer_is_not_sent_again(api: Api) -> None:
    def answer(asked: Asked) -> Answered:
        if (
            asked.headers.get("if-none-match") == '"v1"'
            and asked.headers.get("if-modified-since") == "Mon, 01 Jun 2026 00:00:00 GMT"
        ):
            return Answered(304)
        return Answered(200, GOOD.body, {"ETag": '"v1"', "Last-Modified": "Mon, 01 Jun 2026 00:00:00 GMT"})

    api.answer = answer
    (item,) = api.fetch(api.profile())
    assert api.fetch(api.profile(), dict(item.cursors)) == []


def test_a_token_that_expires_in_the_middle_is_renewed_once(api: Api) -> None:
    tokens: list[str] = []

    def answer(asked: Asked) -> Answered:
        if asked.path == "/token":
            tokens.append(f"t{len(tokens)}")
            return Answered(200, json.dumps({"access_token": tokens[-1], "expires_in": 3600}).encode())
        page = int(asked.query["page"])
        if asked.headers["authorization"] == "Bearer t0" and page > 2:
            return Answered(401)
        return Answered(200, json.dumps([{"order": page}] if page < 5 else []).encode())

    api.answer = answer
    auth = {"kind": "oauth2", "token_path": "/token", "client_id_variable": "ID", "client_secret_variable": "KEY"}
    items = api.fetch(api.profile({"paging": {"style": "page", "size": 1}}, auth=auth))
    assert len(items) == 4
    assert tokens == ["t0", "t1"]
    api.answer = lambda asked: Answered(401) if asked.path != "/token" else answer(asked)
    with pytest.raises(ConfigurationError) as caught:
        api.fetch(api.profile({"paging": {"style": "page", "size": 1}}, auth=auth))
    assert caught.value.code == "ING-405"
    assert len(tokens) == 4, "one fresh token, not one after another"


def test_requests_keep_their_distance(api: Api) -> None:
    api.answer = lambda asked: Answered(200, json.dumps([{"order": 1}] if int(asked.query["page"]) < 5 else []).encode())
    api.fetch(api.profile({"paging": {"style": "page", "size": 1}}, requests_per_minute=60))
    assert sum(api.waits) > 3 * 0.9


class Shifting:
    """Tickets in the order of change, of which one changes between any two questions: whoever counts pages misses one each time."""

    def __init__(self, count: int, size: int) -> None:
        self.size = size
        self.lines = [
            {"order": f"N{number}", "changed": (BEGIN + timedelta(minutes=number)).isoformat()} for number in range(count)
        ]
        self.moves = 0

    def answer(self, asked: Asked) -> Answered:
        """A page; then a line of the first ones changes and moves to the end."""
        since = datetime.fromisoformat(asked.query["since"])
        found = sorted(
            (line for line in self.lines if datetime.fromisoformat(line["changed"]) >= since), key=lambda line: line["changed"]
        )
        first = int(asked.query["offset"]) if "offset" in asked.query else (int(asked.query["page"]) - 1) * self.size
        body = json.dumps(found[first : first + self.size]).encode()
        if self.moves < 12:
            line = self.lines[self.moves * 3]
            line["changed"] = (BEGIN + timedelta(days=1, minutes=self.moves)).isoformat()
            self.moves += 1
        return Answered(200, body)


@pytest.mark.parametrize("style", ["page", "offset"])
def test_pages_that_shift_during_a_pull_lose_nothing(api: Api, style: str) -> None:
    shifting = Shifting(60, 5)
    api.answer = shifting.answer
    paging = {"style": style, "size": 5} | ({"size_param": "limit", "overlap": 2} if style == "offset" else {})
    items = api.fetch(api.profile({"params": {"since": "{since}"}, "paging": paging, "since": {"column": "changed"}}))
    seen = {line["order"] for item in items for line in json.loads(item.path.read_bytes())}
    assert shifting.moves == 12
    assert seen == {f"N{number}" for number in range(60)}


def test_offsets_without_a_time_overlap_what_moves_up(api: Api) -> None:
    lines = [{"order": number} for number in range(40)]

    def answer(asked: Asked) -> Answered:
        first, size = int(asked.query["offset"]), int(asked.query["limit"])
        found = lines[first : first + size]
        if len(lines) > 30:
            lines.pop(0)
        return Answered(200, json.dumps(found).encode())

    api.answer = answer
    items = api.fetch(api.profile({"paging": {"style": "offset", "size": 10, "overlap": 3}}))
    assert {line["order"] for item in items for line in json.loads(item.path.read_bytes())} == set(range(40))


def test_a_pull_that_breaks_goes_on_behind_what_came(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 21: what came is loaded with its cursor, and the next pull asks from there."""
    monkeypatch.setenv("API_URL", api.server.url)
    lines = [
        {"order": f"N{n}", "line": "1", "customer": "C", "date": "2026-05-01", "sku": "S", "qty": 1, "net": "1.00",
         "changed": (BEGIN + timedelta(hours=n)).isoformat()} for n in range(20)
    ]  # fmt: skip
    down = True

    def answer(asked: Asked) -> Answered:
        found = [
            line for line in lines if datetime.fromisoformat(str(line["changed"])) >= datetime.fromisoformat(asked.query["since"])
        ]
        chosen = found[: int(asked.query["per_page"])]
        return Answered(500) if down and int(str(chosen[-1]["order"])[1:]) > 15 else Answered(200, json.dumps(chosen).encode())

    api.answer = answer
    resource = {
        "params": {"since": "{since}"},
        "paging": {"style": "page", "size": 5},
        "since": {"column": "changed", "overlap_seconds": 60},
    }
    profile = api.profile(resource, attempts=2, wait_seconds_max=0.01)
    with loading(tmp_path / "ours") as warehouse:
        with pytest.raises(RetriableError):
            warehouse.pull(profile)
        stored = warehouse.lines()
        assert 5 <= stored < 20
        down, asked_before = False, len(api.server.asked)
        warehouse.pull(profile)
        assert warehouse.lines() == 20
        first = datetime.fromisoformat(api.server.asked[asked_before].query["since"])
        assert first >= BEGIN + timedelta(hours=stored - 1, minutes=-2), "it does not begin anew"


@pytest.mark.parametrize("resource", [
    {"params": {"since": "{since}"}}, {"since": {"column": "changed"}}, {"ending": ".csv", "paging": {"style": "page"}},
    {"paging": {"style": "offset", "size": 5, "overlap": 5}}, {"params": {"s": "{since}"}, "since": {"column": "a", "answer": "b"}},
])  # fmt: skip
def test_resources_that_cannot_work_are_refused_with_the_profile(api: Api, resource: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"since|overlap|JSON|column"):
        api.profile(resource)


def test_errors_of_the_family_come_out_of_every_broken_address(api: Api) -> None:
    for url in ("no address", "ftp://host/", "http://"):
        profile = api.profile()
        assert profile.transport is not None
        pull = Pull(profile, None, api.work, api.work, {}, {"API_URL": url})
        with pytest.raises(DreiklangError) as caught:
            list(HttpTransport(profile.transport, api.waits.append).fetch(pull))  # type: ignore[arg-type]
        assert caught.value.code == "ING-410"
