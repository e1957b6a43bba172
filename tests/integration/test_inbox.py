"""The HTTP inbox: who may push, what is answered, and that an answer means the bytes are safe."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from core.clock import FixedClock, random_id
from core.errors import ConfigurationError, ConflictError, InputRefusedError
from core.settings import Settings
from core.store import migrate, open_store, reading
from inbox import add_key, list_keys, make_inbox, revoke_keys, rotate_key
from inbox.arrivals import Arrival, Arrivals
from inbox.keys import seal_of
from inbox.tables import inbox_deliveries, inbox_keys
from ingestion.redaction import MARK
from pipeline.inbox import DeadLetter, bury
from tests.contract.sites import profile_with
from tests.support.documents import SECRET, cxml, cxml_order
from tests.support.inbox import SEAL, TestClient, running_inbox, signed
from tests.support.loading import loading

pytestmark = pytest.mark.integration
BODY = '{"order": "A1", "line": "1", "customer": "C1", "date": "2026-05-01", "sku": "S1", "qty": 2, "net": "10.00"}'


@dataclass
class Site:
    """A running application, its clock and store."""

    client: TestClient
    settings: Settings
    store: Engine
    clock: FixedClock
    secret: str

    def push(self, message: str, body: str = BODY, source: str = "partner", secret: str | None = None, **headers: str) -> Any:
        """Push a signed message; further headers replace those that were signed."""
        given = signed(secret or self.secret, message, body, self.clock.moment) | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        return self.client.post(f"/inbox/{source}", content=body.encode(), headers=given)

    def files(self) -> list[Path]:
        """What has arrived, in order."""
        return sorted((self.settings.inbox_dir / "partner").glob("*"))


@pytest.fixture
def site(tmp_path: Path, store: Engine, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An inbox with one key, on each database."""
    monkeypatch.setattr("inbox.app.SECRETS_SECONDS", 0.0)
    settings = Settings(home=tmp_path / "home", inbox_key=SecretStr(SEAL), inbox_body_mib=1)
    seal = seal_of(settings.inbox_key)
    secret = add_key(store, "partner", seal, clock, random_id)
    with TestClient(make_inbox(settings, store, seal, clock)) as client:
        yield Site(client, settings, store, clock, secret)


def test_a_signed_message_lies_in_the_folder_when_it_is_answered(site: Site) -> None:
    answer = site.push("msg_1")
    assert answer.status_code == 202
    assert answer.json()["status"] == "accepted"
    (path,) = site.files()
    assert path.read_text() == BODY
    assert path.suffix == ".json"
    with reading(site.store) as connection:
        row = connection.execute(select(inbox_deliveries)).one()
    assert (row.source_id, row.webhook_id, row.file_name, row.size_bytes) == ("partner", "msg_1", path.name, len(BODY))


def test_the_same_message_again_is_answered_alike_and_arrives_once(site: Site) -> None:
    first, second = site.push("msg_1"), site.push("msg_1")
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert len(site.files()) == 1


def test_an_id_used_for_another_body_is_refused(site: Site) -> None:
    site.push("msg_1")
    answer = site.push("msg_1", BODY.replace("A1", "A2"))
    assert (answer.status_code, answer.json()["code"]) == (422, "ING-422")
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(site.files()) == 1


def test_a_shared_secret_is_signed_and_known_again_but_never_kept(site: Site) -> None:
    body = cxml(cxml_order()).decode()
    assert SECRET in body
    first, second = (site.push("msg_1", body, content_type="text/xml") for _ in range(2))
    assert (first.status_code, first.json()["sha256"]) == (202, hashlib.sha256(body.encode()).hexdigest())
    assert first.content == second.content
    assert site.push("msg_1", body.replace(SECRET, "another-secret-1")).json()["code"] == "ING-422", (
        "another secret is another body"
    )
    assert site.push("msg_2", body, webhook_signature="v1,AAAA").status_code == 401
    (path,) = site.files()
    assert path.read_text() == body.replace(SECRET, MARK)
    home = site.settings.root
    kept = [file for file in home.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
    assert (kept, list((site.settings.inbox_dir / ".incoming").glob("*.tmp"))) == ([], [])
    letter = DeadLetter("letter", "partner", "order.xml", "", "orders", 3, "broken", "2026-05-01T00:00:00+00:00")
    delivered = site.settings.inbox_dir / "partner" / "order.xml"
    delivered.write_text(body)
    assert SECRET not in (bury(site.settings, letter, delivered) / "order.xml").read_text()
    assert not delivered.exists()


def test_many_at_once_with_the_same_id_arrive_once(site: Site) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(site.push("msg_1").status_code)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [202] * 10
    assert len(site.files()) == 1


def test_unknown_sources_bad_signatures_and_old_messages_answer_alike(site: Site) -> None:
    foreign = "whsec_" + "QUFB" * 11
    late = signed(site.secret, "msg_1", BODY, site.clock.moment - timedelta(seconds=301))
    early = signed(site.secret, "msg_1", BODY, site.clock.moment + timedelta(seconds=301))
    answers = [
        site.push("msg_1", source="nobody"), site.push("msg_1", secret=foreign), site.push("msg_1", source="Not%20A%20Source"),
        site.client.post("/inbox/partner", content=BODY, headers=late), site.client.post("/inbox/partner", content=BODY, headers=early),
        site.client.post("/inbox/partner", content=BODY + " ", headers=signed(site.secret, "msg_1", BODY, site.clock.moment)),
        site.push("msg_1", webhook_id="msg_2"), site.push("msg_1", webhook_signature="v1,not base64"),
        site.push("msg_1", webhook_signature="v2,AAAA"), site.push("msg_1", webhook_timestamp="soon"),
    ]  # fmt: skip
    assert {answer.status_code for answer in answers} == {401}
    assert len({(answer.content, tuple(sorted(answer.headers.items()))) for answer in answers}) == 1
    assert not site.files()


@pytest.mark.parametrize("headers", [
    {"webhook_id": "../../etc/passwd"}, {"webhook_id": "a b"}, {"webhook_id": "x" * 129}, {"webhook_id": ""},
    {"webhook_signature": ""}, {"webhook_timestamp": ""},
])  # fmt: skip
def test_headers_that_cannot_be_are_refused_before_anything_is_looked_up(site: Site, headers: dict[str, str]) -> None:
    answer = site.push("msg_1", **headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "ING-424")


def test_a_body_has_a_size_limit_whoever_sends_it(site: Site) -> None:
    large = json.dumps({"order": "x" * (1 << 20)})
    for source in ("partner", "nobody"):
        assert site.push("msg_1", large, source=source).status_code == 413
    chunks = iter([large.encode()[:600_000], large.encode()[600_000:]])
    headers = signed(site.secret, "msg_1", large, site.clock.moment)
    assert site.client.post("/inbox/partner", content=chunks, headers=headers).status_code == 413
    assert not site.files()


def test_edi_in_latin_1_is_taken_as_it_is(site: Site) -> None:
    import base64
    import hashlib
    import hmac

    body = "UNB+UNOC:3+Bäcker'".encode("latin-1")
    stamp = str(int(site.clock.moment.timestamp()))
    key = base64.b64decode(site.secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key, b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256).digest()).decode()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
        "content-type": "application/edifact",
    }
    assert site.client.post("/inbox/partner", content=body, headers=headers).status_code == 202
    (path,) = site.files()
    assert (path.suffix, path.read_bytes()) == (".edi", body)


def test_two_secrets_work_during_a_rotation_and_a_revoked_one_never(site: Site) -> None:
    seal = seal_of(site.settings.inbox_key)
    new = rotate_key(site.store, "partner", seal, site.clock, random_id, grace_hours=1)
    assert site.push("msg_1").status_code == 202
    assert site.push("msg_2", secret=new).status_code == 202
    assert sorted(key.state for key in list_keys(site.store, site.clock)) == ["active", "expiring"]
    site.clock.moment += timedelta(hours=1)
    assert site.push("msg_3").status_code == 401
    assert site.push("msg_4", secret=new).status_code == 202
    assert revoke_keys(site.store, "partner", site.clock) == 2
    assert site.push("msg_5", secret=new).status_code == 401
    assert {key.state for key in list_keys(site.store, site.clock)} == {"revoked"}


def test_a_second_rotation_ends_the_oldest_secret_at_once(site: Site) -> None:
    seal = seal_of(site.settings.inbox_key)
    second = rotate_key(site.store, "partner", seal, site.clock, random_id)
    site.clock.moment += timedelta(minutes=1)
    third = rotate_key(site.store, "partner", seal, site.clock, random_id)
    assert [site.push(f"msg_{n}", secret=s).status_code for n, s in enumerate((site.secret, second, third))] == [401, 202, 202]


def test_secrets_are_sealed_in_the_store_and_need_the_key(site: Site, clock: FixedClock) -> None:
    with reading(site.store) as connection:
        kept = " ".join(str(row) for row in connection.execute(select(inbox_keys)))
    assert site.secret.removeprefix("whsec_") not in kept
    for wrong in (None, SecretStr("short")):
        with pytest.raises(ConfigurationError) as caught:
            seal_of(wrong)
        assert caught.value.code == "ING-420"
    with pytest.raises(InputRefusedError) as again:
        add_key(site.store, "partner", seal_of(site.settings.inbox_key), clock, random_id)
    assert again.value.code == "ING-427"
    with pytest.raises(InputRefusedError):
        rotate_key(site.store, "nobody", seal_of(site.settings.inbox_key), clock, random_id)


def test_what_cannot_be_stored_is_not_answered_as_taken(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("inbox.arrivals._write", full)
        answer = site.push("msg_1")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "ING-425", "5")
    assert not site.files()
    assert site.push("msg_1").status_code == 202
    assert len(site.files()) == 1


def test_a_message_recorded_by_a_process_that_died_comes_to_its_place(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded and not yet visible: the next process shows it; a retry of the partner is the same message."""

    def dies(*_: object) -> None:
        raise OSError("the process dies here")

    with monkeypatch.context() as patched:
        patched.setattr(Arrivals, "_reveal", dies)
        assert site.push("msg_1").status_code == 503
    hidden = site.settings.inbox_dir / ".incoming"
    (hidden / "never-recorded.json.tmp").write_text("x")
    next_one = Arrivals(site.settings.inbox_dir, site.store, site.clock)
    next_one._recover()
    assert [path.read_text() for path in site.files()] == [BODY]
    assert not list(hidden.glob("*.tmp"))
    assert site.push("msg_1").status_code == 202
    assert len(site.files()) == 1


def test_one_process_serves_an_inbox(site: Site) -> None:
    other = Arrivals(site.settings.inbox_dir, site.store, site.clock)
    with pytest.raises(ConflictError) as caught:
        other.start()
    assert caught.value.code == "ING-426"


def test_arrivals_keep_their_order_when_the_clock_jumps_back(site: Site) -> None:
    site.push("msg_9")
    site.clock.moment -= timedelta(seconds=200)
    site.push("msg_1")
    assert [path.name.split("-")[1] for path in site.files()] == ["msg_9.json", "msg_1.json"]


def test_the_body_is_in_no_repr() -> None:
    assert "hunter2" not in repr(Arrival("s", "m", b"hunter2", ".json"))


def test_pushed_messages_are_loaded_once_and_cleared_away(site: Site, tmp_path: Path) -> None:
    profile = profile_with({"kind": "inbox"}, files="*.json", format="jsonl")
    for number in range(7):
        site.push(f"msg_{number}", BODY.replace("A1", f"A{number}"))
    with loading(tmp_path / "warehouse") as warehouse:
        warehouse.settings = site.settings
        report = warehouse.pull(profile)
        assert [(o.status, o.rows_accepted) for o in report.outcomes] == [("loaded", 7)]
        assert not site.files()
        site.push("msg_3", BODY.replace("A1", "A3"))
        assert not site.files(), "a message that was loaded and removed is still known by its id"
        site.push("msg_7", BODY.replace("A1", "A7"))
        warehouse.pull(profile)
        assert warehouse.lines() == 8
        assert warehouse.rows("select count(*) from raw.cursors") == [(1,)]


def test_nothing_answered_is_lost_by_kill_9_and_retries_double_nothing(tmp_path: Path) -> None:
    import httpx

    home = tmp_path / "home"
    store = open_store(Settings(home=home).resolved_store_url())
    migrate(store)
    from core.clock import SystemClock

    secret = add_key(store, "partner", seal_of(SecretStr(SEAL)), SystemClock(), random_id)
    store.dispose()
    answered: set[str] = set()

    def push(client: httpx.Client, name: str) -> None:
        body = BODY.replace("A1", name)
        answer = client.post("/inbox/partner", content=body, headers=signed(secret, name, body))
        if answer.status_code == 202:
            answered.add(name)

    def push_until_it_dies(address: str, worker: int) -> None:
        with httpx.Client(base_url=address, timeout=10) as client:
            for number in range(500):
                try:
                    push(client, f"w{worker}_{number}")
                except httpx.HTTPError:
                    return

    with running_inbox(home) as running:
        threads = [threading.Thread(target=push_until_it_dies, args=(running.address, worker)) for worker in range(4)]
        for thread in threads:
            thread.start()
        while len(answered) < 40:
            threads[0].join(0.02)
        running.kill()
        for thread in threads:
            thread.join()
    before = set(answered)
    with running_inbox(home) as running, httpx.Client(base_url=running.address, timeout=10) as client:
        for name in sorted(before):
            push(client, name)
    arrived = [path.name.split("-", 1)[1].removesuffix(".json") for path in (home / "inbox" / "partner").glob("*.json")]
    assert len(before) >= 40
    assert before <= set(arrived)
    assert len(arrived) == len(set(arrived))
