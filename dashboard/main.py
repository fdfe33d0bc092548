"""The pages of the dashboard and what stands around each of them: login, menu, notice, messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from alerts.model import User
from dashboard.desk import Desk
from dashboard.login import current_user, hand_over_cookie, log_out, login_page
from dashboard.look import STYLE
from dashboard.text import ROLE, plain
from dashboard.views import alerts, case_page, cases, office_page, overview, post_page, promises, search, system, triage
from dashboard.views.parts import PAGES, guarded, show_message

View = Callable[[Desk, User], None]

VIEWS: tuple[tuple[str, str, View], ...] = (
    ("overview", "总览", overview.show),
    ("triage", "研判台", triage.show),
    ("cases", "案件", cases.show),
    ("case", "案件详情", case_page.show),
    ("promises", "承诺台账", promises.show),
    ("post", "信息", post_page.show),
    ("search", "检索", search.show),
    ("alerts", "预警", alerts.show),
    ("system", "系统", system.show),
)
ADMIN_ONLY = ("system",)
NOT_IN_MENU = ("case", "post")
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="150" height="32" viewBox="0 0 150 32"><text x="0" y="24" '
    'font-family="Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif" font-size="23" font-weight="700" '
    'letter-spacing="2" fill="#1f4e7a">民声</text><text x="62" y="23" font-size="12" fill="#5f6b7a" '
    'font-family="Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif">值班看板</text></svg>'
)


def show(desk: Desk) -> None:
    """Draw the page that the browser asks for; without a login, the login form in its place."""
    st.set_page_config(page_title="民声 · 值班看板", layout="wide")
    st.html(STYLE)
    st.logo(LOGO, size="large")
    user = current_user(desk)
    hand_over_cookie()
    pages = {name: _page(desk, user, name, title, view) for name, title, view in VIEWS if _may_see(user, name)}
    st.session_state[PAGES] = pages
    pages[office_page.PATH] = _office_page(desk)
    chosen = st.navigation(list(pages.values()), position="sidebar" if user else "hidden")
    if desk.settings.demo_notice:
        st.html(f'<div class="notice{"" if user else " lone"}">演示数据，均为虚构</div>')
    if chosen == pages[office_page.PATH]:
        chosen.run()  # for whoever has its link
        return
    if user is None:
        guarded(lambda: login_page(desk))
        return
    _sidebar(desk, user)
    show_message()
    chosen.run()


def _may_see(user: User | None, name: str) -> bool:
    """Before the login every address is kept, so that a link from a mail still leads there afterwards."""
    return user is None or user.role == "admin" or name not in ADMIN_ONLY


def _page(desk: Desk, user: User | None, name: str, title: str, view: View) -> st.Page:
    def draw() -> None:
        if user is not None:
            guarded(lambda: view(desk, user))

    shown: Literal["visible", "hidden"] = "hidden" if name in NOT_IN_MENU else "visible"
    return st.Page(draw, title=title, url_path=name, default=name == "overview", visibility=shown)


def _office_page(desk: Desk) -> st.Page:
    return st.Page(
        lambda: guarded(lambda: office_page.show(desk)),
        title="单位办理",
        url_path=office_page.PATH,
        visibility="hidden",
    )


def _sidebar(desk: Desk, user: User) -> None:
    with st.sidebar:
        st.caption(f"{plain(user.display_name)} · {ROLE.get(user.role, user.role)}")
        if st.button("退出登录", key="logout"):
            log_out(desk, user)
            st.rerun()
