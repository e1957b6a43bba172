"""The catalogue as whoever keeps it sees it: the manufacturer for everybody, a distributor for its own retailers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.clock import random_id
from core.scope import Role
from dashboards.components.acting import act, programme_of, show_outcome
from dashboards.components.context import Context
from dashboards.components.kit import empty, heading, plain, table
from dashboards.runtime import current
from loyalty import Programme
from loyalty.rewards import NewReward, Reward, add_reward, list_rewards, offer_again, restock, withdraw
from portal import User


def catalogue(context: Context) -> None:
    """What do I offer for points?"""
    heading(context, f"{context.user.role[0]}.catalogue")
    show_outcome()
    programme = programme_of(context)
    if programme is None:
        empty(context, "r.rewards.catalogue_empty")
        return
    rewards = list_rewards(current().store, programme, _owner(context.user))
    if rewards:
        _list(context, rewards)
        _change(context, rewards)
    else:
        empty(context, "catalogue.empty")
    _new(context, programme)


def _owner(user: User) -> int | None:
    return None if user.role is Role.MANUFACTURER else user.party_id


def _list(context: Context, rewards: list[Reward]) -> None:
    frame = pd.DataFrame({
        "reward": [one.title(context.language) for one in rewards],
        "points": [one.points for one in rewards],
        "stock": pd.array([one.stock for one in rewards], dtype="Int64"),
        "limit_per_member": pd.array([one.limit_per_member for one in rewards], dtype="Int64"),
        "from_tier": [one.from_tier or "" for one in rewards],
        "status": [one.status for one in rewards],
    })  # fmt: skip
    table(context, frame, key="catalogue-list")


def _change(context: Context, rewards: list[Reward]) -> None:
    with st.expander(context.text("catalogue.change")):
        chosen = st.selectbox(
            context.text("column.reward"),
            rewards,
            key="reward-chosen",
            format_func=lambda one: one.title(context.language),
            width=360,
        )
        if chosen is None:
            return
        st.markdown(plain(chosen.title(context.language)))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if chosen.stock is not None:
                st.number_input(
                    context.text("catalogue.more"), value=0, step=1, min_value=-chosen.stock, key="reward-more", width=160
                )
                st.button(context.text("catalogue.restock"), key="reward-restock", on_click=_restock, args=(context, chosen))
            name = "withdraw" if chosen.status == "offered" else "offer_again"
            st.button(context.text(f"catalogue.{name}"), key="reward-status", on_click=_set_status, args=(context, chosen))


def _new(context: Context, programme: Programme) -> None:
    with st.expander(context.text("catalogue.new")), st.form("new-reward", border=False):
        st.text_input(context.text("catalogue.title_de"), key="reward-title-de", max_chars=200)
        st.text_input(context.text("catalogue.title_en"), key="reward-title-en", max_chars=200)
        st.number_input(context.text("column.points"), min_value=1, value=100, step=1, key="reward-points", width=180)
        st.number_input(context.text("catalogue.stock"), min_value=0, value=None, step=1, key="reward-stock", width=260)
        st.number_input(context.text("catalogue.limit"), min_value=1, value=None, step=1, key="reward-limit", width=260)
        if programme.tiers:
            st.selectbox(
                context.text("column.from_tier"),
                [one.tier for one in programme.tiers[1:]],
                key="reward-tier",
                index=None,
                placeholder="–",
                width=260,
            )
        st.form_submit_button(context.text("catalogue.add"), type="primary", on_click=_add, args=(context, programme))


def _add(context: Context, programme: Programme) -> None:
    state = st.session_state
    stock, limit, tier = state.get("reward-stock"), state.get("reward-limit"), state.get("reward-tier")

    def change(user: User) -> str:
        new = NewReward(
            str(state.get("reward-title-de", "")), str(state.get("reward-title-en", "")), int(state.get("reward-points", 0)),
            None if stock is None else int(stock), None if limit is None else int(limit), tier, _owner(user),
        )  # fmt: skip
        add_reward(current().store, programme, new, current().clock, random_id, actor=user.user_id)
        return "catalogue.added"

    act(context, change)


def _restock(context: Context, reward: Reward) -> None:
    more = int(st.session_state.get("reward-more", 0))

    def change(user: User) -> str:
        restock(current().store, reward.reward_id, more, _owner(user), current().clock, actor=user.user_id)
        return "catalogue.restocked"

    act(context, change)


def _set_status(context: Context, reward: Reward) -> None:
    def change(user: User) -> str:
        is_offered = reward.status == "offered"
        (withdraw if is_offered else offer_again)(
            current().store, reward.reward_id, _owner(user), current().clock, actor=user.user_id
        )
        return "catalogue.withdrawn" if is_offered else "catalogue.offered_again"

    act(context, change)
