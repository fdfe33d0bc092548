"""预警: what was told to which office, what was not or not yet, and why; and the silences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import streamlit as st

from alerts.ledger import AlertFilter
from alerts.model import Alert, Case, User
from dashboard import data, silencing
from dashboard.desk import Desk, today
from dashboard.markup import alert_lines, said
from dashboard.text import ALERT_STATE
from dashboard.views.duty_items import show_items
from dashboard.views.parts import PER_PAGE, choose, guarded, link, live, nothing, pager
from dashboard.views.silences import show_silences

DAYS = {1: "近 1 天", 7: "近 7 天", 30: "近 30 天", 0: "不限"}
MOST = 300


def show(desk: Desk, user: User) -> None:
    st.title("预警")
    told, silent, items = st.tabs(["预警", "静默", "待处理"])
    with told:
        wanted = _filters(desk)
        live(desk, "alert-list", lambda: _list(desk, wanted))
    with silent:
        guarded(lambda: show_silences(desk, user))
    with items:
        guarded(lambda: show_items(desk, user))


def _filters(desk: Desk) -> AlertFilter:
    offices = data.alert_offices(desk)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = choose("状态", {"": "全部", **ALERT_STATE}, "alert-state", width=130)
        office = choose("单位", {"": "全部", **offices}, "alert-office", width=230)
        days = choose("时间", DAYS, "alert-days", width=110, default=7)
    return AlertFilter(
        states=(state,) if state else (),
        office=office,
        since=today(desk.now()) - timedelta(days=days - 1) if days else None,
        limit=MOST,
    )


def _list(desk: Desk, wanted: AlertFilter) -> None:
    if waiting := silencing.waiting(desk):
        st.caption(f"暂缓发送：{'，'.join(f'{why} {n} 条' for why, n in waiting)}。每条下面写明等到何时。")
    found, cases = data.alerts(desk, wanted)
    many = "条以上，只列最近的" if len(found) == MOST else "条"
    offset = pager("alert-pager", replace(wanted, limit=0), len(found), many)
    if not found:
        nothing("没有符合条件的预警。")
    _rows(desk, found[offset : offset + PER_PAGE], cases)


def _rows(desk: Desk, found: Sequence[Alert], cases: Mapping[str, Case]) -> None:
    for alert in found:
        with st.container(key=f"row-alert-{alert.id}"):
            page, query = ("case", {"id": alert.case_id}) if alert.case_id else ("triage", {"event": alert.event_id})
            if alert.event_id:
                link(page, alert.title, query)
            else:
                st.html(said(alert.title, "strong"))
            case = cases.get(alert.case_id)
            st.html(alert_lines(desk.catalog, alert, case.number if case else "", with_severity=True))
