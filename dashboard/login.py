"""Who is logged in: name and time of the login live in the session, the account is read anew at every look."""

from __future__ import annotations

import streamlit as st

from alerts.model import User
from dashboard.actions import sign_in, sign_out, signed_in
from dashboard.desk import Desk

NAME, SINCE = "user_name", "signed_in_at"


def current_user(desk: Desk) -> User | None:
    """None when nobody is logged in, the login is too old or the account was disabled meanwhile."""
    name, since = st.session_state.get(NAME), st.session_state.get(SINCE)
    return signed_in(desk, name, since) if name and since else None


def log_out(desk: Desk, user: User) -> None:
    sign_out(desk, user.name)
    st.session_state.clear()


def login_page(desk: Desk) -> None:
    """The form; a right password starts the session and shows the page that was asked for."""
    _, middle, _ = st.columns([1, 1.2, 1])
    with middle:
        st.html('<div class="brand">民声<small>民生诉求监测与办理 · 值班看板</small></div>')
        if st.session_state.get(NAME):
            st.info("登录已失效，请重新登录。")
        with st.form("login"):
            name = st.text_input("用户名", max_chars=60)
            password = st.text_input("密码", type="password", max_chars=200)
            asked = st.form_submit_button("登录", type="primary", width="stretch")
        if asked:
            _try(desk, name.strip(), password)


def _try(desk: Desk, name: str, password: str) -> None:
    user = sign_in(desk, name, password) if name and password else None
    if user is None:
        st.error("用户名或密码不对，或账号已停用、暂时锁定（连错 5 次锁定 15 分钟）。")
        return
    st.session_state[NAME], st.session_state[SINCE] = user.name, desk.now()
    st.rerun()
