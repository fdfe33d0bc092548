"""The page of one case: where it stands, its clocks, what may be done now, the evidence, the history, the notices."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from alerts.cases import VERBS
from alerts.escalation import held_until, highest_level
from alerts.model import Alert, Case, User
from alerts.notify.words import SEVERITY_MEANS
from dashboard import data
from dashboard.data import CaseDetail
from dashboard.desk import Desk
from dashboard.markup import (
    alert_lines,
    clocks,
    facts,
    history,
    line,
    said,
    severity_chip,
    sources_of,
    state_chip,
)
from dashboard.promises import promise_table, promises_of
from dashboard.text import office_name, plain, region_name, stamp, topic_name
from dashboard.views.case_actions import show_actions, show_offer
from dashboard.views.duty_items import show_files
from dashboard.views.office_links import show_links
from dashboard.views.parts import link, live, nothing
from dashboard.views.shown import bullet_list, note_view, show_evidence


def show(desk: Desk, user: User) -> None:
    """The case that ?id=… of the address names, by id or number."""
    name = st.query_params.get("id", "")
    link("cases", "返回案件列表")
    detail = data.case_detail(desk, name) if name else None
    if detail is None:
        st.title("案件详情")
        st.warning(f"没有案件“{plain(name[:60])}”，请核对链接或编号。" if name else "请从案件列表中选一个案件。")
        return
    case = detail.case
    note_view(desk, user, "case.view", case.number)
    st.title(plain(case.title))
    live(desk, f"case-now-{case.id}", lambda: _now(desk, case))
    _accused(desk, detail)
    left, right = st.columns([1, 1.1], gap="large")
    with left:
        st.html(_facts(desk, detail))
        show_offer(desk, user, detail)
        st.subheader("办理")
        show_actions(desk, user, detail)
        if case.promises:
            st.subheader("承诺")
            st.html(promise_table(desk.catalog, promises_of(case), desk.now()))
        st.subheader("办理记录")
        st.html(history(desk.catalog, detail.actions, {key: verb.label for key, verb in VERBS.items()}))
        show_files(desk, user, case)
        show_links(desk, user, case)
        st.subheader("通知")
        _alerts(desk, detail.alerts)
    with right:
        _evidence(desk, detail)


def _accused(desk: Desk, detail: CaseDetail) -> None:
    """Says so when posts accuse an office that has the case: they came later, or with another event."""
    accused = detail.event.accused if detail.event and detail.case.is_open else frozenset()
    offices = (detail.case.office, *detail.case.helps)
    names = [office_name(desk.catalog, one) for one in offices if one.partition("@")[0] in accused]
    if names:
        st.warning(
            f"有信息直接指向{plain('、'.join(names))}，这些信息没有向其展示。请核查；属实的按信访工作条例第三十条改派。"
        )


def _now(desk: Desk, seen: Case) -> None:
    """Number, state and clocks as they are now; says so when the case has changed since the page was drawn."""
    case = data.find_case(desk, seen.id) or seen
    head = line(severity_chip(case.severity), state_chip(case), said(case.number, "number strong"))
    st.html(f"{head}{clocks(case.clocks, desk.now())}")
    if case.version != seen.version and st.button("案件刚有更新，点此刷新", key="case-reload"):
        st.rerun()


def _facts(desk: Desk, detail: CaseDetail) -> str:
    case, catalog = detail.case, desk.catalog
    helps = "、".join(office_name(catalog, one) for one in case.helps)
    rows = (
        ("责任单位", said(office_name(catalog, case.office), "strong")),
        ("协办单位", said(helps)),
        ("事项", said(topic_name(catalog, case.topic))),
        ("地点", said(case.place or region_name(catalog, case.region))),
        ("严重程度", line(severity_chip(case.severity), said(SEVERITY_MEANS[case.severity]))),
        ("事件分级", said(f"{case.event_grade}（据原文所述数字，待核实）") if case.event_grade else ""),
        ("立案", said(stamp(case.opened_at), "number")),
        ("办结", said(stamp(case.closed_at), "number") if case.closed_at else ""),
        ("重新办理", said(f"{case.reopened} 次") if case.reopened else ""),
        ("回潮", said(f"{case.relapses} 次（办结后又有人反映同一问题）") if case.relapses else ""),
        ("回看", _watch(desk, case)),
        ("并入", said(case.joins, "number")),
        ("已知悉", _acknowledged(desk, case)),
        ("提醒到", said(_level(case))),
        ("派单理由", bullet_list(case.why)),
        ("法定依据", said(case.basis)),
    )
    return facts(rows)


LEVEL = {"office": "责任单位", "deputy": "分管负责人", "superior": "上级单位", "government": "政府办公室"}


def _level(case: Case) -> str:
    """The highest level that was told that something is overdue, while it still is."""
    level = highest_level(case)
    return f"{LEVEL[level]}（已告知超期）" if level else ""


def _acknowledged(desk: Desk, case: Case) -> str:
    """Who has the case in hand, and until when the levels above wait."""
    until = held_until(case, desk.catalog.follow_up)
    if case.acknowledged_at is None or until is None or not case.is_open:
        return ""
    who = said(office_name(desk.catalog, case.acknowledged_by), "strong")
    held = f"暂缓逐级提醒至 {stamp(until)}" if until > desk.now() else "已过期，继续逐级提醒"
    return line(who, said(stamp(case.acknowledged_at), "number"), said(held))


def _watch(desk: Desk, case: Case) -> str:
    if case.solved_at:
        return said(f"{stamp(case.solved_at)} 确认解决（办结后没有再反映）")
    if case.state != "closed" or case.closed_at is None:
        return ""
    until = case.closed_at + timedelta(days=desk.catalog.follow_up.relapse_days)
    return said(f"至 {stamp(until)} 没有再反映的，确认解决")


def _alerts(desk: Desk, alerts: tuple[Alert, ...]) -> None:
    if not alerts:
        nothing("没有发出过通知。")
        return
    st.html("".join(f'<div class="told">{alert_lines(desk.catalog, alert)}</div>' for alert in alerts))


def _evidence(desk: Desk, detail: CaseDetail) -> None:
    event = detail.event
    if event is None:
        nothing("找不到本案的事件。")
        return
    st.subheader(f"信息（{len(event.links)} 条，显示 {len(event.posts)} 条）")
    st.html(line(said("来源"), f"<span>{sources_of(desk.catalog, event.event)}</span>"))
    link("triage", "在研判台查看事件", {"event": event.event.id})
    show_evidence(desk, event)
