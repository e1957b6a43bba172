"""Acts of people on pages: identity and scope are looked up again at the act, refusals are said in words, and a double click is one act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import streamlit as st

from core.errors import DreiklangError
from core.scope import Role
from dashboards.access.identity import viewer
from dashboards.components.context import Context
from dashboards.queries import read
from dashboards.queries.loyalty import MY_DISTRIBUTORS, MY_RETAILERS
from dashboards.queries.programmes import visible_programmes
from dashboards.texts import CATALOGUE
from loyalty import Programme
from portal import User, scope_of

OUTCOME, KEPT = "act-outcome", "programme-kept"


class Partner(NamedTuple):
    """Another party that the viewer trades with."""

    party_id: int
    name: str


def act(context: Context, service: Callable[[User], str]) -> None:
    """Do something as whoever looks now, who must be whom the page was drawn for. `service` gives the key of what to say."""
    user = viewer()
    if user is None or (user.user_id, user.role, user.party_id) != (
        context.user.user_id,
        context.user.role,
        context.user.party_id,
    ):
        st.session_state[OUTCOME] = ("error", context.text("session.over"))
        return
    try:
        st.session_state[OUTCOME] = ("success", context.text(service(user)))
    except DreiklangError as error:
        key = f"refused.{error.code}"
        st.session_state[OUTCOME] = ("error", context.text(key if key in CATALOGUE else "common.error"))


def show_outcome() -> None:
    """What became of the last act, once."""
    kind, words = st.session_state.pop(OUTCOME, (None, ""))
    if kind == "success":
        st.success(words)
    elif kind == "error":
        st.error(words)


def programme_of(context: Context) -> Programme | None:
    """The programme that the page is about, of those that the viewer may know of: the only one, or the chosen one. None while there is none."""
    return choose_programme(context, visible_programmes(context.user))


def choose_programme(context: Context, programmes: Sequence[Programme]) -> Programme | None:
    """One of these programmes; nothing is asked where there is no choice. The next page begins with what was chosen on this one."""
    if len(programmes) <= 1:
        return programmes[0] if programmes else None
    titles = {one.programme_id: one.title_de if context.language == "de" else one.title_en for one in programmes}
    chosen = st.selectbox(
        context.text("filter.programme"),
        list(titles),
        index=list(titles).index(kept) if (kept := st.session_state.get(KEPT)) in titles else 0,
        key="programme",
        bind="query-params",
        format_func=lambda one: titles[one],
        width=320,
    )
    st.session_state[KEPT] = chosen
    return next((one for one in programmes if one.programme_id == chosen), programmes[0])


def partners_of(user: User) -> list[Partner]:
    """A retailer's distributors, a distributor's retailers; as published now, read under the person's own scope."""
    query = MY_DISTRIBUTORS if user.role is Role.RETAILER else MY_RETAILERS
    if user.role not in query.roles:
        return []
    frame = read(query, scope_of(user), {})
    return [Partner(int(party_id), str(name)) for party_id, name in zip(frame["party_id"], frame["name"], strict=True)]


def partner_ids(user: User) -> frozenset[int]:
    """Their ids."""
    return frozenset(partner.party_id for partner in partners_of(user))
