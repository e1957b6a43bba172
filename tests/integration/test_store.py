"""The store's schema and its durability."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from datetime import date
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, inspect

from core.clock import FixedClock, SystemClock
from core.errors import ConflictError, RetriableError
from core.store import metadata, migrate, open_store, reading, writing
from loyalty import EvaluatedDocument, Redemption, load_programme, post_awards, redeem, verify
from loyalty.posting import posted_points
from tests.conftest import NOW

pytestmark = pytest.mark.integration
PROGRAMME = load_programme("demo")


def documents(first: int, count: int) -> list[EvaluatedDocument]:
    """Documents worth ten points each, for member 7."""
    rule = PROGRAMME.rules[0]
    return [
        EvaluatedDocument(f"{PROGRAMME.programme_id}|{n}", "s", str(n), rule, date(2026, 6, 1), ((7, 10),), "{}")
        for n in range(first, first + count)
    ]


def test_migrations_make_the_tables_that_the_code_names(store: Engine) -> None:
    import inbox.tables  # noqa: F401
    import ingestion.intake.tables  # noqa: F401
    import loyalty.programme_tables  # noqa: F401
    import portal.tables  # noqa: F401

    found = inspect(store)
    assert set(metadata.tables) == set(found.get_table_names()) - {"alembic_version"}
    for name, table in metadata.tables.items():
        columns = {column["name"]: bool(column["nullable"]) for column in found.get_columns(name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}, name
        keys = set(found.get_pk_constraint(name)["constrained_columns"])
        assert keys == {column.name for column in table.primary_key.columns}, name
        unique = {tuple(sorted(u["column_names"])) for u in found.get_unique_constraints(name)}
        unique |= {tuple(sorted(str(c) for c in i["column_names"])) for i in found.get_indexes(name) if i["unique"]}
        wanted = {tuple(sorted(c.name for c in u.columns)) for u in table.constraints if type(u).__name__ == "UniqueConstraint"}
        wanted |= {(column.name,) for column in table.columns if column.unique}
        assert wanted <= unique, name


def test_migrating_at_once_and_again_does_no_harm(store_url: str) -> None:
    engines = [open_store(store_url) for _ in range(4)]
    errors: list[Exception] = []

    def work(engine: Engine) -> None:
        try:
            migrate(engine)
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for engine in engines:
        engine.dispose()


def test_a_new_file_can_be_opened_by_many_at_the_same_moment(tmp_path: Path) -> None:
    errors: list[Exception] = []

    def opens(url: str, start: threading.Barrier) -> None:
        start.wait()
        try:
            with writing(open_store(url)) as connection:
                connection.exec_driver_sql("create table if not exists opened (at text)")
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    for round_no in range(100):  # the switch to the write-ahead log collides in about one round of ten
        start = threading.Barrier(6)
        threads = [threading.Thread(target=opens, args=(f"sqlite:///{tmp_path}/{round_no}.sqlite", start)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []


def _post_for_ever(url: str, acknowledged: str) -> None:
    store = open_store(url)
    with Path(acknowledged).open("a", encoding="ascii") as done:
        for batch in range(10_000):
            post_awards(store, PROGRAMME, documents(batch * 20, 20), SystemClock())
            done.write(f"{batch}\n")
            done.flush()
            os.fsync(done.fileno())


def test_a_killed_posting_loses_nothing_acknowledged_and_leaves_no_half(store: Engine, store_url: str, tmp_path: Path) -> None:
    """kill -9 at random moments: what was acknowledged is there, whole batches only, and a replay adds nothing twice."""
    context, random = multiprocessing.get_context("spawn"), Random(5)
    acknowledged = tmp_path / "acknowledged"
    acknowledged.touch()
    for _ in range(3):
        process = context.Process(target=_post_for_ever, args=(store_url, str(acknowledged)))
        before = acknowledged.stat().st_size
        process.start()
        while acknowledged.stat().st_size <= before + 4 and process.is_alive():
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.1))
        os.kill(int(process.pid or 0), signal.SIGKILL)
        process.join()
        batches = {int(line) for line in acknowledged.read_text().split()}
        with reading(store) as connection:
            posted = posted_points(connection, PROGRAMME.programme_id)
        causes = {int(cause.split("|")[1]) for cause, *_ in posted}
        assert {n for batch in batches for n in range(batch * 20, batch * 20 + 20)} <= causes
        assert len(causes) % 20 == 0
        assert set(posted.values()) == {(10, 10)}
        assert verify(store).findings == ()
    total = len(causes)
    assert post_awards(store, PROGRAMME, documents(0, total), FixedClock(NOW)).awards == 0


def _spend(url: str, key: str, results: object) -> None:
    store = open_store(url)
    try:
        redeem(store, PROGRAMME, Redemption(key, 7, 10, "test"), FixedClock(NOW))
        outcome = "spent"
    except ConflictError as error:
        outcome = error.code
    except RetriableError as error:
        outcome = error.code
    results.put(outcome)  # type: ignore[attr-defined]
    store.dispose()


def test_processes_spend_only_what_is_there(store: Engine, store_url: str) -> None:
    """Twenty processes want ten points each of a hundred."""
    post_awards(store, PROGRAMME, documents(0, 10), FixedClock(NOW))
    # forked from a clean server: a child of this process would inherit engines whose threads do not live in it
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    results = context.Queue()
    store.dispose()
    processes = [context.Process(target=_spend, args=(store_url, f"k{n}", results)) for n in range(20)]
    for process in processes:
        process.start()
    outcomes = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(outcomes) == ["LOY-202"] * 10 + ["spent"] * 10
    assert verify(store).findings == ()


def test_an_unreachable_store_is_an_error_of_the_family() -> None:
    store = open_store("postgresql+psycopg://me:s3cret@127.0.0.1:9/none?connect_timeout=2")
    with pytest.raises(RetriableError) as refused:
        migrate(store)
    assert refused.value.code == "STO-101"
    assert "s3cret" not in str(refused.value)
