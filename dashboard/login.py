"""Who is logged in: name and time of the login live in the session, the account is read anew at every look.

A reload of the page begins a new session; the cookie, a random token, leads back to the login.
"""

from __future__ import annotations

import streamlit as st

from alerts.model import User
from dashboard.actions import SESSION, sign_in, sign_out, signed_in
from dashboard.desk import Desk
from dashboard.sessions import COOKIE, Sessions

NAME, SINCE, TOKEN = "user_name", "signed_in_at", "session_token"
NEW_COOKIE = "new_cookie"  # the value that the browser is still to be given; "" to take it away


@st.cache_resource(show_spinner=False)
def sessions() -> Sessions:
    return Sessions(SESSION)


def current_user(desk: Desk) -> User | None:
    """None when nobody is logged in, the login is too old or the account was disabled meanwhile."""
    if NAME not in st.session_state:
        _recall(desk)
    name, since = st.session_state.get(NAME), st.session_state.get(SINCE)
    return signed_in(desk, name, since) if name and since else None


def _recall(desk: Desk) -> None:
    """Take up the login that the browser's cookie leads to."""
    token = st.context.cookies.get(COOKIE)
    found = sessions().find(token, desk.now()) if isinstance(token, str) else None
    if found:
        st.session_state[NAME], st.session_state[SINCE], st.session_state[TOKEN] = found.user, found.since, token


def log_out(desk: Desk, user: User) -> None:
    sign_out(desk, user.name)
    sessions().close(st.session_state.get(TOKEN, ""))
    st.session_state.clear()
    st.session_state[NEW_COOKIE] = ""


def hand_over_cookie() -> None:
    """Give the browser its new cookie. The value is a token of ours: letters, digits, - and _, never a text from outside."""
    value = st.session_state.pop(NEW_COOKIE, None)
    if value is None:
        return
    seconds = int(SESSION.total_seconds()) if value else 0
    cookie = f"{COOKIE}={value}; path=/; max-age={seconds}; SameSite=Lax"
    secure = "(location.protocol === 'https:' ? '; Secure' : '')"
    st.html(f"<script>document.cookie = '{cookie}' + {secure};</script>", unsafe_allow_javascript=True)


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
    now = desk.now()
    token = sessions().open(user.name, now)
    st.session_state[NAME], st.session_state[SINCE], st.session_state[TOKEN] = user.name, now, token
    st.session_state[NEW_COOKIE] = token
    st.rerun()
