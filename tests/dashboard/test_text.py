"""How things are written, and that nothing of a post becomes markup."""

from __future__ import annotations

import re
import string
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.catalog import SHANGHAI
from configs.quiet import ALERT_KINDS
from dashboard.markup import post_card, table
from dashboard.text import (
    ALERT_KIND,
    AUDIT,
    countdown,
    counted,
    excerpt,
    highlighted,
    merged,
    plain,
    span,
    stamp,
    until,
    web_link,
)
from tests.alerts.town import NOW, catalog, judged

ROOT = Path(__file__).parents[2]
spans = st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=6)


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text = ""
        self.attributes: dict[str, str | None] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text("<>&\"'ab工资", max_size=50), spans)
def test_highlighting_keeps_the_text_and_adds_only_marks(text: str, where: list[tuple[int, int]]) -> None:
    html = highlighted(text, where)
    assert unescape(html.replace("<mark>", "").replace("</mark>", "")) == text
    assert set(Tags(html).found) <= {"mark"}


@given(spans, st.integers(0, 50))
def test_merged_spans_lie_apart_and_inside(where: list[tuple[int, int]], length: int) -> None:
    joined = merged(where, length)
    assert all(0 <= start < end <= length for start, end in joined)
    assert all(one[1] < two[0] for one, two in pairwise(joined))


@given(st.text("甲乙丙丁", min_size=1, max_size=200), st.integers(0, 190), st.integers(20, 60))
def test_an_excerpt_still_shows_its_first_span(text: str, start: int, length: int) -> None:
    where = (min(start, len(text) - 1), min(start, len(text) - 1) + 1)
    cut, moved = excerpt(text, [where], length)
    assert cut[moved[0][0] : moved[0][1]] == text[where[0] : where[1]]
    assert len(cut) <= length + 2


def test_a_post_cannot_bring_markup_or_a_script_address() -> None:
    one = judged("p1", '<script>alert(1)</script><b onclick="x()">欠薪</b>', title="<img src=x onerror=y>")
    bad = type(one)(
        type(one.post)(**{name: getattr(one.post, name) for name in one.post.__slots__} | {"url": "javascript:x"}),
        one.judgement,
    )
    parsed = Tags(post_card(catalog(), bad))
    assert not {"script", "b", "img", "a"} & set(parsed.found)
    assert "<script>alert(1)</script>" in parsed.text


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//host", "http://[", ""]
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert web_link(url) == ""


def test_web_addresses_are_kept() -> None:
    assert web_link("https://town.example/1?a=b") == "https://town.example/1?a=b"


def test_labels_are_plain_text() -> None:
    assert plain("a\nb *c* :red[d] $x$") == "a b \\*c\\* \\:red\\[d\\] \\$x\\$"
    assert plain(string.ascii_letters + "工资") == string.ascii_letters + "工资"


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, "0分"), (59, "59分"), (60, "1小时"), (125, "2小时5分"), (1440, "1天"), (4560, "3天4小时")],
)
def test_spans_of_time(minutes: int, expected: str) -> None:
    assert span(timedelta(minutes=minutes)) == expected


def test_countdowns_and_moments_are_said_in_shanghai_time() -> None:
    assert countdown(NOW + timedelta(hours=2), NOW) == "剩 2小时"
    assert countdown(NOW - timedelta(minutes=3), NOW) == "超时 3分"
    assert stamp(NOW) == "2026-11-25 10:00"
    assert stamp(None) == "—"


def test_heads_of_a_table_are_escaped() -> None:
    assert set(Tags(table(("<b>", "c"), [("1", "2")])).found) == {"table", "thead", "tbody", "tr", "th", "td"}


COUNTED = re.compile(r'count\("(\w+)", "([\w.]+)"')
AUDITED = re.compile(r'audit\.add\([^"()]*(?:\(\))?[^"()]*"([a-z]+\.[a-z_.]+)"')


def literals(pattern: re.Pattern[str]) -> set[object]:
    folders = ("alerts", "app", "crawlers", "dashboard", "stream")
    files = (file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return {found for file in files for found in pattern.findall(file.read_text(encoding="utf-8"))}


def test_whatever_is_counted_or_audited_is_shown_in_chinese() -> None:
    pairs, names = literals(COUNTED), literals(AUDITED)
    assert len(pairs) > 10
    assert len(names) > 10
    raw = {word for pair in pairs for word in counted(*pair) if word.isascii()}  # type: ignore[misc]
    assert raw == set()
    assert {name for name in names if name not in AUDIT} == set()


def test_a_deadline_at_midnight_is_the_end_of_the_day_before() -> None:
    midnight = datetime(2026, 12, 4, tzinfo=SHANGHAI)
    assert until(midnight) == "2026-12-03 24:00"
    assert until(midnight + timedelta(hours=17)) == "2026-12-04 17:00"


@pytest.mark.parametrize("kind", ALERT_KINDS)
def test_what_is_told_again_is_named_as_the_alert_is(kind: str) -> None:
    assert counted("told_again", kind) == ("再次提醒", ALERT_KIND[kind])


def test_a_mail_that_is_too_big_is_not_called_a_page() -> None:
    assert counted("mail_read", "too_big")[1] == "来信过大"
    assert counted("crawl_dropped", "too_big")[1] == "页面过大"
