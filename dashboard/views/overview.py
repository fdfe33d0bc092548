"""总览: figures, what needs attention first, the trend, where and what, and whether the sources are well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from html import escape

import streamlit as st

from alerts.model import User
from dashboard import data
from dashboard.charts import bar_chart, trend_chart
from dashboard.desk import Desk, today
from dashboard.markup import case_line, chip, figures, source_table, table
from dashboard.text import PART, PLAIN_SUCCESS, SHARES, URGENCY, counted, stamp
from dashboard.views.parts import link, live, nothing

DAYS = 14
URGENCY_COLOUR = {"overdue": "late", "due_soon": "soon", "objected": "soon", "grave": "s4"}


def show(desk: Desk, user: User) -> None:
    st.title("总览")
    live(desk, "overview-figures", lambda: _figures(desk))
    left, right = st.columns([1.15, 1], gap="large")
    with left:
        st.subheader("先办这些")
        live(desk, "overview-urgent", lambda: _urgent(desk))
    with right:
        st.subheader(f"近 {DAYS} 天信息量")
        live(desk, "overview-trend", lambda: _trend(desk))
        live(desk, "overview-spread", lambda: _spread(desk))
    st.subheader("来源状况")
    live(desk, "overview-sources", lambda: _sources(desk))
    st.subheader("近 24 小时未进入办理的信息与通知")
    live(desk, "overview-meters", lambda: _left_out(desk))


def _figures(desk: Desk) -> None:
    n = data.numbers(desk)
    rows = (
        ("在办案件", n.open_cases, ""),
        ("已超时", n.overdue, "red"),
        ("将到期", n.due_soon, "orange"),
        ("特别严重在办", n.grave, "red"),
        ("派单异议", n.objected, "orange"),
        ("24 小时新事件", n.new_events, ""),
        ("今日信息", n.posts_today, ""),
        ("待发通知", n.waiting_alerts, ""),
        ("发送失败", n.failed_alerts, "red"),
    )
    st.html(f'{figures(rows)}<div class="line">截至 {stamp(desk.now())}（北京时间）</div>')


def _urgent(desk: Desk) -> None:
    now, rows = desk.now(), data.urgent_cases(desk)
    if not rows:
        nothing("目前没有超时、将到期、有异议或特别严重的在办案件。")
    for row in rows:
        with st.container(key=f"row-urgent-{row.case.id}"):
            link("case", row.case.title, {"id": row.case.id})
            why = chip(URGENCY[row.why], URGENCY_COLOUR[row.why]) if row.why != "grave" else ""  # its severity says it
            st.html(case_line(desk.catalog, row.case, now, why))


def _trend(desk: Desk) -> None:
    rows = data.trend(desk, DAYS)
    if not rows:
        nothing(f"近 {DAYS} 天没有收到公共事务类信息。请在“来源状况”中确认采集是否正常。")
        return
    since = today(desk.now()) - timedelta(days=DAYS - 1)
    st.altair_chart(trend_chart(rows, since, DAYS), width="stretch", theme=None, key="trend")


def _spread(desk: Desk) -> None:
    left, right = st.columns(2)
    topics, regions, nowhere = data.spread(desk)
    with left:
        _bars("近 7 天事项", topics, "事项")
    with right:
        _bars("近 7 天地区", regions, "地区")
        if nowhere:
            st.caption(f"另有 {nowhere:,} 条未能定位到市县。")


def _bars(title: str, counts: Mapping[str, int], name: str) -> None:
    st.subheader(title)
    if counts:
        st.altair_chart(bar_chart(counts, name), width="stretch", theme=None, key=f"spread-{name}")
    else:
        nothing("近 7 天没有这样的信息。")


def _sources(desk: Desk) -> None:
    health = data.source_health(desk)
    if health:
        st.html(source_table(health, desk.now()))
    else:
        nothing("没有启用的来源，因此不会有新信息。请在 configs/sources.yaml 中启用来源，或用 minsheng import 导入。")


def _left_out(desk: Desk) -> None:
    meters = [meter for meter in data.meters(desk) if meter.what not in (*PLAIN_SUCCESS, *SHARES)]
    if not meters:
        nothing("没有计数记录。如果处理进程没有运行，这里也会是空的，请结合来源状况判断。")
        return
    rows = []
    for meter in sorted(meters, key=lambda one: -one.n):
        what, reason = counted(meter.what, meter.reason)
        rows.append((escape(PART.get(meter.part, meter.part)), escape(what), escape(reason), f"{meter.n:,}"))
    st.html(table(("环节", "处理", "原因", "次数"), rows))
