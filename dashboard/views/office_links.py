"""The links of a case that were sent to offices, on the page of the case: taking one back leaves the others as they are."""

from __future__ import annotations

import streamlit as st

from alerts.ledger.office_links import SentLink
from alerts.model import Case, User
from alerts.revoking import revoke_link
from dashboard.desk import Desk
from dashboard.markup import said, table
from dashboard.text import office_name, stamp
from dashboard.views.parts import attempt


def show_links(desk: Desk, user: User, case: Case) -> None:
    with desk.ledger.read() as tx:
        links = tx.links.of_case(case.id)
    if not links or desk.links is None:
        return
    st.subheader("办理链接")
    rows = (
        (said(stamp(one.made_at), "number"), said(office_name(desk.catalog, one.office)), _state(one)) for one in links
    )
    st.html(table(("发出", "单位", "状态"), rows))
    good = {one.id: one for one in links if one.revoked_at is None}
    if good:
        _form(desk, user, good)


def _form(desk: Desk, user: User, good: dict[str, SentLink]) -> None:
    names = {key: f"{stamp(one.made_at)} {office_name(desk.catalog, one.office)}" for key, one in good.items()}
    with st.expander("作废一个链接"), st.form("form-revoke", clear_on_submit=True):
        st.selectbox("链接", list(names), format_func=lambda key: names.get(key, key), key="revoke-link")
        st.text_input("理由（必填，如误转发）", key="revoke-reason", max_chars=200)
        st.form_submit_button("作废", key="revoke-submit", on_click=_revoke, args=(desk, user, good))


def _revoke(desk: Desk, user: User, good: dict[str, SentLink]) -> None:
    link, reason = good.get(st.session_state.get("revoke-link", "")), str(st.session_state.get("revoke-reason") or "")
    if link is not None:
        attempt(lambda: _write(desk, user, link, reason), "链接已作废，其他链接不受影响。")


def _write(desk: Desk, user: User, link: SentLink, reason: str) -> None:
    with desk.ledger.begin() as tx:
        revoke_link(tx, link, user.name, desk.now(), reason)


def _state(link: SentLink) -> str:
    if link.revoked_at is None:
        return said("未作废")
    return said(f"{stamp(link.revoked_at)} {link.revoked_by} 作废：{link.reason}")
