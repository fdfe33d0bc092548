"""What lies before the staff because of delivery: answers that match no case, mails that came back, requests; and the files
of a case."""

from __future__ import annotations

from html import escape

import streamlit as st

from alerts.ledger.replies import DutyItem
from alerts.model import Case, User
from dashboard import office_door
from dashboard.desk import Desk
from dashboard.markup import chip, line, said
from dashboard.office_words import DUTY_ITEM
from dashboard.text import office_name, plain, stamp
from dashboard.views.parts import attempt, link, nothing


def show_items(desk: Desk, user: User) -> None:
    items = office_door.open_items(desk)
    if not items:
        nothing("没有待处理的来信、退信和申请。")
    for item in items:
        with st.container(border=True, key=f"row-item-{item.id}"):
            _item(desk, user, item)


def _item(desk: Desk, user: User, item: DutyItem) -> None:
    office = office_name(desk.catalog, item.office) if item.office else ""
    head = line(
        chip(DUTY_ITEM.get(item.kind, item.kind), "soon"), said(office, "strong"), said(stamp(item.at), "number")
    )
    st.html(
        f'{head}<div class="strong">{escape(item.title)}</div><div>{escape(item.text).replace(chr(10), "<br>")}</div>'
    )
    if item.case_id:
        link("case", "查看案件", {"id": item.case_id})
    note, waits = f"item-note-{item.id}", office_door.asks_for_time(desk, item)
    if waits:
        st.caption("同意的，在案件页办理“延期”；不同意的，在这里写明理由。结果会通知该单位。")
    asked = "不予延期的理由（必填）" if waits else "怎样处理的（可不填）"
    st.text_input(asked, key=note, max_chars=200, label_visibility="collapsed", placeholder=asked)
    word = "不予延期" if waits else "已处理"
    st.button(word, key=f"item-done-{item.id}", on_click=_finish, args=(desk, user, item, note, waits))


def _finish(desk: Desk, user: User, item: DutyItem, note: str, waits: bool) -> None:
    text = str(st.session_state.get(note) or "")
    done = "已记录：不予延期，并通知该单位。" if waits else "已标为处理完。"
    attempt(lambda: office_door.finish_item(desk, item, user.name, text), done)


def show_files(desk: Desk, user: User, case: Case) -> None:
    """The files of a case as downloads; none is opened here."""
    with desk.ledger.read() as tx:
        files = tx.replies.files(case.id)
    if not files or desk.attachments is None:
        return
    st.subheader("附件")
    for file in files:
        st.download_button(
            f"{plain(file.name)}（{max(1, file.size // 1024):,} KB，{stamp(file.at)}）",
            data=lambda file=file: office_door.read_file(desk, file, user.name, case.number),  # type: ignore[misc]
            file_name=file.name,
            mime="application/octet-stream",
            key=f"file-{file.id}",
        )
