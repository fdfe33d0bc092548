"""系统: users, what was counted, the sources, the latest lines of the audit. For admins."""

from __future__ import annotations

from datetime import timedelta
from html import escape

import streamlit as st

from alerts.drift import MEASURES, moved_words
from alerts.model import User
from dashboard import actions, data
from dashboard.desk import Desk
from dashboard.markup import chip, said, source_table, table
from dashboard.text import AUDIT, PART, ROLE, SHARES, counted, plain, stamp
from dashboard.views.parts import attempt, live, nothing

NEW_USER = ("new-name", "new-display", "new-password", "new-role")


def show(desk: Desk, user: User) -> None:
    if user.role != "admin":
        st.warning("这一页只对管理员开放。")
        return
    st.title("系统")
    users, sources, judging, meters, audit = st.tabs(["用户", "来源", "研判变化", "计数", "审计"])
    with users:
        _users(desk, user)
    with sources:
        live(desk, "system-sources", lambda: _sources(desk))
    with judging:
        live(desk, "system-drift", lambda: _drift(desk))
    with meters:
        live(desk, "system-meters", lambda: _meters(desk))
    with audit:
        live(desk, "system-audit", lambda: _audit(desk))


def _users(desk: Desk, user: User) -> None:
    everybody = data.users(desk)
    rows = (
        (
            escape(one.name),
            escape(one.display_name),
            ROLE[one.role],
            chip("已停用", "shut") if one.disabled else chip("可登录", "done"),
        )
        for one in everybody
    )
    st.html(table(("用户名", "姓名", "角色", "状态"), rows))
    change, add = st.columns(2, gap="large")
    with change:
        _change(desk, user, [one for one in everybody if one.name != user.name])
    with add, st.form("new-user"):
        st.markdown("**新增用户**")
        st.text_input("用户名", key="new-name", max_chars=60)
        st.text_input("姓名", key="new-display", max_chars=60)
        st.text_input("密码（至少 8 个字符）", type="password", key="new-password", max_chars=200)
        st.selectbox("角色", list(ROLE), format_func=lambda role: ROLE.get(role, role), key="new-role")
        st.form_submit_button("新增", type="primary", on_click=_add, args=(desk, user))


def _change(desk: Desk, user: User, others: list[User]) -> None:
    with st.container(border=True):
        st.markdown("**停用、启用、改密码**")
        if not others:
            nothing("除你以外没有别的用户。")
            return
        known = {one.name: one for one in others}
        name = st.selectbox("用户", list(known), key="chosen-user")
        if name not in known:
            return
        off = known[name].disabled
        st.button("启用" if off else "停用", key="switch-user", on_click=_switch, args=(desk, user, name, not off))
        with st.form("password", border=False):
            st.text_input("新密码（至少 8 个字符）", type="password", key="other-password", max_chars=200)
            st.form_submit_button("改密码", on_click=_password, args=(desk, user, name))


def _add(desk: Desk, user: User) -> None:
    name, display, password, role = (st.session_state.get(key, "") for key in NEW_USER)
    if attempt(lambda: actions.add_user(desk, user, name.strip(), display, password, role), f"已新增用户 {name}。"):
        for key in NEW_USER[:3]:
            st.session_state[key] = ""


def _switch(desk: Desk, user: User, name: str, disabled: bool) -> None:
    done = f"已{'停用' if disabled else '启用'} {name}。"
    attempt(lambda: actions.disable_user(desk, user, name, disabled), done)


def _password(desk: Desk, user: User, name: str) -> None:
    password = st.session_state.get("other-password", "")
    if attempt(lambda: actions.set_password(desk, user, name, password), f"已修改 {name} 的密码。"):
        st.session_state["other-password"] = ""


def _sources(desk: Desk) -> None:
    health = data.source_health(desk)
    if health:
        st.html(source_table(health, desk.now()))
    else:
        nothing("没有启用的来源。")
    off = [source.name for source in desk.catalog.sources if not source.enabled]
    if off:
        st.caption(f"未启用: {plain('、'.join(off))}")


def _drift(desk: Desk) -> None:
    """The last whole weeks, each against the four before it."""
    rows = []
    for one in data.drift(desk):
        if one.index is None:
            told = said(f"信息太少（{one.posts:,} 条，此前四周 {one.before:,} 条）", "quiet")
        else:
            told = chip(f"{one.index:.2f}", "soon" if one.index > desk.drift.limit else "done")
        rows.append(
            (said(one.week.isoformat(), "number"), MEASURES[one.measure], told, escape(moved_words(desk.catalog, one)))
        )
    st.caption(
        f"每周与此前四周相比的稳定性指数（PSI）: 0.1 以下为稳定，超过 {desk.drift.limit:g} 时提醒值班室。"
        "只计新信息，不含历史数据、近似重复和搁置的信息；生词指训练资料中没有出现过的字组。"
    )
    st.html(table(("周（周一）", "指标", "指数", "变化最大的"), rows))
    st.caption(f"近 30 天人工改正 {data.count_corrected(desk):,} 条信息。")


def _meters(desk: Desk) -> None:
    meters = [meter for meter in data.meters(desk, timedelta(days=7)) if meter.what not in SHARES]
    if not meters:
        nothing("近 7 天没有计数记录，请确认各处理进程是否在运行。")
        return
    st.caption("近 7 天")
    rows = []
    for meter in meters:
        what, reason = counted(meter.what, meter.reason)
        rows.append((escape(PART.get(meter.part, meter.part)), escape(what), escape(reason), f"{meter.n:,}"))
    st.html(table(("环节", "处理", "原因", "次数"), rows))


def _audit(desk: Desk) -> None:
    rows = (
        (
            said(stamp(entry.at), "number"),
            escape(entry.actor),
            escape(AUDIT.get(entry.what, entry.what)),
            escape(entry.target),
            escape(entry.detail),
        )
        for entry in data.audit_tail(desk)
    )
    st.caption("最近 100 条")
    st.html(table(("时间", "谁", "做了什么", "对象", "说明"), rows))
