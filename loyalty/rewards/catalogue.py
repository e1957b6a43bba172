"""The catalogue: what can be had for points, how much of it, by whom. Kept by the manufacturer, or by a distributor for its own retailers."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Engine, Row, case, func, select

from core.clock import Clock, Ids
from core.errors import InputRefusedError
from core.store import reading, writing
from loyalty.domain.programme import Programme
from loyalty.groups import groups_of
from loyalty.programme_tables import reward_changes, reward_order_lines, reward_orders, rewards
from loyalty.rewards.model import QUANTITY_MAX, NewReward, Offer, Reward
from loyalty.rewards.refusals import no_such_reward
from loyalty.standing import level, tiers_of
from loyalty.statement import usable_points


def add_reward(
    engine: Engine, programme: Programme, new: NewReward, clock: Clock, ids: Ids, *, actor: str | None = None
) -> Reward:
    """Offer a reward. Raises InputRefusedError LOY-512 for one that nobody could order."""
    findings = [
        *([] if new.title_de.strip() and new.title_en.strip() else ["a title in both languages"]),
        *([] if new.points > 0 else ["points above zero"]),
        *([] if new.stock is None or new.stock >= 0 else ["a stock of zero or more"]),
        *([] if new.limit_per_member is None or new.limit_per_member > 0 else ["a limit above zero"]),
        *(
            []
            if new.from_tier is None or new.from_tier in [tier.tier for tier in programme.tiers]
            else ["a tier of the programme"]
        ),
        *([] if programme.seller in (None, new.owner) else ["the programme's own distributor as its owner"]),
    ]
    if findings:
        raise InputRefusedError(
            "LOY-512", where="new reward", found="values that cannot be offered", expected=", ".join(findings),
            next_step="Correct the values and offer it again.",
        )  # fmt: skip
    reward = Reward(ids(), new.title_de.strip(), new.title_en.strip(), new.points, new.stock, new.limit_per_member, new.from_tier,
                    "offered", new.owner)  # fmt: skip
    with writing(engine) as connection:
        connection.execute(rewards.insert().values(
            reward_id=reward.reward_id, programme_id=programme.programme_id, title_de=reward.title_de, title_en=reward.title_en,
            points=reward.points, stock=reward.stock, limit_per_member=reward.limit_per_member, from_tier=reward.from_tier,
            status="offered", owner_party_id=reward.owner,
        ))  # fmt: skip
        _note(connection, reward.reward_id, "added", new.stock, clock, actor)
    return reward


def restock(engine: Engine, reward_id: str, more: int, owner: int | None, clock: Clock, *, actor: str | None = None) -> Reward:
    """Add pieces to the stock, or with a negative number take some out. Raises InputRefusedError LOY-501, LOY-512 (below zero)."""
    with writing(engine) as connection:
        _own(connection, reward_id, owner)
        changed = connection.execute(
            rewards.update()
            .where(rewards.c.reward_id == reward_id, rewards.c.stock + more >= 0)
            .values(stock=rewards.c.stock + more)
        ).rowcount
        if not changed:
            raise InputRefusedError(
                "LOY-512", where=f"reward {reward_id}", found=f"a change of the stock by {more}",
                expected="a reward with a stock that stays at zero or above", next_step="Take out at most what is there.",
            )  # fmt: skip
        _note(connection, reward_id, "restocked", more, clock, actor)
        return _reward(_own(connection, reward_id, owner))


def withdraw(engine: Engine, reward_id: str, owner: int | None, clock: Clock, *, actor: str | None = None) -> Reward:
    """Offer it no more; orders that were placed stay. Doing it twice does nothing more. Raises InputRefusedError LOY-501."""
    return _set_status(engine, reward_id, "withdrawn", owner, clock, actor)


def offer_again(engine: Engine, reward_id: str, owner: int | None, clock: Clock, *, actor: str | None = None) -> Reward:
    """Undo a withdrawal. Doing it twice does nothing more. Raises InputRefusedError LOY-501."""
    return _set_status(engine, reward_id, "offered", owner, clock, actor)


def list_rewards(engine: Engine, programme: Programme, owner: int | None) -> list[Reward]:
    """The rewards that an owner keeps, cheapest first, withdrawn ones last. `owner` None: the manufacturer's."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(rewards).where(rewards.c.programme_id == programme.programme_id, _is_owner(owner))
            .order_by(rewards.c.status, rewards.c.points, rewards.c.title_en)
        ).all()  # fmt: skip
    return [_reward(row) for row in rows]


def offers_for(engine: Engine, programme: Programme, member: int, distributor: int, clock: Clock) -> list[Offer]:
    """What a member sees of the catalogue when that distributor delivers: the manufacturer's rewards and that distributor's own. Rewards of a
    distributor's programme are delivered by that distributor alone."""
    if not programme.looks_at(distributor):
        return []
    usable = usable_points(engine, programme, member, clock)
    with reading(engine) as connection:
        rows = connection.execute(
            select(rewards).where(
                rewards.c.programme_id == programme.programme_id, rewards.c.status == "offered",
                rewards.c.owner_party_id.is_(None) | (rewards.c.owner_party_id == distributor),
            ).order_by(rewards.c.points, rewards.c.title_en)
        ).all()  # fmt: skip
        tier = tiers_of(connection, programme, [member]).get(member)
        had = pieces_had(connection, programme, member)
    return [_offer(programme, _reward(row), usable, tier, had.get(row.reward_id, 0)) for row in rows]


def pieces_had(connection: Connection, programme: Programme, member: int) -> dict[str, int]:
    """Reward id -> pieces that the member and whoever is merged with it has ordered and not cancelled."""
    group = groups_of(connection).get(member, (member,))
    rows = connection.execute(
        select(reward_order_lines.c.reward_id, func.sum(reward_order_lines.c.quantity - reward_order_lines.c.quantity_cancelled))
        .join(reward_orders, reward_orders.c.reward_order_id == reward_order_lines.c.reward_order_id)
        .where(reward_orders.c.member_party_id.in_(group), reward_orders.c.programme_id == programme.programme_id)
        .group_by(reward_order_lines.c.reward_id)
    )  # fmt: skip
    return {str(reward_id): int(pieces) for reward_id, pieces in rows}


def take_stock(connection: Connection, reward_id: str, pieces: int) -> bool:
    """Take pieces of an offered reward out of the stock; False when there are fewer. The row stays locked until the transaction ends."""
    return bool(connection.execute(
        rewards.update()
        .where(rewards.c.reward_id == reward_id, rewards.c.status == "offered", rewards.c.stock.is_(None) | (rewards.c.stock >= pieces))
        .values(stock=case((rewards.c.stock.is_(None), None), else_=rewards.c.stock - pieces))
    ).rowcount)  # fmt: skip


def give_stock_back(connection: Connection, pieces: dict[str, int]) -> None:
    """Put pieces back, in one order of rewards, so that two who do it never wait for each other."""
    for reward_id in sorted(pieces):
        connection.execute(
            rewards.update().where(rewards.c.reward_id == reward_id).values(stock=rewards.c.stock + pieces[reward_id])
        )


def _offer(programme: Programme, reward: Reward, usable: int, tier: str | None, had: int) -> Offer:
    room = {
        "tier": QUANTITY_MAX if level(programme, tier) >= level(programme, reward.from_tier) else 0,
        "out_of_stock": QUANTITY_MAX if reward.stock is None else reward.stock,
        "limit": QUANTITY_MAX if reward.limit_per_member is None else max(0, reward.limit_per_member - had),
        "points": usable // reward.points,
    }
    obstacle = next((name for name, pieces in room.items() if pieces <= 0), None)
    return Offer(reward, min(QUANTITY_MAX, *room.values()), max(0, reward.points - usable), obstacle)


def _set_status(engine: Engine, reward_id: str, status: str, owner: int | None, clock: Clock, actor: str | None) -> Reward:
    with writing(engine) as connection:
        _own(connection, reward_id, owner)
        changed = connection.execute(
            rewards.update().where(rewards.c.reward_id == reward_id, rewards.c.status != status).values(status=status)
        ).rowcount
        if changed:
            _note(connection, reward_id, status, None, clock, actor)
        return _reward(_own(connection, reward_id, owner))


def _own(connection: Connection, reward_id: str, owner: int | None) -> Row[tuple[object, ...]]:
    row = connection.execute(select(rewards).where(rewards.c.reward_id == reward_id, _is_owner(owner))).one_or_none()
    if row is None:
        raise no_such_reward(reward_id)
    return row


def _is_owner(owner: int | None) -> ColumnElement[bool]:
    return rewards.c.owner_party_id.is_(None) if owner is None else rewards.c.owner_party_id == owner


def _note(connection: Connection, reward_id: str, change: str, quantity: int | None, clock: Clock, actor: str | None) -> None:
    connection.execute(
        reward_changes.insert().values(
            reward_id=reward_id, change=change, quantity=quantity, recorded_at=clock.now(), actor=actor
        )
    )


def _reward(row: Row[tuple[object, ...]]) -> Reward:
    return Reward(row.reward_id, row.title_de, row.title_en, int(row.points), row.stock, row.limit_per_member, row.from_tier, row.status,
                  row.owner_party_id)  # fmt: skip
