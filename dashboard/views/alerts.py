"""预警: what was told to which office, what was not, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from html import escape

import streamlit as st

from alerts.ledger import AlertFilter
from alerts.model import Alert, Case, User
from dashboard import data
from dashboard.desk import Desk, today
from dashboard.markup import chip, line, said, severity_chip
from dashboard.text import ALERT_KIND, ALERT_STATE, office_name, stamp
from dashboard.views.case_page import ALERT_COLOUR
from dashboard.views.parts import PER_PAGE, choose, link, live, nothing, pager

DAYS = {1: "近 1 天", 7: "近 7 天", 30: "近 30 天", 0: "不限"}
MOST = 500


def show(desk: Desk, user: User) -> None:
    st.title("预警")
    wanted = _filters(desk)
    live(desk, "alert-list", lambda: _list(desk, wanted))


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
    found, cases = data.alerts(desk, wanted)
    many = f"条（只列最近 {MOST} 条）" if len(found) == MOST else "条"
    offset = pager("alert-pager", replace(wanted, limit=0), len(found), many)
    if not found:
        nothing("没有符合条件的预警。")
    _rows(desk, found[offset : offset + PER_PAGE], cases)


def _rows(desk: Desk, found: Sequence[Alert], cases: Mapping[str, Case]) -> None:
    for alert in found:
        with st.container(key=f"row-alert-{alert.id}"):
            page, query = ("case", {"id": alert.case_id}) if alert.case_id else ("triage", {"event": alert.event_id})
            link(page, alert.title, query)
            st.html(_row(desk, alert, cases.get(alert.case_id)))


def _row(desk: Desk, alert: Alert, case: Case | None) -> str:
    sent = f"发出 {stamp(alert.sent_at)}" if alert.sent_at else ""
    tries = f"已试 {alert.attempts} 次" if alert.attempts and alert.state != "sent" else ""
    again = f"下次 {stamp(alert.next_try_at)}" if alert.next_try_at else ""
    first = line(
        chip(ALERT_STATE[alert.state], ALERT_COLOUR[alert.state]),
        chip(ALERT_KIND[alert.kind]),
        severity_chip(alert.severity),
        said(office_name(desk.catalog, alert.office), "strong"),
        said(stamp(alert.created_at), "number"),
        *(said(words, "number") for words in (sent, tries, again)),
        said(case.number if case else "", "number"),
    )
    why_not = f'<div class="line why-not">{escape(alert.why_not)}</div>' if alert.why_not else ""
    return f'{first}<div class="line">{escape(alert.reason)}</div>{why_not}'
