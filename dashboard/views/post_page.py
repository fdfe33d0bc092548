"""The page of one post: the post with its judgement, the form that corrects it, and who corrected it before."""

from __future__ import annotations

from html import escape

import streamlit as st

from alerts.corrections import FIELDS, Correction, Field, answers
from alerts.model import User
from dashboard import copies, correcting
from dashboard.copies import Copies
from dashboard.correcting import PostDetail
from dashboard.desk import Desk
from dashboard.markup import post_card, said, table
from dashboard.text import ANSWER, stamp, value_name
from dashboard.views.parts import attempt, link, nothing
from dashboard.views.shown import note_view


def show(desk: Desk, user: User) -> None:
    """The post that ?id=… of the address names."""
    name = st.query_params.get("id", "")
    detail = correcting.post_detail(desk, name) if name else None
    if detail is None:
        st.title("信息")
        st.warning("没有这条信息，它可能已超过保留期，或尚未归档。" if name else "请从研判台、案件或检索中选一条信息。")
        return
    note_view(desk, user, "post.view", name)
    st.title("信息")
    left, right = st.columns([1.1, 1], gap="large")
    with left:
        _links(detail)
        _copies(copies.copies_of(desk, detail.judged, detail.event_id))
        st.html(post_card(desk.catalog, detail.judged, near_copy=bool(detail.judged.judgement.near_copy_of)))
        st.subheader("改正记录")
        _history(desk, detail.corrections)
    with right:
        st.subheader("改正研判")
        _form(desk, user, detail)


def _links(detail: PostDetail) -> None:
    with st.container(horizontal=True):
        if detail.event_id:
            link("triage", "所属事件", {"event": detail.event_id})
        if detail.case:
            link("case", f"案件 {detail.case.number}", {"id": detail.case.id})


def _copies(its: Copies) -> None:
    """The post that this one repeats, and how many repeat the same."""
    if its.first:
        with st.container(horizontal=True):
            link("post", "近似重复的原信息", {"id": its.first})
    if its.others:
        most = "至少 " if its.cut else ""
        st.caption(f"同一事件中，与它近似重复的另有 {most}{its.others} 条。")


def _form(desk: Desk, user: User, detail: PostDetail) -> None:
    key, now = detail.judged.post.id, answers(detail.judged.judgement)
    with st.form(f"correct-{key}"):
        left, right = st.columns(2)
        for n, (field, values) in enumerate(correcting.choices(desk.catalog, detail.judged).items()):
            with (left, right)[n % 2]:
                _choice(field, values, now[field], _key(key, field))
        st.text_area("理由（有改动时必填）", key=f"why-{key}", height=80, max_chars=500, persist_state="page")
        st.checkbox("其余各项都已核对，确认无误", key=f"agreed-{key}")
        st.form_submit_button("改正", key=f"submit-{key}", type="primary", on_click=_do, args=(desk, user, detail))
    st.caption("立即生效，以后重新研判也不会被覆盖。改正会用于训练新模型；所属案件会记一笔，不会自动改派。")


def _choice(field: Field, values: dict[str, str], now: str, key: str) -> None:
    """`now` stands first and is what is chosen until a person chooses another."""
    options = sorted(values, key=lambda one: (one != now, list(values).index(one)))
    st.selectbox(ANSWER[field], options, format_func=lambda one: values.get(one) or "不明", key=key)


def _key(post_id: str, field: Field) -> str:
    return f"fix-{field}-{post_id}"


def _do(desk: Desk, user: User, detail: PostDetail) -> None:
    """Runs before the page is drawn anew, with the post as it was shown."""
    key, now = detail.judged.post.id, answers(detail.judged.judgement)
    given = {field: st.session_state.get(_key(key, field), now[field]) for field in FIELDS}
    note, agreed = st.session_state.get(f"why-{key}", ""), bool(st.session_state.get(f"agreed-{key}"))
    if attempt(lambda: correcting.correct(desk, detail, given, user.name, note, agreed=agreed), "已改正，立即生效。"):
        st.session_state[f"why-{key}"] = ""
        st.session_state[f"agreed-{key}"] = False


def _history(desk: Desk, corrections: tuple[Correction, ...]) -> None:
    if not corrections:
        nothing("没有人改正过。")
        return
    rows = (
        (
            said(stamp(one.at), "number"),
            escape(one.actor),
            escape(ANSWER[one.field]),
            _changed(desk, one),
            escape(one.note) or "—",
        )
        for one in reversed(corrections)
    )
    st.html(table(("时间", "谁", "哪一项", "改正", "理由"), rows))


def _changed(desk: Desk, one: Correction) -> str:
    now = escape(value_name(desk.catalog, one.field, one.value))
    if one.value == one.before:
        return f"{now}（核对无误）"
    return f"{escape(value_name(desk.catalog, one.field, one.before))} → {now}"
