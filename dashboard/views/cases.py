"""案件: the list of cases."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from alerts.cases import STATE_LABELS
from alerts.ledger import CaseFilter
from alerts.model import User
from dashboard import data
from dashboard.desk import Desk
from dashboard.markup import case_line
from dashboard.views.parts import PER_PAGE, choose, link, live, nothing, pager, place_choice, words

OPEN = {"open": "在办", "overdue": "已超时", "closed": "已结", "relapsed": "有回潮", "": "全部"}
SORTS = {"due": "最先到期", "newest": "最新立案", "severity": "严重程度"}


def show(desk: Desk, user: User) -> None:
    st.title("案件")
    wanted = _filters(desk)
    live(desk, "case-list", lambda: _list(desk, wanted))


def _filters(desk: Desk) -> CaseFilter:
    offices = data.office_choices(desk.catalog)
    topics = {topic.key: topic.short for topic in desk.catalog.topics if topic.key != "none"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = words("词语", "case-text", "编号、标题、地点")
        which = choose("范围", OPEN, "case-open", width=110)
        state = choose("状态", {"": "全部", **STATE_LABELS}, "case-state", width=140)
        office = choose("责任单位", {"": "全部", **offices}, "case-office", width=210)
        topic = choose("事项", {"": "全部", **topics}, "case-topic", width=120)
        region = place_choice(desk, "case")
        sort = choose("排序", SORTS, "case-sort", width=130)
    return CaseFilter(
        open={"open": True, "overdue": True, "closed": False}.get(which),
        relapsed=which == "relapsed",
        overdue_at=desk.now() if which == "overdue" else None,
        states=(state,) if state else (),
        offices=(office,) if office else (),
        topics=(topic,) if topic else (),
        region=region,
        text=text,
        sort=sort,
        limit=PER_PAGE,
    )


def _list(desk: Desk, wanted: CaseFilter) -> None:
    now = desk.now()
    wanted = replace(wanted, overdue_at=now if wanted.overdue_at else None)
    offset = pager("case-pager", replace(wanted, overdue_at=None), data.count_cases(desk, wanted), "件")
    found = data.cases(desk, replace(wanted, offset=offset))
    if not found:
        nothing("没有符合条件的案件。")
    for case in found:
        with st.container(key=f"row-case-{case.id}"):
            link("case", case.title, {"id": case.id})
            st.html(case_line(desk.catalog, case, now))
