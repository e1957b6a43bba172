"""Orders and ledger are held together both ways by dbt tests that run before every publish: a book that is broken either way is not published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import FixedClock, random_id
from core.errors import ConfigurationError, IntegrityError
from core.warehouse.owner import own_warehouse
from core.warehouse.pointer import current_generation
from loyalty import active_programmes
from pipeline import Delivery, Pipeline, Reporting
from tests.conftest import NOW
from tests.support.lookalikes import TRADES, Lookalikes, build_lookalikes, write_delivery

pytestmark = pytest.mark.integration

AWARD = "kind = 'award' and cause is not null and currency = 'points'"
FALSE_AWARD = f"""insert into raw.ledger_transfers select * replace (900001 as transfer_id, replace(cause, '|units|', '|units|x') as cause)
    from raw.ledger_transfers where transfer_id = (select min(transfer_id) from raw.ledger_transfers where {AWARD})"""
TWICE = FALSE_AWARD.replace("replace(cause, '|units|', '|units|x')", "cause")
BROKEN = {
    "a line without its award": (f"delete from raw.ledger_transfers where {AWARD}", "every_worth_is_in_the_ledger_once"),
    "a line that is awarded twice": (TWICE, "every_worth_is_in_the_ledger_once"),
    "a return without its reversal": ("update raw.awarded_worth set points = points - 1", "every_worth_is_in_the_ledger_once"),
    "an award without a source": (FALSE_AWARD, "every_award_has_a_source_that_is_worth_it"),
    "a line that nobody looked at": ("delete from raw.awarded_documents", "every_confirmed_line_was_looked_at"),
}


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lookalikes]:
    """Two channels, published once."""
    instance = build_lookalikes(Path(tmp_path_factory.mktemp("books")), TRADES, FixedClock(NOW))
    yield instance
    instance.serving.close()


@pytest.fixture(scope="module")
def pipeline(channel: Lookalikes) -> Pipeline:
    """One that stays warm."""
    return Pipeline(channel.settings, FixedClock(NOW), random_id, active_programmes(channel.settings.root))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_book_fails_its_test(channel: Lookalikes, pipeline: Pipeline, name: str) -> None:
    """The copies are put back afterwards."""
    statement, test = BROKEN[name]
    kept = ("ledger_transfers", "awarded_worth", "awarded_documents")
    with own_warehouse(channel.settings) as connection:
        pipeline.transformer.check_books()
        for table in kept:
            connection.execute(f"create or replace table raw.kept_{table} as select * from raw.{table}")
        try:
            connection.execute(statement)
            with pytest.raises(IntegrityError) as failed:
                pipeline.transformer.check_books()
        finally:
            for table in kept:
                connection.execute(f"delete from raw.{table}")
                connection.execute(f"insert into raw.{table} select * from raw.kept_{table}")
                connection.execute(f"drop table raw.kept_{table}")
    assert failed.value.code == "WH-303"
    assert test in failed.value.detail.found


def test_nothing_is_published_over_a_broken_book_until_it_is_mended(
    channel: Lookalikes, pipeline: Pipeline, tmp_path: Path
) -> None:
    """A run that brings news fails, and so does the one after it, although its points marts are built already."""
    before = current_generation(channel.settings.warehouse_dir)
    with own_warehouse(channel.settings) as connection:
        connection.execute(FALSE_AWARD)
    profile = write_delivery(tmp_path / "more", TRADES)
    for file in (tmp_path / "more").glob("support_requests*"):
        file.write_text(file.read_text().replace("resolved", "closed").replace("open", "closed"))
    for _ in range(2):
        with pytest.raises(IntegrityError) as failed:
            pipeline.run([Delivery(profile, tmp_path / "more")], Reporting(step=lambda _: None), data_docs=False)
        assert failed.value.code == "WH-303"
        assert current_generation(channel.settings.warehouse_dir) == before
    with own_warehouse(channel.settings) as connection:
        connection.execute("delete from raw.ledger_transfers where transfer_id = 900001")
    result = pipeline.run([Delivery(profile, tmp_path / "more")], Reporting(step=lambda _: None), data_docs=False)
    assert result.published


def test_a_programme_whose_file_is_gone_is_named_and_what_was_published_stays(channel: Lookalikes, pipeline: Pipeline) -> None:
    """What members have in it stays owed, so no run may leave it out."""
    before = current_generation(channel.settings.warehouse_dir)
    names = [one.programme_id for one in active_programmes(channel.settings.root)]
    left = Pipeline(channel.settings, FixedClock(NOW), random_id, active_programmes(channel.settings.root)[1:])
    with pytest.raises(ConfigurationError) as failed:
        left.run([], Reporting(step=lambda _: None), data_docs=False)
    assert failed.value.code == "LOY-104"
    assert names[0] in failed.value.detail.found
    assert current_generation(channel.settings.warehouse_dir) == before
    pipeline.run([], Reporting(step=lambda _: None), data_docs=False)
