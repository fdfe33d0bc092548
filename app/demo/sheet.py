"""The hotline's public spreadsheet: one row an order, with the headers that `configs/sheet.yaml` knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

import xlsxwriter

from app.demo.pages import NOTICE, answered, at
from app.demo.schedule import TownPost, number
from configs.catalog import SHANGHAI

HEADERS = (
    "工单编号",
    "诉求标题",
    "诉求内容",
    "来电人",
    "来电时间",
    "办理状态",
    "承办单位",
    "答复内容",
    "答复时间",
    "说明",
)


def workbook(posts: Sequence[TownPost], now: datetime) -> bytes:
    """The sheet as xlsx bytes. A column of its own says that the data is invented, so a row alone carries it too."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "constant_memory": False, "strings_to_urls": False})
    sheet = book.add_worksheet("工单")
    sheet.set_column(1, 2, 40)
    sheet.set_column(3, 9, 20)
    sheet.write_row(0, 0, HEADERS, book.add_format({"bold": True}))
    for index, post in enumerate(posts, 1):
        sheet.write_row(index, 0, _row(post, now))
    book.close()
    return buffer.getvalue()


def order_number(post: TownPost) -> str:
    """As RX20261125-83920114: the date of the call and the post's number."""
    return f"RX{post.published_at.astimezone(SHANGHAI):%Y%m%d}-{number(post.key)}"


def _row(post: TownPost, now: datetime) -> tuple[str, ...]:
    done = answered(post, now)
    reply_at = at(post.reply_at) if done and post.reply_at else ""
    office, reply = (post.office, post.reply) if done else ("", "")
    state = "已办结" if done else "办理中"
    head = (order_number(post), post.title, post.text, post.author, at(post.published_at))
    return (*head, state, office, reply, reply_at, NOTICE)
