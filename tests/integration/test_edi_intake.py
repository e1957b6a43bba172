"""The books of inbound EDI: duplicates, control numbers, gaps, acknowledgements; the file read again is none of these."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.clock import FixedClock
from ingestion.documents.registry import format_of
from ingestion.profiles import Profile
from tests.support.loading import NOW, Loading, loading
from tests.support.messages import edifact, order, purchase_order, x12

pytestmark = pytest.mark.integration


def profile(kind: str, documents: dict[str, Any] | None = None) -> Profile:
    """Orders and their lines out of one format."""
    feeds = [
        {"feed": name, "files": "*", "format": kind, "columns": {"leg": {"const": "sell_through"}}}
        for name in ("orders", "order_lines")
    ]
    return Profile.model_validate({"source_id": "partner", "title": "P", "feeds": feeds, "documents": documents or {}})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Loading]:
    """A warehouse and a delivery folder."""
    with loading(tmp_path) as site:
        yield site


class Post:
    """A partner that sends interchanges in one format, and what comes back."""

    def __init__(self, site: Loading, kind: str) -> None:
        self.site, self.kind = site, kind
        self.outbox = site.settings.root / "outbox" / "partner"

    def send(self, name: str, *numbers: str, ref: int = 1, quantity: str = "5") -> None:
        """Put a file into the delivery: one message for each order number."""
        if self.kind == "edifact":
            text = edifact(*(order(number).replace("QTY+21:5", f"QTY+21:{quantity}") for number in numbers), ref=str(ref))
        else:
            text = x12(*(purchase_order(number, quantity=quantity) for number in numbers), ref=f"{ref:09d}")
        (self.site.folder / name).write_text(text)

    def load(self, **documents: str) -> None:
        """A run, some seconds after the last."""
        self.site.clock = FixedClock(self.site.clock.now() + timedelta(seconds=9))
        for outcome in self.site.load(profile(self.kind, documents)).outcomes:
            assert outcome.rows_read == outcome.rows_accepted + outcome.rows_quarantined + outcome.rows_duplicate

    def books(self) -> list[tuple[Any, ...]]:
        """Interchanges in the order they came."""
        return self.site.rows(
            "select control_ref::bigint, status, messages_accepted, messages_refused, messages_duplicate from raw.interchanges order by rowid"
        )

    def answers(self) -> list[str]:
        """The acknowledgements written, oldest first, each checked by our own parser."""
        texts = [path.read_text() for path in sorted(self.outbox.glob("*"))]
        for text in texts:
            parsed = format_of(self.kind).parse(text.encode(), {})
            assert parsed.all_findings() == (), text
            assert len(parsed.interchanges) == 1
            assert not parsed.interchanges[0].wants_ack
            sender = ("4000001000012", "4000001000005") if self.kind == "edifact" else ("RECEIVER", "SENDER")
            assert (parsed.interchanges[0].sender, parsed.interchanges[0].recipient) == sender
        return texts


@pytest.fixture(params=["edifact", "x12"])
def post(request: pytest.FixtureRequest, site: Loading) -> Post:
    """A partner, in each format."""
    return Post(site, str(request.param))


def test_what_is_good_is_accepted_and_answered_once(post: Post) -> None:
    post.send("a", "O1", "O2")
    post.load()
    post.load()
    assert post.books() == [(1, "accepted", 2, 0, 0)]
    (answer,) = post.answers()
    assert ("UCI+1+4000001000005:14+4000001000012:14+7'" if post.kind == "edifact" else "AK9*A*2*2*2~") in answer
    assert post.site.lines() == 2


def test_the_same_interchange_under_another_name_is_a_duplicate_and_answered_as_one(post: Post) -> None:
    post.send("a", "O1")
    post.load()
    (post.site.folder / "b").write_bytes((post.site.folder / "a").read_bytes())
    post.load()
    assert post.books() == [(1, "accepted", 1, 0, 0), (1, "duplicate", 0, 0, 1)]
    assert post.site.lines() == 1
    again = post.answers()[1]
    assert ("UCI+1+4000001000005:14+4000001000012:14+4+26'" if post.kind == "edifact" else "*R*025~") in again
    assert post.kind == "edifact" or "AK5*R*23~" in again


def test_the_same_message_in_other_wrapping_is_a_duplicate(post: Post) -> None:
    post.send("a", "O1", "O2")
    post.load()
    text = (post.site.folder / "a").read_text()
    (post.site.folder / "b").write_text(text.replace("\n", "\r\n  "))
    post.load()
    assert post.site.rows("select feed, rows_read, rows_duplicate from raw.batches where file_name = 'b' order by 1") == [
        ("order_lines", 2, 2), ("orders", 2, 2),
    ]  # fmt: skip
    assert post.books()[1] == (1, "duplicate", 0, 0, 2)
    assert post.site.rows("select status, count(*) from raw.messages group by 1 order by 1") == [
        ("accepted", 2),
        ("duplicate", 2),
    ]


def test_used_control_references_with_other_content_are_refused(post: Post) -> None:
    post.send("a", "O1", "O2")
    post.load()
    post.send("b", "O1", "O2", quantity="7")
    post.load()
    assert post.books() == [(1, "accepted", 2, 0, 0), (1, "refused", 0, 2, 0)]
    assert post.site.rows(
        "select distinct quarantine.error_code, rows_quarantined from raw.batches join raw.quarantine using (batch_no)"
    ) == [("EDI-121", 2)]
    assert post.site.rows("select sum(quantity)::integer from raw.order_lines") == [(10,)]
    answer = post.answers()[1]
    assert ("UCM+1+ORDERS:D:01B:UN+4+26'" if post.kind == "edifact" else "AK9*R*2*2*0~") in answer


def test_one_refused_message_is_named_in_the_answer(post: Post) -> None:
    post.send("a", "O1", "", "O3")
    post.load()
    assert post.books() == [(1, "partly", 2, 1, 0)]
    (answer,) = post.answers()
    expected = (
        ("7'\nUCM+2+ORDERS:D:01B:UN+4+13'", "UNT+4+1'") if post.kind == "edifact" else ("AK2*850*0002~\nAK5*R*5~", "AK9*P*3*3*2~")
    )
    assert all(part in answer for part in expected)
    assert post.site.rows("select message_no, error_code, place like 'segment %' from raw.document_findings where is_fatal") == [
        (2, "EDI-201", True)
    ]


def test_a_gap_in_the_numbers_is_an_alarm_and_numbers_that_come_late_are_none(post: Post) -> None:
    for name, ref in (("a", 1), ("b", 2), ("c", 5)):
        post.send(name, f"O{ref}", ref=ref)
        post.load()
    found = post.site.rows("select error_code, found from raw.document_findings")
    assert [code for code, _ in found] == ["EDI-122"]
    assert "2 interchanges" in found[0][1]
    post.send("d", "O3", ref=3)
    post.load()
    assert len(post.site.rows("select 1 from raw.document_findings")) == 1
    assert post.site.lines() == 4


def test_a_feed_that_joins_later_reads_the_file_as_if_for_the_first_time(post: Post) -> None:
    post.send("a", "O1")
    whole = profile(post.kind)
    post.site.load(whole.model_copy(update={"feeds": whole.feeds[:1]}))
    assert post.site.lines() == 0
    post.load()
    assert post.site.lines() == 1
    assert post.books() == [(1, "accepted", 1, 0, 0)]


def test_acknowledgements_may_be_switched_off_and_are_never_answered(post: Post) -> None:
    post.send("a", "O1")
    post.load(acknowledge="never")
    assert not post.outbox.exists()
    post.send("b", "O2", ref=2)
    post.load()
    (answer,) = sorted(post.outbox.glob("*"))
    (post.site.folder / "c").write_bytes(answer.read_bytes())
    post.load()
    assert len(post.answers()) == 1
    assert post.site.rows("select count(*) from raw.interchanges") == [(3,)]


def test_a_run_that_dies_before_it_is_settled_leaves_no_books_and_the_next_one_answers(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingestion.documents import intake

    post.send("a", "O1")
    with monkeypatch.context() as patched:
        patched.setattr(intake, "_put", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(OSError, match="disk full"):
            post.load()
    assert not post.books()
    post.load()
    assert post.books() == [(1, "accepted", 1, 0, 0)]
    assert [path.name[:9] for path in sorted(post.outbox.glob("*"))] == ["000000001"]
    assert post.site.lines() == 1


def test_one_interchange_twice_in_a_file(post: Post) -> None:
    post.send("a", "O1")
    path = post.site.folder / "a"
    path.write_text(path.read_text() * 2)
    post.load()
    assert post.books() == [(1, "accepted", 1, 0, 0), (1, "duplicate", 0, 0, 1)]
    assert post.site.rows("select rows_read, rows_accepted, rows_duplicate from raw.batches where feed = 'orders'") == [(2, 1, 1)]


def test_moments_are_ours(post: Post) -> None:
    post.send("a", "O1")
    post.load()
    assert f"{NOW:%y%m%d}" in post.answers()[0]
