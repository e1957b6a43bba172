"""Acts from a page: the session is looked up again, the service decides, the audit log has its line in the same transaction, and what came of
it is said after the page was drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import streamlit as st
from sqlalchemy import Connection

from core.errors import DreiklangError
from dashboards.access.identity import viewer
from dashboards.components.context import Context
from dashboards.texts import CATALOGUE
from loyalty.campaigns.model import Actor
from portal import audit, scope_of

NOTICE = "act-notice"


def actor_of(context: Context) -> Actor:
    """Who acts now. A session that is over, or somebody else's, stops the page."""
    user = viewer()
    if user is None or user.user_id != context.user.user_id or user.role != context.user.role:
        st.error(context.text("session.over"))
        st.stop()
    user_id = user.user_id

    def write(connection: Connection, moment: datetime, act: str, party: int, detail: Mapping[str, str | int]) -> None:
        audit.record(connection, moment, act, actor=user_id, party_id=party, **detail)

    return Actor(user_id, scope_of(user), write)


def act(context: Context, work: Callable[[Actor], str]) -> None:
    """Do something and draw the page anew with the sentence that `work` gives; a refusal is said in place, and nothing was done."""
    try:
        notice = work(actor_of(context))
    except DreiklangError as error:
        say_refusal(context, error)
        return
    st.session_state[NOTICE] = notice
    st.rerun()


def say_refusal(context: Context, error: DreiklangError) -> None:
    """Why not, in the viewer's language; findings about what was typed stand below, one a line."""
    key = f"campaign.error.{error.code}"
    st.error(context.text(key if key in CATALOGUE else "common.error"))
    if error.code in ("LOY-405", "LOY-406"):
        for finding in error.detail.found.split("; "):
            st.markdown(f"- `{finding.replace('`', '')}`")


def say_notice(context: Context) -> bool:
    """What the last act did, once; whether there was one."""
    notice = st.session_state.pop(NOTICE, None)
    if notice:
        st.success(str(notice))
    return notice is not None
