"""The page script: who is looking, which pages are theirs, and nothing else."""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from core.errors import RetriableError
from dashboards.access.identity import viewer
from dashboards.components.context import Context, data_version
from dashboards.components.kit import remark
from dashboards.queries.notes import notes_for
from dashboards.queries.programmes import own_programmes
from dashboards.texts import as_language, text
from dashboards.views import VIEWS, View

ICON = Path(__file__).parent / "static" / "favicon.svg"


def main() -> None:
    """One rerun."""
    st.set_page_config(page_title="Dreiklang", page_icon=str(ICON), layout="wide", initial_sidebar_state="auto")
    user = viewer()
    if user is None:
        st.warning(f"{text('de', 'session.over')} / {text('en', 'session.over')}")
        st.link_button(f"{text('de', 'session.log_in')} / {text('en', 'session.log_in')}", "/login")
        st.stop()
    language = as_language(user.language) or "en"
    try:
        version = data_version()
    except RetriableError:
        st.info(text(language, "common.unpublished"))
        version = None
    context = Context(user, language, version or 0)
    chosen = st.navigation(_menu(context), position="sidebar", expanded=True)
    _account(context)
    if version is None:
        return
    for note in notes_for(context.user, language):
        remark(note)
    chosen.run()


def _menu(context: Context) -> dict[str, list[st.Page]]:
    """The viewer's pages, and in a section of their own those of a programme that a distributor runs itself."""
    views = [view for view in VIEWS if view.role == context.user.role]
    menu = {context.text(f"role.{context.user.role}"): [_page(context, view) for view in views if not view.is_owners]}
    owners = [view for view in views if view.is_owners]
    if owners and own_programmes(context.user):
        menu[context.text("menu.own_programme")] = [_page(context, view) for view in owners]
    return menu


def _page(context: Context, view: View) -> st.Page:
    def run() -> None:
        view.render(context)

    return st.Page(run, title=context.text(f"{view.texts}.title"), url_path=view.path or None, default=not view.path)


def _account(context: Context) -> None:
    """Who is logged in, the other language, and the way out: plain forms, because the cookie is not for scripts.

    Streamlit's sanitiser drops field names that are also properties of the document, such as `lang`.
    """
    other = "en" if context.language == "de" else "de"
    button = "background:none;border:0;padding:6px 0;color:inherit;font:inherit;text-decoration:underline;cursor:pointer"
    with st.sidebar:
        st.html(
            f"""<div style="font-size:.9rem;line-height:1.6"><strong>{escape(context.user.display_name)}</strong><br>
            {escape(context.user.email)}
            <form method="post" action="/language" target="_self"><input type="hidden" name="language" value="{other}">
            <button style="{button}" lang="{other}">{escape(text("de" if other == "de" else "en", "login.this_language"))}</button></form>
            <form method="post" action="/logout" target="_self"><button style="{button}">{escape(context.text("session.log_out"))}</button></form></div>"""
        )


main()
