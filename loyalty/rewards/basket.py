"""The basket: one for each person and programme, kept in the store, so that every window shows the same and none orders it twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock, Ids
from core.store import reading, writing
from loyalty.programme_tables import reward_baskets
from loyalty.rewards.model import QUANTITY_MAX


@dataclass(frozen=True, slots=True)
class Basket:
    """What is in it: (reward id, pieces) by id. `key` becomes the key of the order."""

    key: str
    lines: tuple[tuple[str, int], ...]


def basket_of(engine: Engine, programme_id: str, user_id: str) -> Basket | None:
    """The person's basket; None while there is none."""
    with reading(engine) as connection:
        return basket_in(connection, programme_id, user_id)


def put_in_basket(
    engine: Engine, programme_id: str, user_id: str, pieces: Mapping[str, int], clock: Clock, ids: Ids
) -> Basket | None:
    """Set how many pieces of these rewards are in the basket; zero takes one out. None when it is empty then."""
    with writing(engine) as connection:
        known = basket_in(connection, programme_id, user_id, lock=True)
        wanted = {**dict(known.lines if known else ()), **{name: min(count, QUANTITY_MAX) for name, count in pieces.items()}}
        wanted = {name: count for name, count in sorted(wanted.items()) if count > 0}
        if not wanted:
            empty_in(connection, programme_id, user_id, known.key if known else "")
            return None
        basket = Basket(known.key if known else ids(), tuple(wanted.items()))
        values = {"basket_key": basket.key, "contents": json.dumps(wanted), "changed_at": clock.now()}
        make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(
            make(reward_baskets).values(programme_id=programme_id, user_id=user_id, **values)
            .on_conflict_do_update(index_elements=["programme_id", "user_id"], set_=values)
        )  # fmt: skip
        return basket


def basket_in(connection: Connection, programme_id: str, user_id: str, *, lock: bool = False) -> Basket | None:
    """The same inside a transaction of the caller."""
    query = select(reward_baskets).where(reward_baskets.c.programme_id == programme_id, reward_baskets.c.user_id == user_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else Basket(row.basket_key, tuple(sorted(json.loads(row.contents).items())))


def empty_in(connection: Connection, programme_id: str, user_id: str, key: str) -> None:
    """Forget the basket of that key; a newer one stays."""
    connection.execute(
        reward_baskets.delete().where(
            reward_baskets.c.programme_id == programme_id, reward_baskets.c.user_id == user_id, reward_baskets.c.basket_key == key
        )
    )
