from __future__ import annotations

import pytest

from crawlers.feeds import NotAFeed, read_feed
from tests.crawlers.conftest import SITE

BASE = "http://example.org/rss.xml"


def test_rss_items_are_read() -> None:
    first, second = read_feed((SITE / "rss.xml").read_bytes(), BASE)
    assert (first.title, first.url, first.key) == (
        "燃气&管道抢修",
        "http://example.org/feed/9?utm_medium=rss",
        "http://example.org/feed/9",
    )
    assert (first.text, first.author) == ("青枫路停气。\n预计晚上恢复。", "街道办")
    assert (second.key, second.url, second.title) == ("tag-8", "", "没有链接的一条")


def test_entities_are_never_expanded() -> None:
    # the entity names a file of this machine; it stays the name it is
    assert read_feed((SITE / "rss.xml").read_bytes(), BASE)[1].text == "正文&local;。"


def test_atom_entries_are_read() -> None:
    (entry,) = read_feed((SITE / "atom.xml").read_bytes(), BASE)
    assert (entry.title, entry.url, entry.text) == ("停水通知", "http://example.org/feed/a", "今晚停水。")
    assert (entry.time, entry.author) == ("2026-11-25T01:00:00Z", "供水所")


@pytest.mark.parametrize("body", [b"", b"<html><body/></html>", b"<rss><channel>", "不是 XML".encode()])
def test_what_is_no_feed_is_told(body: bytes) -> None:
    with pytest.raises(NotAFeed):
        read_feed(body, BASE)
