"""Who is looking. The session is looked up again at every rerun and inside every fragment."""

from __future__ import annotations

import streamlit as st

from dashboards.runtime import current
from portal import User, look_up_session

COOKIE = "__Host-dreiklang"


def viewer() -> User | None:
    """The person whose session cookie came with this page; None when the session is over."""
    runtime = current()
    token = st.context.cookies.get(COOKIE)
    return look_up_session(runtime.store, token, runtime.limits, runtime.clock)
