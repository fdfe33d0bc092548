"""Which posts tell of one event, as staff know it: merge two events, split one; and what may become of an event."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from alerts.ledger import EventFilter
from alerts.ledger.regroupings import Regrouping
from alerts.merging import merge, split
from alerts.model import User
from alerts.predict import SPAN, Forecast
from dashboard import data
from dashboard.data import EventDetail
from dashboard.desk import Desk
from dashboard.text import plain, stamp
from dashboard.views.parts import attempt, link
from stream.errors import MinshengError

NEAR = timedelta(days=45)  # how far back events to merge with are offered
OFFERED = 30
SHOWN = 36  # characters of a post in a list


def show_regrouping(desk: Desk, user: User, detail: EventDetail) -> None:
    """Where the event went if another took it over; else the forms to merge and to split it, and what was done before."""
    event = detail.event
    if event.merged_into:
        st.info("本事件已并入另一事件，信息都在那里。")
        link("triage", "查看并入的事件", {"event": event.merged_into})
        return
    with st.expander("归并与拆分"):
        merging, splitting = st.tabs(["与另一事件归并", "拆出信息"])
        with merging:
            _merge_form(desk, user, detail)
        with splitting:
            _split_form(desk, user, detail)
        for one in _history(desk, event.id):
            st.caption(plain(history_line(one, event.id)))


def forecast_words(said: Forecast) -> str:
    """三天内增长的可能 12%（过去这样说的 532 次里 54 次成真）."""
    record = said.record
    came = f"（过去这样说的 {record.said} 次里 {record.true} 次成真）" if record else "（过去没有这样说过）"
    chance = f"{said.chance:.0%}" if said.chance >= 0.01 else "不到 1%"
    return f"{SPAN.days} 天内明显增长的可能 {chance}{came}，仅供排序参考"


def history_line(one: Regrouping, event_id: str) -> str:
    other = one.other_id if one.event_id == event_id else one.event_id
    did = {"merge": "归并", "split": "拆分"}[one.kind]
    return f"{stamp(one.at)} {one.actor} {did}: {len(one.posts)} 条信息，另一事件 {other}。{one.note}"


def _merge_form(desk: Desk, user: User, detail: EventDetail) -> None:
    event = detail.event
    others = _candidates(desk, detail)
    with st.form(f"merge-{event.id}", border=False):
        chosen, typed, reason = (f"merge-{name}-{event.id}" for name in ("other", "typed", "reason"))
        st.selectbox("同一问题的另一事件", list(others), format_func=lambda one: others.get(one, one), key=chosen)
        st.text_input("或填事件编号、案件编号", key=typed, max_chars=100)
        st.text_area("理由", key=reason, height=80, max_chars=1000)
        st.caption("只有一方已立案时并入已立案的；两方都已立案时，另一案件记为重复并单。")
        st.form_submit_button("归并", on_click=_merge, args=(desk, user, event.id, chosen, typed, reason))


def _split_form(desk: Desk, user: User, detail: EventDetail) -> None:
    event_id, posts = detail.event.id, {one.post.id: one.post for one in detail.posts}
    if len(detail.links) < 2:
        st.caption("只有一条信息，无从拆分。")
        return
    words = {
        key: f"{stamp(post.published_at)} {plain((post.title or post.text)[:SHOWN])}" for key, post in posts.items()
    }
    with st.form(f"split-{event_id}", border=False):
        chosen, reason = f"split-posts-{event_id}", f"split-reason-{event_id}"
        st.multiselect("说的是另一件事的信息", list(words), format_func=lambda one: words.get(one, one), key=chosen)
        st.text_area("理由", key=reason, height=80, max_chars=1000)
        st.caption("拆出的信息成为另一事件；案件留在本事件。")
        st.form_submit_button("拆出", on_click=_split, args=(desk, user, event_id, chosen, reason))


def _candidates(desk: Desk, detail: EventDetail) -> dict[str, str]:
    """Event id -> words: those of the same place or matter seen lately, the hottest first."""
    event = detail.event
    since = event.last_seen - NEAR
    rows = data.events(desk, EventFilter(region=event.region, since=since, limit=OFFERED))
    rows += data.events(desk, EventFilter(topics=(event.topic,), since=since, limit=OFFERED))
    named = {row.event.id: f"{plain(row.event.title)}（{row.event.posts} 条）" for row in rows}
    named.pop(event.id, None)
    return {"": "请选择", **named}


def _history(desk: Desk, event_id: str) -> list[Regrouping]:
    with desk.ledger.read() as tx:
        return tx.regroupings.of_event(event_id)


def _merge(desk: Desk, user: User, event_id: str, chosen: str, typed: str, reason: str) -> None:
    name = f"{st.session_state.get(typed, '')}".strip() or st.session_state.get(chosen, "")
    note = st.session_state.get(reason, "")

    def do() -> None:
        kept = merge(desk.ledger, desk.archive, event_id, _event_named(desk, name), user.name, note, desk.now())
        st.query_params["event"] = kept.id

    attempt(do, "已归并，今后的信息照此归入。")


def _split(desk: Desk, user: User, event_id: str, chosen: str, reason: str) -> None:
    posts, note = st.session_state.get(chosen, []), st.session_state.get(reason, "")
    attempt(
        lambda: split(desk.ledger, desk.archive, event_id, posts, user.name, note, desk.now()),
        "已拆出，今后的信息照此归入。",
    )


def _event_named(desk: Desk, name: str) -> str:
    """The event of a case number, else the name itself."""
    if not name:
        raise MinshengError("请选择另一事件，或填写是哪一个")
    case = data.find_case(desk, name)
    return case.event_id if case else name
