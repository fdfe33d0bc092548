"""承诺台账: what offices promised, by when, and whether it was kept."""

from __future__ import annotations

import streamlit as st

from alerts.model import User
from dashboard import data
from dashboard.desk import Desk
from dashboard.promises import count_overdue_promises, find_promises, promise_table
from dashboard.views.parts import PER_PAGE, choose, link, live, nothing, pager

WHICH = {"waiting": "待核实", "overdue": "已逾期", "kept": "已兑现", "broken": "未兑现", "": "全部"}


def show(desk: Desk, user: User) -> None:
    st.title("承诺台账")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = choose("范围", WHICH, "promise-which", width=120)
        office = choose("责任单位", {"": "全部", **data.office_choices(desk.catalog)}, "promise-office", width=230)
    live(desk, "promise-list", lambda: _list(desk, which, office))


def _list(desk: Desk, which: str, office: str) -> None:
    late = count_overdue_promises(desk)
    if late:
        st.warning(f"有 {late} 项承诺已到兑现时间，尚未核实。")
    found = find_promises(desk, which, office)
    offset = pager("promise-pager", (which, office), len(found), "项")
    if not found:
        nothing("没有符合条件的承诺。")
    for row in found[offset : offset + PER_PAGE]:
        with st.container(key=f"row-promise-{row.promise.id}"):
            link("case", f"{row.case.number} {row.case.title}", {"id": row.case.id})
            st.html(promise_table(desk.catalog, [row], desk.now()))
