"""Many processes on one ledger: exactly the right number succeed, on SQLite and PostgreSQL."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from core.errors import DreiklangError
from core.store import open_store, reading
from loyalty.domain.programme import Caps
from loyalty.posting import post_awards
from loyalty.redeeming import capture, release
from loyalty.tables import caps, journal
from tests.support.ledger_scene import Scene

pytestmark = pytest.mark.integration
CAPPED = {"caps": Caps(total=1_000)}


def _work(url: str, rule: dict[str, Any], act: str, number: int, start: Any, results: Any) -> None:
    """What one process does: wait for the others, act, and tell what came of it."""
    store = open_store(url)
    scene = Scene(store, **rule)
    start.wait()
    try:
        told = ACTS[act](scene, number)
    except DreiklangError as error:
        told = error.code
    except Exception as error:  # noqa: BLE001
        told = f"{type(error).__name__}: {error}"[:300]
    results.put(told)
    store.dispose()


def _each(scene: Scene, number: int) -> int:
    return scene.spend(10, f"k{number}") and 1


def _same_basket(scene: Scene, number: int) -> int:
    return scene.spend(10, "basket")


def _awards(scene: Scene, number: int) -> int:
    """100 documents, five in a transaction."""
    batches = [[scene.document(f"p{number}-{n}-{one}", 3) for one in range(5)] for n in range(20)]
    return sum(post_awards(scene.store, scene.programme, batch, scene.clock).points_awarded for batch in batches)


def _reverse_all(scene: Scene, number: int) -> int:
    return sum(scene.earn(f"d{n}", 0).reversals for n in range(500))


def _buyer(n: int) -> int:
    return 100 + n % 50


def _resolve(scene: Scene, number: int) -> str:
    act = capture if number % 2 else release
    return act(scene.store, scene.programme, "h2", scene.clock).status


ACTS: dict[str, Callable[[Scene, int], object]] = {
    "each": _each, "same basket": _same_basket, "awards": _awards, "reverse": _reverse_all, "resolve": _resolve,
}  # fmt: skip


def at_once(store: Engine, url: str, act: str, count: int, rule: dict[str, Any] | None = None) -> Counter[object]:
    """What `count` processes tell that start together. They come from a clean server: a fork of this process would inherit engines
    whose threads do not live in it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    store.dispose()
    start, results = context.Barrier(count), context.Queue()
    processes = [context.Process(target=_work, args=(url, rule or {}, act, number, start, results)) for number in range(count)]
    for process in processes:
        process.start()
    told = Counter(results.get(timeout=180) for _ in processes)
    for process in processes:
        process.join()
    return told


def test_50_processes_redeem_from_a_balance_of_100_and_10_succeed(store: Engine, store_url: str) -> None:
    scene = Scene(store)
    scene.earn("a", 60)
    scene.earn("b", 40)
    assert at_once(store, store_url, "each", 50) == {1: 10, "LOY-202": 40}
    assert scene.usable() == 0
    scene.adds_up()


def test_1000_parallel_awards_against_a_cap_give_exactly_the_cap(store: Engine, store_url: str) -> None:
    """10 processes award 100 times 3 points each against 1,000: the one that reaches it is cut to what is left."""
    scene = Scene(store, **CAPPED)
    told = at_once(store, store_url, "awards", 10, CAPPED)
    assert sum(int(str(points)) * times for points, times in told.items()) == scene.usable() == 1_000
    kinds = Counter(entry.kind for entry in scene.entries())
    assert kinds == {"award": 334, "no_award": 666}
    with reading(store) as connection:
        assert connection.execute(select(caps.c.points_used)).scalars().all() == [1_000]
    scene.adds_up()


def test_500_documents_each_reversed_twice_at_once_are_reversed_once(store: Engine, store_url: str) -> None:
    scene = Scene(store)
    from loyalty.posting import post_awards

    post_awards(store, scene.programme, [scene.document(f"d{n}", 2, member=_buyer(n)) for n in range(500)], scene.clock)
    scene.spend(15, member=100)
    told = at_once(store, store_url, "reverse", 2)
    assert sum(int(str(reversals)) * times for reversals, times in told.items()) == 500
    with reading(store) as connection:
        assert connection.execute(select(func.count()).where(journal.c.kind == "reversal")).scalar_one() == 500
    assert [(scene.usable(_buyer(n)), scene.sees(_buyer(n)).points_debt) for n in range(50)] == [(0, 15), *[(0, 0)] * 49]
    scene.adds_up()


def test_the_same_basket_from_ten_tabs_is_redeemed_once(store: Engine, store_url: str) -> None:
    scene = Scene(store)
    scene.earn("a", 100)
    told = at_once(store, store_url, "same basket", 10)
    assert [times for told_id, times in told.items() if isinstance(told_id, int)] == [10]
    assert (scene.usable(), len(scene.entries("redeem"))) == (90, 1)
    scene.adds_up()


def test_a_hold_that_many_resolve_at_once_is_resolved_once(store: Engine, store_url: str) -> None:
    scene = Scene(store)
    scene.earn("a", 100)
    next(scene._ids)
    assert scene.hold(40, "k").hold_id == "h2"
    told = at_once(store, store_url, "resolve", 8)
    won = "captured" if "captured" in told else "released"
    assert told == {won: 4, "LOY-203": 4}
    assert scene.usable() == (60 if won == "captured" else 100)
    scene.adds_up()
