"""The editor of a draft: a form for the common campaign, and the rules as TOML for everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import streamlit as st

from dashboards.components.campaign_acting import act
from dashboards.components.context import Context
from dashboards.components.kit import remark
from dashboards.queries.campaigns import CATEGORIES, CHANNEL_DISTRIBUTORS
from dashboards.runtime import current
from loyalty import Programme
from loyalty.campaigns.drafting import KINDS, SimpleCampaign, from_rules, to_toml
from loyalty.campaigns.lifecycle import create, edit, today_in
from loyalty.campaigns.model import HOLD_OUT_PERCENT_MAX, Actor, Campaign, Draft
from loyalty.domain.parsing import parse_rules

NEW_ID = "campaign-new-id"


def draft_editor(context: Context, programmes: Sequence[Programme], campaign: Campaign | None, next_key: str) -> None:
    """Edit a campaign, or with None make one. What is saved is chosen next, through the session state's `next_key`."""
    programme = programmes[0]
    if len(programmes) > 1:
        titles = {one.programme_id: one.title_de if context.language == "de" else one.title_en for one in programmes}
        chosen = st.selectbox(
            context.text("campaign.programme"),
            list(titles),
            format_func=lambda one: titles[one],
            key="campaign-programme",
            width=420,
        )
        programme = next(one for one in programmes if one.programme_id == chosen)
    distributors = {} if programme.is_distributors else _distributors(context)
    form, text = st.tabs([context.text("campaign.form"), context.text("campaign.toml")])
    with form:
        _form(context, programme, campaign, distributors, next_key)
    with text:
        _toml(context, programme, campaign, distributors, next_key)


def _distributors(context: Context) -> dict[int, str]:
    """Who can be asked to pay a part; nobody in a distributor's own programme."""
    return {int(row.distributor_id): str(row.distributor) for row in context.frame(CHANNEL_DISTRIBUTORS).itertuples()}


def _form(context: Context, programme: Programme, campaign: Campaign | None, distributors: dict[int, str], next_key: str) -> None:
    simple = _starting_point(programme, campaign)
    if simple is None:
        remark(context.text("campaign.form_not"))
        return
    key = _key(campaign)
    with st.form(f"form-{key}"):
        left, right = st.columns(2)
        title_de = left.text_input(context.text("campaign.title_de"), simple.title_de, key=f"de-{key}", max_chars=200)
        title_en = right.text_input(context.text("campaign.title_en"), simple.title_en, key=f"en-{key}", max_chars=200)
        pattern = "DD.MM.YYYY" if context.language == "de" else "DD/MM/YYYY"
        left, right = st.columns(2)
        first = left.date_input(context.text("campaign.first_day"), simple.first_day, key=f"first-{key}", format=pattern)
        last = right.date_input(context.text("campaign.last_day"), simple.last_day, key=f"last-{key}", format=pattern)
        groups = ["", *(str(name) for name in context.frame(CATEGORIES)["product_category"])]
        left, right = st.columns(2)
        category = left.selectbox(context.text("campaign.category"), groups, index=_index(groups, simple.category or ""), key=f"category-{key}",
                                  format_func=lambda one: one or context.text("common.all"))  # fmt: skip
        kind = right.selectbox(context.text("campaign.kind"), KINDS, index=KINDS.index(simple.kind), key=f"kind-{key}",
                               format_func=lambda one: context.text(f"campaign.kind.{one}"))  # fmt: skip
        left, right = st.columns(2)
        rate = left.number_input(
            context.text("campaign.rate"), 0.0001, 1_000_000.0, float(simple.rate), step=0.5, format="%.4f", key=f"rate-{key}"
        )
        from_quantity = right.number_input(
            context.text("campaign.from_quantity"), 0, 1_000_000, simple.from_quantity, key=f"from-{key}"
        )
        left, right = st.columns(2)
        cap_total = left.number_input(
            context.text("campaign.cap_total"), 0, 1_000_000_000, simple.cap_total or 0, step=1_000, key=f"total-{key}"
        )
        cap_member = right.number_input(
            context.text("campaign.cap_member"), 0, 1_000_000_000, simple.cap_member or 0, step=100, key=f"member-{key}"
        )
        co_funder, share, cap_share = (
            (None, 0, 0) if programme.is_distributors else _sharing(context, campaign, simple, distributors)
        )
        left, right = st.columns(2)
        hold_out = _hold_out(context, right, campaign, f"out-{key}")
        expires = left.number_input(context.text("campaign.expires"), 1, 120, simple.expires_after_months, key=f"expires-{key}")
        if st.form_submit_button(context.text("campaign.save"), type="primary"):
            made = SimpleCampaign(
                title_de.strip(), title_en.strip(), first, last, kind, Decimal(f"{rate:.4f}").normalize(), int(from_quantity),
                category or None, int(expires), int(share) if co_funder is not None else 0, int(cap_total) or None, int(cap_member) or None,
                int(cap_share) or None,
            )  # fmt: skip
            rules = to_toml(_written(made), programme.money_currency)
            draft = Draft(made.title_de, made.title_en, rules, co_funder, int(hold_out))
            act(context, lambda actor: _save(context, programme, campaign, draft, actor, next_key))


def _sharing(
    context: Context, campaign: Campaign | None, simple: SimpleCampaign, distributors: dict[int, str]
) -> tuple[int | None, int, int]:
    """(who pays a part, its percent, how much of it at most)."""
    key = _key(campaign)
    left, right = st.columns(2)
    co_funder = _co_funder(context, left, campaign, distributors, f"co-{key}")
    share = right.number_input(context.text("campaign.share"), 0, 99, simple.distributor_percent, key=f"share-{key}")
    cap_share = st.columns(2)[0].number_input(
        context.text("campaign.cap_share"), 0, 1_000_000_000, simple.cap_distributor_share or 0, step=100, key=f"purse-{key}"
    )
    return co_funder, int(share), int(cap_share)


def _written(simple: SimpleCampaign) -> SimpleCampaign:
    """Rates as TOML wants them: 10, not 1E+1."""
    return replace(simple, rate=Decimal(f"{simple.rate:f}"))


def _toml(context: Context, programme: Programme, campaign: Campaign | None, distributors: dict[int, str], next_key: str) -> None:
    key = _key(campaign)
    rules = campaign.draft.rules_toml if campaign else to_toml(_fresh(programme), programme.money_currency)
    with st.form(f"toml-{key}"):
        left, right = st.columns(2)
        title_de = left.text_input(
            context.text("campaign.title_de"), campaign.draft.title_de if campaign else "", key=f"toml-de-{key}", max_chars=200
        )
        title_en = right.text_input(
            context.text("campaign.title_en"), campaign.draft.title_en if campaign else "", key=f"toml-en-{key}", max_chars=200
        )
        co_funder = None if programme.is_distributors else _co_funder(context, left, campaign, distributors, f"toml-co-{key}")
        hold_out = _hold_out(context, right, campaign, f"toml-out-{key}")
        written = st.text_area(context.text("campaign.toml"), rules, height=420, key=f"toml-text-{key}", max_chars=20_000)
        if st.form_submit_button(context.text("campaign.save"), type="primary"):
            draft = Draft(title_de.strip(), title_en.strip(), written, co_funder, int(hold_out))
            act(context, lambda actor: _save(context, programme, campaign, draft, actor, next_key))


def _save(context: Context, programme: Programme, campaign: Campaign | None, draft: Draft, actor: Actor, next_key: str) -> str:
    """A new draft has an id of its form, kept until it is saved, so that a second click finds the first one's campaign."""
    runtime = current()
    if campaign is not None:
        saved = edit(runtime.store, programme, actor, campaign.campaign_id, campaign.version, draft, runtime.clock)
    else:
        saved = create(runtime.store, programme, actor, _new_id(), draft, runtime.clock)
        st.session_state.pop(NEW_ID, None)
    st.session_state[next_key] = saved.campaign_id
    return context.text("campaign.saved", n=str(saved.version))


def _new_id() -> str:
    if NEW_ID not in st.session_state:
        st.session_state[NEW_ID] = f"c{hashlib.sha256(current().tokens().encode()).hexdigest()[:11]}"
    return str(st.session_state[NEW_ID])


def _key(campaign: Campaign | None) -> str:
    return f"{campaign.campaign_id}-{campaign.version}" if campaign else "new"


def _starting_point(programme: Programme, campaign: Campaign | None) -> SimpleCampaign | None:
    if campaign is None:
        return _fresh(programme)
    rules = parse_rules(campaign.draft.rules_toml, programme.leg, campaign.campaign_id, programme.owner_kind)
    simple = from_rules(rules, programme.owner_kind)
    return simple if simple and (simple.title_de, simple.title_en) == (campaign.draft.title_de, campaign.draft.title_en) else None


def _fresh(programme: Programme) -> SimpleCampaign:
    """A quarter that begins in two weeks."""
    first = today_in(programme, current().clock) + timedelta(days=14)
    return SimpleCampaign("", "", first, first + timedelta(days=90))


def _co_funder(
    context: Context, place: st.delta_generator.DeltaGenerator, campaign: Campaign | None, distributors: dict[int, str], key: str
) -> int | None:
    options = [0, *distributors]
    given = campaign.draft.co_funder if campaign else None
    chosen = place.selectbox(context.text("campaign.co_funder"), options, index=_index(options, given or 0), key=key,
                             format_func=lambda one: distributors.get(one, context.text("campaign.nobody")))  # fmt: skip
    return chosen or None


def _hold_out(context: Context, place: st.delta_generator.DeltaGenerator, campaign: Campaign | None, key: str) -> int:
    value = campaign.draft.hold_out_percent if campaign else 20
    return int(
        place.number_input(
            context.text("campaign.hold_out"),
            0,
            HOLD_OUT_PERCENT_MAX,
            value,
            key=key,
            help=context.text("campaign.hold_out_help"),
        )
    )


def _index(options: Sequence[object], wanted: object) -> int:
    return options.index(wanted) if wanted in options else 0
