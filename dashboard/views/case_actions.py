"""What may be done to a case now: one choice, then the fields that it needs.

A form is sent with the case as the person saw it, so that what somebody else did meanwhile is noticed and not overrun.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import streamlit as st

from alerts.calendar import WorkCalendar
from alerts.cases import Verb, allowed
from alerts.extensions import extendable
from alerts.model import Case, User
from configs.catalog import SHANGHAI
from dashboard import actions, correcting
from dashboard.data import CaseDetail
from dashboard.desk import Desk
from dashboard.markup import facts, line, said, severity_chip
from dashboard.text import clock_until, office_name, until
from dashboard.views.parts import attempt
from dashboard.views.shown import bullet_list, office_choice

Given = Callable[[], Mapping[str, Any]]
TEXTS = {  # verb -> the field of its data that is typed, and what it is called
    "duplicate": ("number", "并入的案件编号（必填）"),
    "referred": ("channel", "转往的渠道（必填，如信访、法院、12345）"),
    "false_information": ("correction", "更正内容（必填，对外公布的更正文字）"),
    "report": ("to", "上报给谁（必填）"),
}
KEPT = {"yes": "已兑现", "no": "未兑现"}
NEXT_STEPS = (
    "confirm",
    "dispatch",
    "accept",
    "start",
    "answer",
    "verify",
    "close",
    "reopen",
    "redispatch",
    "uphold",
    "check_promise",
)


def show_actions(desk: Desk, user: User, detail: CaseDetail) -> None:
    case = detail.case
    verbs = {verb.key: verb for verb in sorted(allowed(case), key=_order)}
    chosen = st.pills(
        "现在可以",
        list(verbs),
        format_func=lambda key: verbs[key].label if key in verbs else key,
        key=f"verb-{case.id}-{case.state}",
        label_visibility="collapsed",
        wrap=True,
    )
    if chosen in verbs:
        _form(desk, user, detail, verbs[chosen])
    else:
        st.caption("选一个动作，填写后提交。")


def show_offer(desk: Desk, user: User, detail: CaseDetail) -> None:
    """What follows from corrections of the case's posts, for a person to decide."""
    found, case = correcting.offer(desk, detail), detail.case
    if found is None:
        return
    with st.container(border=True):
        st.markdown("**有信息经人工改正**")
        if found.decision:
            lead, now = office_name(desk.catalog, found.decision.lead), office_name(desk.catalog, case.office)
            rows = (
                ("建议单位", said(lead, "strong")),
                ("现在单位", said(now)),
                ("理由", bullet_list(found.decision.why)),
            )
            st.html(facts(rows))
            st.caption("同意的，请在下方改派；不同意的，不必操作。")
        if found.severity:
            worse, now = severity_chip(found.severity), severity_chip(case.severity)
            st.html(line(said("改正后的严重程度"), worse, said("高于本案的"), now))
            st.button(
                "升级案件", key=f"escalate-{case.id}", on_click=_escalate, args=(desk, user, case, found.severity)
            )


def _escalate(desk: Desk, user: User, case: Case, severity: int) -> None:
    attempt(lambda: correcting.escalate(desk, case, severity, user.name), "已升级案件，并通知责任单位。")


def _order(verb: Verb) -> tuple[bool, int]:
    return verb.key not in NEXT_STEPS, NEXT_STEPS.index(verb.key) if verb.key in NEXT_STEPS else 0


def _form(desk: Desk, user: User, detail: CaseDetail, verb: Verb) -> None:
    case, key = detail.case, f"{detail.case.id}-{verb.key}"
    with st.form(f"form-{key}"):
        given = _fields(desk, detail, verb, key)
        note = f"note-{key}"
        label = "理由或内容（必填）" if verb.needs_note else "备注（可不填）"
        st.text_area(label, key=note, height=90, max_chars=2000, persist_state="page")
        st.form_submit_button(
            verb.label, key=f"submit-{key}", type="primary", on_click=_do, args=(desk, user, case, verb, note, given)
        )


def _fields(desk: Desk, detail: CaseDetail, verb: Verb, key: str) -> Given:
    """Draw what the verb needs besides the note; returns how to read it."""
    if verb.key in ("redispatch", "dispatch"):
        accused = detail.event.accused if detail.event else frozenset()
        first = "请选择" if verb.key == "redispatch" else "按现在的单位"
        office = office_choice(desk, f"office-{key}", first, accused, without=detail.case.office)
        return lambda: {"office": st.session_state.get(office, "")}
    if verb.key == "extend":
        return _extension(desk, detail.case, key)
    if verb.key == "promise":
        st.text_input("承诺事项（必填）", key=f"what-{key}", max_chars=200)
        st.date_input("兑现日期", value=_day(desk.now(), 7), key=f"by-{key}", format="YYYY-MM-DD")
        return lambda: {"what": st.session_state.get(f"what-{key}", "").strip(), "by": str(_date(f"by-{key}"))}
    if verb.key == "check_promise":
        return _check(desk, detail.case, key)
    if verb.key in TEXTS:
        field, label = TEXTS[verb.key]
        st.text_input(label, key=f"{field}-{key}", max_chars=500)
        return lambda: {field: st.session_state.get(f"{field}-{key}", "").strip()}
    return dict


def _check(desk: Desk, case: Case, key: str) -> Given:
    names = {one.id: f"{one.what}（{until(one.by)} 前）" for one in case.promises if one.kept is None}
    st.selectbox("承诺", list(names), format_func=lambda one: names.get(one, one), key=f"promise-{key}")
    st.radio("是否兑现", ["yes", "no"], format_func=KEPT.get, key=f"kept-{key}", horizontal=True, index=None)
    return lambda: {
        "promise": st.session_state.get(f"promise-{key}", ""),
        "kept": st.session_state.get(f"kept-{key}") or "",
    }


def _extension(desk: Desk, case: Case, key: str) -> Given:
    longest = extendable(desk.catalog, WorkCalendar(desk.catalog.calendar), case)
    if not longest:
        st.caption("没有可以延期的时限：按规定不得延期，或延期次数已满。")
        return dict
    names = {clock.key: clock_until(clock, longest[clock.key]) for clock in case.clocks if clock.key in longest}
    st.selectbox("时限", list(names), format_func=lambda one: names.get(one, one), key=f"clock-{key}")
    st.date_input("新的截止日期", value=_day(min(longest.values()), 0), key=f"date-{key}", format="YYYY-MM-DD")
    st.time_input("新的截止时间", value=time(17, 30), key=f"time-{key}")
    return lambda: {"clock": st.session_state.get(f"clock-{key}", ""), "due_at": _instant(key)}


def _instant(key: str) -> datetime | str:
    day, at = _date(f"date-{key}"), st.session_state.get(f"time-{key}")
    return datetime.combine(day, at, tzinfo=SHANGHAI) if day and at else ""


def _date(key: str) -> date | None:
    value = st.session_state.get(key)
    return value if isinstance(value, date) else None


def _day(at: datetime, later: int) -> date:
    return (at.astimezone(SHANGHAI) + timedelta(days=later)).date()


def _do(desk: Desk, user: User, case: Case, verb: Verb, note: str, given: Given) -> None:
    """Runs before the page is drawn anew, with the case as it was shown."""
    text = st.session_state.get(note, "")
    if attempt(lambda: actions.do_action(desk, case, verb.key, user.name, text, given()), f"已记录：{verb.label}。"):
        st.session_state[note] = ""  # what was refused stays, so that nobody types it twice
