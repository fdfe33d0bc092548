"""The demo town's pages as HTML: pure, from posts to text. The class names are the defaults of `crawlers/fields.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape
from xml.sax.saxutils import escape as xml

from app.demo.schedule import TownPost, number
from configs.catalog import SHANGHAI

NOTICE = "演示数据，均为虚构"
PER_PAGE = 30
SITE = {"board": "市民留言板", "forum": "城事论坛", "news": "本地新闻", "feed": "街镇快讯", "hotline": "12345 工单"}
HOME = {
    "board": ("/board/", "向有关部门留言，公开答复"),
    "forum": ("/forum/", "街坊邻里说说身边事"),
    "news": ("/news/", "本地消息"),
    "feed": ("/rss.xml", "各街镇动态（RSS）"),
    "hotline": ("/hotline/", "热线工单公开表（xlsx）"),
}
SHEET_PATH = "/hotline/12345.xlsx"
ROBOTS = "User-agent: *\nAllow: /\n"

_STYLE = """
body{font:16px/1.75 "Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;margin:0;background:#f4f5f3;color:#22302c}
header{background:#1f5f57;color:#fff}header div,main,footer{max-width:860px;margin:auto;padding:12px 20px}
header a{color:#fff;text-decoration:none;margin-right:18px}header a.now{border-bottom:2px solid #f2c14e}
.notice{background:#fff3cd;color:#6b5200;text-align:center;padding:4px;font-size:14px;margin:0}
main{background:#fff;min-height:60vh;padding-bottom:32px}h1{font-size:22px;line-height:1.4}a{color:#17594f}
.list{list-style:none;padding:0;margin:0}.item{display:flex;gap:12px;padding:9px 2px;border-bottom:1px solid #e6e9e5}
.item a{flex:1;text-decoration:none}.item a:hover{text-decoration:underline}
.time,.author,.mark{color:#6f7d78;font-size:14px}
.content{white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0 14px}
.meta span{margin-right:14px}
.post{border-bottom:1px solid #e6e9e5;padding-top:10px}
.reply{background:#eef6f3;border-left:4px solid #1f5f57;padding:8px 16px}
.pager{display:flex;justify-content:space-between;padding-top:14px}footer{color:#8b9692;font-size:13px}
"""


def at(moment: datetime) -> str:
    """A time as the site shows it: 2026-11-25 09:36:05, Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def layout(title: str, body: str, section: str = "") -> str:
    links = "".join(
        f'<a href="{HOME[key][0]}"{" class=now" if key == section else ""}>{name}</a>' for key, name in SITE.items()
    )
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)} - 演示小城</title>'
        f"<style>{_STYLE}</style></head><body>"
        f'<p class="notice">{NOTICE}</p><header><div><a href="/"><b>演示小城</b></a>{links}</div></header>'
        f"<main>{body}</main><footer>{NOTICE}。人物、单位、小区、学校均系杜撰。</footer></body></html>"
    )


def home() -> str:
    rows = "".join(
        f'<li class="item"><a href="{HOME[key][0]}">{name}</a><span class="time">{HOME[key][1]}</span></li>'
        for key, name in SITE.items()
    )
    return layout("首页", f'<h1>演示小城</h1><ul class="list">{rows}</ul>')


def missing() -> str:
    return layout("没有这一页", "<h1>没有这一页</h1><p>地址有误，或者这条信息还没有发布。</p>")


def board_list(posts: Sequence[TownPost], page: int, more: bool, now: datetime) -> str:
    """One page of the message board, newest first."""
    rows = [_item(post, post.published_at, "已回复" if answered(post, now) else "办理中") for post in posts]
    return _list("board", rows, page, more)


def board_detail(post: TownPost, now: datetime) -> str:
    reply = ""
    if answered(post, now) and post.reply_at is not None:
        reply = (
            f'<div class="reply"><div class="meta"><span class="office">{escape(post.office)}</span>'
            f'<span class="time">{at(post.reply_at)}</span></div><div class="content">{escape(post.reply)}</div></div>'
        )
    body = f'<h1>{escape(post.title)}</h1><div class="post">{_body(post)}</div>{reply}'
    return layout(post.title, body, "board")


def forum_list(threads: Sequence[tuple[TownPost, datetime, int]], page: int, more: bool) -> str:
    """One page of threads (opening post, time of the last post, number of replies), the most recently active first."""
    return _list("forum", [_item(post, last, f"{replies} 回复") for post, last, replies in threads], page, more)


def forum_thread(posts: Sequence[TownPost]) -> str:
    """A thread, the opening post first."""
    floors = "".join(
        f'<div class="post" id="p{number(post.key)}">{_body(post, _floor(floor))}</div>'
        for floor, post in enumerate(posts)
    )
    return layout(posts[0].title, f"<h1>{escape(posts[0].title)}</h1>{floors}", "forum")


def news_list(posts: Sequence[TownPost], page: int, more: bool) -> str:
    return _list("news", [_item(post, post.published_at, "") for post in posts], page, more)


def article(post: TownPost) -> str:
    body = f'<h1>{escape(post.title)}</h1><div class="article">{_body(post)}</div>'
    return layout(post.title, body, post.source)


def hotline_home() -> str:
    body = (
        f'<h1>12345 热线工单公开表</h1><p><a href="{SHEET_PATH}">下载近 30 日工单（xlsx）</a></p>'
        f"<p>表格随新工单更新。{NOTICE}。</p>"
    )
    return layout("12345 工单", body, "hotline")


def rss(posts: Sequence[TownPost], base: str, now: datetime) -> str:
    """The feed, newest first. `base` is the site's address without a slash at its end."""
    items = "".join(
        f"<item><title>{xml(post.title)}</title><link>{base}{post.path}</link><guid>{base}{post.path}</guid>"
        f"<author>{xml(post.author)}</author><pubDate>{format_datetime(post.published_at)}</pubDate>"
        f"<description>{xml(post.text)}</description></item>"
        for post in posts
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>街镇快讯（{NOTICE}）</title><link>{base}/</link><description>{NOTICE}</description>"
        f"<lastBuildDate>{format_datetime(now)}</lastBuildDate>{items}</channel></rss>"
    )


def answered(post: TownPost, now: datetime) -> bool:
    return post.reply_at is not None and post.reply_at <= now


def _list(section: str, rows: Sequence[str], page: int, more: bool) -> str:
    newer = f'<a class="prev" href="{HOME[section][0]}?page={page - 1}">上一页</a>' if page > 1 else "<span></span>"
    older = f'<a class="next" href="{HOME[section][0]}?page={page + 1}">下一页</a>' if more else ""
    body = f'<h1>{SITE[section]}</h1><ul class="list">{"".join(rows)}</ul><div class="pager">{newer}{older}</div>'
    return layout(f"{SITE[section]} 第 {page} 页", body, section)


def _item(post: TownPost, moment: datetime, mark: str) -> str:
    shown = f'<span class="mark">{mark}</span>' if mark else ""
    return (
        f'<li class="item"><a href="{post.path}">{escape(post.title)}</a>{shown}'
        f'<span class="time">{at(moment)}</span></li>'
    )


def _body(post: TownPost, mark: str = "") -> str:
    shown = f'<span class="mark">{mark}</span>' if mark else ""
    meta = f'<span class="author">{escape(post.author)}</span><span class="time">{at(post.published_at)}</span>{shown}'
    return f'<div class="meta">{meta}</div><div class="content">{escape(post.text)}</div>'


def _floor(index: int) -> str:
    return "楼主" if index == 0 else f"{index} 楼"
