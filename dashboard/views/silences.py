"""静默: those in force, with who, why and until when; a form for a new one, a button to end one. Part of the page 预警."""

from __future__ import annotations

from html import escape

import streamlit as st

from alerts.model import User
from alerts.silences import Silence
from configs.quiet import ALERT_KINDS
from dashboard import data, silencing
from dashboard.desk import Desk
from dashboard.markup import chip, line, said, table
from dashboard.text import ALERT_KIND, stamp
from dashboard.views.parts import attempt, nothing, place_choice

TYPED = ("silence-cases", "silence-events", "silence-reason")
CHOSEN = ("silence-offices", "silence-topics", "silence-kinds", "silence-rules")


def show_silences(desk: Desk, user: User) -> None:
    coming, over = silencing.silences(desk)
    if not coming:
        nothing("现在没有静默，预警照常发出。")
    for one in coming:
        _one(desk, user, one)
    with st.expander("设静默"):
        _form(desk, user)
    if over:
        with st.expander("最近结束的"):
            st.html(table(("静默的内容", "谁设的", "理由", "起止"), (_row(desk, one) for one in over)))


def _one(desk: Desk, user: User, one: Silence) -> None:
    state = silencing.state_of(one, desk.now())
    with st.container(key=f"row-silence-{one.id}", horizontal=True, vertical_alignment="center"):
        st.html(
            line(
                chip(state, "soon" if state == "生效中" else "mild"),
                said(silencing.caught(desk, one), "strong"),
                said(f"{stamp(one.starts_at)} 至 {stamp(one.ends_at)}", "number"),
                said(f"{one.author}：{one.reason}"),
                chip("不补发", "mild") if one.drop else "",
                chip("含特别严重的", "late") if one.grave else "",
            )
        )
        st.button("结束", key=f"end-{one.id}", on_click=_end, args=(desk, user, one.id))


def _row(desk: Desk, one: Silence) -> tuple[str, ...]:
    ended = f"（{escape(one.ended_by)} 提前结束）" if one.ended_at else ""
    span = f"{stamp(one.starts_at)} 至 {stamp(one.until)}{ended}"
    return escape(silencing.caught(desk, one)), escape(one.author), escape(one.reason), span


def _form(desk: Desk, user: User) -> None:
    st.caption("所列各项须全部符合，每项之内符合一个即可；至少填一项。特别严重的照发，除非勾选。")
    catalog = desk.catalog
    offices = data.alert_offices(desk)
    topics = {topic.key: topic.short for topic in catalog.topics}
    rules = {rule.key: rule.name for rule in catalog.rules}
    _several("单位", offices, "silence-offices")
    _several("事项", topics, "silence-topics")
    with st.container(horizontal=True):
        place_choice(desk, "silence-place")
    _several("预警种类", {kind: ALERT_KIND.get(kind, kind) for kind in ALERT_KINDS}, "silence-kinds")
    _several("预警规则", rules, "silence-rules")
    st.text_input("案件编号", key="silence-cases", placeholder="MS-20261125-0001", max_chars=200)
    st.text_input("事件编号", key="silence-events", max_chars=200)
    st.selectbox("多久", list(silencing.LASTING), index=1, key="silence-lasting", width=150)
    st.text_input("理由（必填）", key="silence-reason", max_chars=200)
    st.checkbox("到期后也不补发（默认：到期后仍需要的补发）", key="silence-drop")
    st.checkbox("连特别严重的也静默", key="silence-grave")
    st.button("设静默", key="silence-add", type="primary", on_click=_add, args=(desk, user))


def _several(label: str, options: dict[str, str], key: str) -> None:
    st.multiselect(label, list(options), format_func=lambda one: options.get(one, one), key=key, placeholder="不限")


def _wanted() -> silencing.Wanted:
    state = st.session_state
    city = state.get("silence-place-city") or ""
    region = state.get(f"silence-place-county-{city}") or city
    what = {key.removeprefix("silence-"): tuple(state.get(key) or ()) for key in CHOSEN}
    what |= {key.removeprefix("silence-"): silencing.keys_of(state.get(key) or "") for key in TYPED[:2]}
    what["regions"] = (region,) if region else ()
    lasting = silencing.lasting_of(state.get("silence-lasting") or "")
    reason, grave, drop = (state.get(f"silence-{name}") for name in ("reason", "grave", "drop"))
    return silencing.Wanted(what, str(reason or ""), lasting, grave=bool(grave), drop=bool(drop))


def _add(desk: Desk, user: User) -> None:
    """What was refused stays in the form, so that nobody types it twice."""
    if attempt(lambda: silencing.silence(desk, user.name, _wanted()), "已设静默。"):
        st.session_state.update(dict.fromkeys(TYPED, ""))
        st.session_state.update({key: [] for key in CHOSEN})


def _end(desk: Desk, user: User, silence_id: str) -> None:
    attempt(lambda: silencing.end(desk, user.name, silence_id), "静默已结束，等着它的预警随即重新处理。")
