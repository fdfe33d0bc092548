"""What the event and the case pages show alike, and the note in the audit that somebody looked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from html import escape

import streamlit as st

from alerts.model import User
from dashboard import actions, data
from dashboard.data import EventDetail
from dashboard.desk import Desk
from dashboard.markup import post_card
from dashboard.views.parts import link, nothing


def note_view(desk: Desk, user: User, what: str, target: str, detail: str = "") -> None:
    """Once for each time that the person turns to it, not at every redrawing of the page."""
    looked_at = (what, target, detail)
    if st.session_state.get("looked_at") != looked_at:
        actions.audit_view(desk, user.name, what, target, detail)
        st.session_state["looked_at"] = looked_at


def show_evidence(desk: Desk, detail: EventDetail) -> None:
    """The event's posts as cards, the phrases that the judgements rest on marked, each with the way to its correction."""
    if not detail.posts:
        nothing("信息已超过保留期或尚未归档，暂不可查。")
    copies = {one.post_id for one in detail.links if one.near_copy}
    for one in detail.posts:
        with st.container(key=f"row-hit-{one.post.id}"):
            st.html(post_card(desk.catalog, one, near_copy=one.post.id in copies))
            link("post", "改正研判", {"id": one.post.id})


def bullet_list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in lines if one) + "</ul>"


def office_choice(desk: Desk, key: str, first: str, accused: Collection[str], without: str = "") -> str:
    """A choice among the offices; "" is the first. Offices that posts accuse cannot be chosen. Returns the widget's key."""
    offices = {"": first, **data.office_choices(desk.catalog, {*accused, without.partition("@")[0]})}
    st.selectbox("责任单位", list(offices), format_func=lambda one: offices.get(one, one), key=key)
    if accused:
        names = "、".join(desk.catalog.office_name(one) for one in sorted(accused))
        st.caption(f"有信息直接指向 {names}，按信访工作条例第三十条不得转给被反映单位，故不在可选之列。")
    return key
