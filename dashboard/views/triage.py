"""研判台: events to look at; the one picked, with its evidence, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import streamlit as st

from alerts.heat import heat
from alerts.ledger import EventFilter
from alerts.model import User
from alerts.notify.words import SEVERITY_MEANS
from alerts.predict import forecast
from dashboard import actions, data
from dashboard.charts import day_chart
from dashboard.data import EventDetail
from dashboard.desk import Desk, today
from dashboard.markup import case_line, event_line, facts, line, said, severity_chip, sources_of, trend_words
from dashboard.text import SEVERITY, office_name, plain, region_name, stamp, topic_name
from dashboard.views.event_actions import forecast_words, show_regrouping
from dashboard.views.parts import PER_PAGE, attempt, choose, link, live, nothing, pager, place_choice, words
from dashboard.views.shown import bullet_list, note_view, office_choice, show_evidence

SORTS = {"heat": "热度", "growth": "增长可能", "newest": "最新", "severity": "严重程度", "posts": "信息量"}
DAYS = {1: "近 1 天", 3: "近 3 天", 7: "近 7 天", 14: "近 14 天", 30: "近 30 天", 0: "不限"}
CASES = {"": "全部", "without": "未立案", "with": "已立案"}


def show(desk: Desk, user: User) -> None:
    st.title("研判台")
    wanted = _filters(desk)
    picked = st.query_params.get("event", "")
    with st.container(key="triage-picked" if picked else "triage-open"):
        left, right = st.columns([1, 1.35], gap="large")
    with left, st.container(key="triage-list"):
        live(desk, "triage-list", lambda: _list(desk, wanted, picked))
    with right:
        if picked:
            _detail(desk, user, picked)
        else:
            nothing("点左侧的事件，查看它的信息、研判依据和处置。")


def _filters(desk: Desk) -> EventFilter:
    topics = {topic.key: topic.short for topic in desk.catalog.topics if topic.key != "none"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = words("词语", "triage-text", "标题、地点、关键词")
        topic = choose("事项", {"": "全部", **topics}, "triage-topic", width=120)
        region = place_choice(desk, "triage")
        severity = choose(
            "严重程度", {n: f"{SEVERITY[n]}及以上" if n < 4 else SEVERITY[4] for n in SEVERITY}, "triage-severity"
        )
        days = choose("时间", DAYS, "triage-days", width=120, default=7)
        case = choose("立案", CASES, "triage-case", width=110)
        sort = choose("排序", SORTS, "triage-sort", width=120)
    return EventFilter(
        topics=(topic,) if topic else (),
        region=region,
        severity_min=severity,
        since=today(desk.now()) - timedelta(days=days - 1) if days else None,
        without_case={"without": True, "with": False}.get(case),
        text=text,
        sort=sort,
        limit=PER_PAGE,
    )


def _list(desk: Desk, wanted: EventFilter, picked: str) -> None:
    now = desk.now()
    offset = pager("triage-pager", wanted, data.count_events(desk, wanted), "个事件")
    rows = data.events(desk, replace(wanted, offset=offset))
    if not rows:
        nothing("没有符合条件的事件。可放宽条件；若一个事件也没有，请在总览查看来源状况。")
    for row in rows:
        mark = "picked-" if row.event.id == picked else ""
        with st.container(key=f"row-{mark}event-{row.event.id}"):
            if st.button(plain(row.event.title) or "（无标题）", key=f"pick-{row.event.id}", type="tertiary"):
                st.query_params["event"] = row.event.id  # a link to the page one is on would not change the address
                st.rerun()
            st.html(event_line(desk.catalog, row, now))


def _detail(desk: Desk, user: User, event_id: str) -> None:
    detail = data.event_detail(desk, event_id)
    if detail is None:
        st.warning("没有这个事件，它可能已并入别的事件。")
        return
    note_view(desk, user, "event.view", detail.event.id)
    st.subheader(plain(detail.event.title))
    st.html(_facts(desk, detail))
    st.altair_chart(day_chart(data.daily(detail.event)), width="stretch", theme=None, key="event-days")
    if detail.case:
        _its_case(desk, detail)
    elif not detail.event.merged_into:
        _without_case(desk, user, detail)
    show_regrouping(desk, user, detail)
    st.subheader(f"信息（{len(detail.links)} 条，显示 {len(detail.posts)} 条）")
    show_evidence(desk, detail)


def _facts(desk: Desk, detail: EventDetail) -> str:
    event = detail.event
    seen = f"{stamp(event.first_seen)} 至 {stamp(event.last_seen)}"
    copies = f"，其中近似重复 {detail.near_copies} 条" if detail.near_copies else ""
    rows = (
        ("严重程度", line(severity_chip(event.severity), said(SEVERITY_MEANS[event.severity]))),
        ("事件分级", said(f"{event.event_grade}（据原文所述数字，待核实）") if event.event_grade else ""),
        ("事项", said(topic_name(desk.catalog, event.topic), "strong")),
        ("地点", said(event.place or region_name(desk.catalog, event.region), "strong")),
        ("热度", said(f"{heat(event, desk.now()):.1f} {trend_words(event)}".strip(), "strong")),
        ("增长", said(forecast_words(forecast(event, desk.now())))),
        ("时间", said(seen, "number")),
        ("信息", said(f"{event.posts} 条，负面 {event.sentiment_neg} 条{copies}")),
        ("来源", sources_of(desk.catalog, event)),
        ("关键词", said("、".join(event.keywords))),
    )
    return facts(rows)


def _its_case(desk: Desk, detail: EventDetail) -> None:
    if detail.case is None:
        return
    with st.container(key=f"row-its-{detail.case.id}"):
        link("case", f"案件 {detail.case.number}", {"id": detail.case.id})
        st.html(case_line(desk.catalog, detail.case, desk.now()))


def _without_case(desk: Desk, user: User, detail: EventDetail) -> None:
    """Open a case by hand, or say why none is needed."""
    decision = data.suggestion(desk, detail)
    event_id = detail.event.id
    opening, none_needed = st.tabs(["立案派单", "无需回应"])
    with opening, st.form(f"open-{event_id}", border=False):
        lead = office_name(desk.catalog, decision.lead)
        st.html(facts([("建议单位", said(lead, "strong")), ("理由", bullet_list(decision.why))]))
        office = office_choice(desk, f"open-office-{event_id}", f"按建议: {lead}", detail.accused)
        reason = f"open-reason-{event_id}"
        st.text_area("立案理由", key=reason, height=80, max_chars=1000)
        st.form_submit_button("立案并派单", type="primary", on_click=_open, args=(desk, user, detail, office, reason))
    with none_needed, st.form(f"none-{event_id}", border=False):
        reason = f"none-reason-{event_id}"
        st.text_area("理由", key=reason, height=80, max_chars=1000)
        st.form_submit_button("记为无需回应", on_click=_none_needed, args=(desk, user, detail, reason))


def _open(desk: Desk, user: User, detail: EventDetail, office: str, reason: str) -> None:
    chosen, why = st.session_state.get(office, ""), st.session_state.get(reason, "")
    attempt(lambda: actions.open_by_hand(desk, detail, chosen, user.name, why), "已立案并派单。")


def _none_needed(desk: Desk, user: User, detail: EventDetail, reason: str) -> None:
    why = st.session_state.get(reason, "")
    attempt(lambda: actions.no_response_needed(desk, detail, user.name, why), "已记为无需回应。")
