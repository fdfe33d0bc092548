from __future__ import annotations

import pytest
from parsel import Selector

from configs.catalog import Source
from crawlers.extract import html_text, pick, pick_count, problems

PAGE = Selector(
    text="""<div class="a"><p>第一段，&nbsp; 有空格</p><p>第二段<br>换行<script>bad()</script><!-- x -->尾</p></div>
    <span class="n">点赞 1.2万</span><a href="/x">链</a><time datetime="2026-11-25T09:30">今天</time>"""
)


@pytest.mark.parametrize(
    ("css", "text"),
    [
        (".a", "第一段， 有空格\n第二段\n换行尾"),
        ("a::attr(href)", "/x"),
        ("time::attr(datetime)", "2026-11-25T09:30"),
        (".none", ""),
        ("", ""),
        (".none, a::attr(href)", "/x"),
    ],
)
def test_a_selector_gives_clean_text(css: str, text: str) -> None:
    assert pick(PAGE, css) == text


def test_counts_are_read_as_people_write_them() -> None:
    assert pick_count(PAGE, ".n") == 12_000
    assert pick_count(PAGE, ".a") is None


def test_html_in_a_feed_becomes_text() -> None:
    assert html_text("<p>一</p><p>二 &amp; 三</p>") == "一\n二 & 三"
    assert html_text("没有标记") == "没有标记"


def test_deep_nesting_is_no_problem() -> None:
    assert html_text("<div>" * 1_000 + "底" + "</div>" * 1_000).endswith("底")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"entry": "ul[["}, "fields.entry 的选择器“ul[[”写法有误"),
        ({"titel": "h1"}, "没有字段 fields.titel"),
    ],
)
def test_wrong_fields_are_named(fields: dict[str, str], said: str) -> None:
    source = Source(key="b", name="b", kind="board", url="http://a.example", publishes="message", fields=fields)
    assert said in problems(source)[0]


def test_good_fields_have_no_problems() -> None:
    board = {"entry": "table tr", "time": "time::attr(datetime)"}
    assert problems(Source(key="b", name="b", kind="board", url="http://a", publishes="message", fields=board)) == []
    sheet = {"column.text": "诉求内容"}
    assert problems(Source(key="s", name="s", kind="sheet", url="http://a", publishes="hotline", fields=sheet)) == []
