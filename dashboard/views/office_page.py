"""The page behind the link of a mail: one case, for the office that leads it, without an account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from html import escape
from typing import Any

import streamlit as st

from alerts.attachments import TYPES
from alerts.cases import STATE_LABELS, VERBS
from alerts.model import Case
from alerts.notify.chart import chart_words, daily_chart
from configs.catalog import SHANGHAI
from dashboard import office_door
from dashboard.desk import Desk
from dashboard.markup import facts, said, table
from dashboard.office_door import Door, Tries
from dashboard.office_words import CLOSED, VERB_HINT
from dashboard.text import clock_until, office_name, plain, stamp
from dashboard.views.parts import attempt, show_message

PATH = "office"
OPENED = "office_opened"  # the link that this session has opened, so that a redrawing is not audited again

Given = Callable[[], Mapping[str, Any]]


@st.cache_resource(show_spinner=False)
def tries() -> Tries:
    return Tries()


def show(desk: Desk) -> None:
    token = st.query_params.get("link", "")
    again = st.session_state.get(OPENED) == token
    door = office_door.open_door(desk, tries(), token, _visitor(), again=again)
    st.session_state[OPENED] = token
    if isinstance(door, str):
        st.title("单位办理")
        st.warning(CLOSED[door])
        return
    show_message()
    st.title(plain(str(door.shown["title"])))
    name = plain(office_name(desk.catalog, door.office))
    st.caption(f"{name} · 本页只供贵单位办理本案，打开和操作均有记录，请勿转发链接。")
    left, right = st.columns([1, 1], gap="large")
    with left:
        st.html(_facts(door))
        _evidence(door)
    with right:
        st.subheader("办理")
        _act(desk, token, door)
        _files(desk, token, door)
        _done(door)


def _visitor() -> str:
    """The address of the browser, or of the proxy before us."""
    address = st.context.ip_address
    return address if isinstance(address, str) else ""


def _facts(door: Door) -> str:
    case, shown = door.case, door.shown
    rows = [
        ("案件编号", said(case.number, "number strong")),
        ("状态", said(STATE_LABELS[case.state], "strong")),
        *((name, said(str(value))) for name, value in shown["facts"]),
        ("严重程度", said(f"{shown['severity']}（标准：{shown['means']}）")),
        ("协办单位", said(str(shown["helps"]))),
        *((f"时限：{clock['name']}", said(f"{clock['due']}，{clock['left']}")) for clock in shown["clocks"]),
        ("派单理由", "".join(f"<div>{escape(one)}</div>" for one in shown["why"])),
        ("法定依据", said(f"{shown['basis']}{_source(shown['basis_source'])}")),
    ]
    return facts(rows)


def _source(source: object) -> str:
    return f"（规则来源：{source}）" if source else ""


def _evidence(door: Door) -> None:
    st.subheader("群众反映（原文摘录，个人信息已遮蔽）")
    for quote in door.shown["quotes"]:
        source = f"{quote['source']} · {quote['at']}"
        st.html(f'<div class="told">“{escape(quote["text"])}”<div class="line">{escape(source)}</div></div>')
    if door.shown["withheld"]:
        st.caption(plain(str(door.shown["withheld"])))
    if picture := daily_chart(door.daily):
        st.image(picture, caption=f"每日信息数：{chart_words(door.daily)}")


def _act(desk: Desk, token: str, door: Door) -> None:
    case, verbs = door.case, office_door.verbs_for(door.case)
    chosen = st.pills(
        "现在可以",
        verbs,
        format_func=lambda key: "申请延期" if key == "extend" else VERBS[key].label,
        key=f"office-verb-{case.id}-{case.state}",
        label_visibility="collapsed",
        wrap=True,
    )
    if chosen in verbs:
        _form(desk, token, case, str(chosen))
    elif verbs:
        st.caption("选一个动作，填写后提交。")


def _form(desk: Desk, token: str, case: Case, verb: str) -> None:
    key = f"office-{case.id}-{verb}"
    st.caption(VERB_HINT[verb])
    with st.form(f"form-{key}"):
        given = _fields(desk, case, verb, key)
        needed = VERBS[verb].needs_note
        st.text_area(
            "内容（必填）" if needed else "备注（可不填）",
            key=f"{key}-note",
            max_chars=office_door.NOTE_LIMIT,
            height=120,
        )
        st.form_submit_button(
            "提交",
            key=f"{key}-submit",
            type="primary",
            on_click=_do,
            args=(desk, token, case, verb, f"{key}-note", given),
        )


def _fields(desk: Desk, case: Case, verb: str, key: str) -> Given:
    if verb == "promise":
        st.text_input("承诺事项（必填）", key=f"{key}-what", max_chars=200)
        st.date_input("兑现日期", value=_later(desk.now(), 7), key=f"{key}-by", format="YYYY-MM-DD")
        return lambda: {"what": _typed(f"{key}-what"), "by": str(st.session_state.get(f"{key}-by") or "")}
    if verb == "report":
        st.text_input("上报给谁（必填）", key=f"{key}-to", max_chars=200)
        return lambda: {"to": _typed(f"{key}-to")}
    if verb == "extend":
        return _extension(desk, case, key)
    return dict


def _extension(desk: Desk, case: Case, key: str) -> Given:
    longest = office_door.extensions(desk, case)
    if not longest:
        st.caption("没有可以延期的时限，请按期办理；办不完的，先答复进展。")
        return dict
    names = {clock.key: clock_until(clock, longest[clock.key]) for clock in case.clocks if clock.key in longest}
    st.selectbox("时限", list(names), format_func=lambda one: names.get(one, one), key=f"{key}-clock")
    last = min(longest.values())
    st.date_input("延至", value=_later(last, 0), key=f"{key}-date", format="YYYY-MM-DD")
    return lambda: {"clock": st.session_state.get(f"{key}-clock", ""), "due_at": _evening(f"{key}-date")}


def _typed(key: str) -> str:
    return str(st.session_state.get(key) or "").strip()


def _evening(key: str) -> datetime | str:
    day = st.session_state.get(key)
    return datetime.combine(day, time(17, 30), tzinfo=SHANGHAI) if isinstance(day, date) else ""


def _later(now: datetime, days: int) -> date:
    return (now.astimezone(SHANGHAI) + timedelta(days=days)).date()


def _do(desk: Desk, token: str, case: Case, verb: str, note: str, given: Given) -> None:
    """Runs before the page is drawn anew, with the case as it was shown: sent twice, it is done once."""
    text = st.session_state.get(note, "")
    if attempt(lambda: office_door.act_through(desk, token, case, verb, text, given()), "已提交，值班室可以看到。"):
        st.session_state[note] = ""


def _files(desk: Desk, token: str, door: Door) -> None:
    if desk.attachments is None:
        return
    st.subheader("附件")
    if door.files:
        st.html(table(("文件", "时间"), ((escape(one.name), said(stamp(one.at), "number")) for one in door.files)))
    with st.form("office-file", clear_on_submit=True):
        file = st.file_uploader(
            f"上传附件（{'、'.join(TYPES)}，至多 {desk.attachment_mb} MB）",
            type=list(TYPES),
            key="office-upload",
            max_upload_size=desk.attachment_mb,
        )
        if st.form_submit_button("上传", key="office-upload-submit") and file is not None:
            attempt(lambda: office_door.attach(desk, token, door.case, file.name, file.getvalue()), "附件已上传。")
            st.rerun()


def _done(door: Door) -> None:
    if not door.done:
        return
    st.subheader("本单位的办理记录")
    rows = (
        (
            said(stamp(one.at), "number"),
            escape(VERBS[one.verb].label if one.verb in VERBS else one.verb),
            escape(one.note),
        )
        for one in reversed(door.done)
    )
    st.html(table(("时间", "动作", "内容"), rows))
