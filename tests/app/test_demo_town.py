"""The town shows what is published by now and nothing else, in pages that the crawler's own selectors read."""

from __future__ import annotations

import http.client
import json
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from parsel import Selector

from app.demo.pages import NOTICE, at
from app.demo.schedule import TownPost, build
from app.demo.sources import demo_sources
from app.demo.town import Site, StateClock, Town
from crawlers.extract import pick, problems
from crawlers.fields import fields_of
from stream.errors import MinshengError

ANCHOR = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
POSTS = build(1, ANCHOR)
SITE = Site(POSTS)
FIELDS = {source.key: fields_of(source) for source in demo_sources(8765)}
BASE = "http://127.0.0.1:8765"


def get(path: str, now: datetime = ANCHOR) -> str:
    status, _, body = SITE.answer(path, now, BASE)
    assert status == 200, path
    return body.decode()


def visible(source: str, now: datetime = ANCHOR) -> list[TownPost]:
    """Newest first."""
    return [post for post in POSTS if post.source == source and post.published_at <= now][::-1]


def entries(source: str, now: datetime = ANCHOR) -> Iterator[tuple[str, str, str]]:
    """(link, time, mark) of every entry of every list page, walked by the crawler's selectors."""
    fields, path = FIELDS[source], f"/{source}/"
    while path:
        page = Selector(get(path, now))
        for entry in page.css(fields["entry"]):
            yield pick(entry, fields["link"]), pick(entry, fields["entry_time"]), pick(entry, fields["entry_mark"])
        path = pick(page, fields["next"])


@pytest.mark.parametrize("source", ["board", "news"])
def test_lists_hold_all_published_posts_newest_first(source: str) -> None:
    listed = [(link, time) for link, time, _ in entries(source)]
    assert listed == [(post.path, at(post.published_at)) for post in visible(source)]


@pytest.mark.parametrize("source", ["board", "news", "forum"])
def test_the_past_shows_only_what_was_published_then(source: str) -> None:
    then = ANCHOR - timedelta(days=20)
    shown = {link for link, _, _ in entries(source, then)}
    assert shown == {post.path for post in visible(source, then) if "#" not in post.path}
    assert 0 < len(shown) < len(list(entries(source)))


def test_threads_are_listed_by_last_activity_with_their_number_of_replies() -> None:
    listed = list(entries("forum"))
    times = [time for _, time, _ in listed]
    assert times == sorted(times, reverse=True)
    assert len({link for link, _, _ in listed}) == len(listed)
    replies = sum(int(mark.split()[0]) for _, _, mark in listed)
    assert replies + len(listed) == len(visible("forum"))


def test_a_message_page_reads_back_as_the_post_with_its_answer() -> None:
    post = next(p for p in visible("board") if p.story == "estate" and p.reply_at and p.reply_at < ANCHOR)
    assert post.reply_at is not None
    page, fields = Selector(get(post.path)), FIELDS["board"]
    read = {key: pick(page, fields[key]) for key in ("title", "text", "author", "time", "reply", "reply_office")}
    assert read == {
        "title": post.title,
        "text": post.text,
        "author": post.author,
        "time": at(post.published_at),
        "reply": post.reply,
        "reply_office": post.office,
    }
    early = Selector(get(post.path, post.reply_at - timedelta(minutes=1)))
    assert pick(early, fields["reply"]) == ""


def test_the_list_marks_a_message_when_its_answer_comes() -> None:
    post = next(p for p in visible("board") if p.reply_at and p.reply_at < ANCHOR)
    assert post.reply_at is not None
    before, after = (
        {link: mark for link, _, mark in entries("board", now)}[post.path]
        for now in (post.reply_at - timedelta(seconds=1), post.reply_at)
    )
    assert before != after


def test_a_thread_reads_back_as_its_posts() -> None:
    opening = next(p for p in POSTS if p.key == "estate-f1")
    told = [p for p in POSTS if p.thread == opening.key and p.published_at <= ANCHOR]
    page, fields = Selector(get(opening.path)), FIELDS["forum"]
    floors = page.css(fields["post"])
    assert pick(page, fields["title"]) == opening.title
    assert [pick(floor, fields["text"]) for floor in floors] == [post.text for post in told]
    assert [pick(floor, fields["time"]) for floor in floors] == [at(post.published_at) for post in told]
    assert [pick(floor, fields["post_id"]) for floor in floors[1:]] == [p.path.split("#")[1] for p in told[1:]]


def test_an_article_reads_back_as_the_post() -> None:
    post, fields = visible("news")[0], FIELDS["news"]
    page = Selector(get(post.path))
    assert [pick(page, fields[key]) for key in ("title", "text", "author", "time")] == [
        post.title,
        post.text,
        post.author,
        at(post.published_at),
    ]


def test_the_feed_carries_full_texts_and_links_that_open() -> None:
    items = ET.fromstring(get("/rss.xml")).findall("./channel/item")
    newest = visible("feed")[: len(items)]
    assert len(items) >= 30
    assert [item.findtext("description") for item in items] == [post.text for post in newest]
    assert parsedate_to_datetime(items[0].findtext("pubDate") or "") == newest[0].published_at
    assert newest[0].title in get((items[0].findtext("link") or "").removeprefix(BASE))


def test_the_hotline_sheet_has_a_row_per_call_and_is_made_anew_only_when_something_came() -> None:
    book = openpyxl.load_workbook(BytesIO(SITE.sheet(ANCHOR)))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    calls = visible("hotline")
    assert rows[0][:5] == ("工单编号", "诉求标题", "诉求内容", "来电人", "来电时间")
    assert [row[2] for row in rows[1:]] == [post.text for post in calls]
    assert len({row[0] for row in rows}) == len(rows)
    assert all(NOTICE in row for row in rows[1:])
    assert SITE.sheet(ANCHOR) is SITE.sheet(ANCHOR + timedelta(seconds=1))
    assert SITE.sheet(ANCHOR + timedelta(hours=1)) is not SITE.sheet(ANCHOR)


def test_every_page_says_that_all_is_invented() -> None:
    firsts = [visible(source)[0].path for source in ("board", "forum", "news", "feed")]
    for path in ("/", "/board/", "/forum/", "/news/", "/hotline/", "/rss.xml", "/board/?page=3", *firsts):
        assert NOTICE in get(path), path


def test_unpublished_and_unknown_pages_are_not_found() -> None:
    future = next(p for p in POSTS if p.source == "board" and p.published_at > ANCHOR)
    for path in (future.path, "/board/m1.html", "/nowhere"):
        status, _, body = SITE.answer(path, ANCHOR, BASE)
        assert status == 404
        assert NOTICE in body.decode()


@pytest.mark.parametrize("query", ["?page=0", "?page=-1", "?page=x", "?page=99999999", "?page=", "?other=1"])
def test_a_page_number_that_makes_no_sense_gives_the_first_page(query: str) -> None:
    assert get(f"/board/{query}") == get("/board/")


def test_text_is_escaped() -> None:
    post = TownPost("x", "board", "<b>", "a<script>&", "<i>", ANCHOR, path="/board/m1.html")
    body = Site([post]).answer(post.path, ANCHOR, BASE)[2].decode()
    assert "<script>" not in body
    assert "a&lt;script&gt;&amp;" in body


def test_the_sources_are_valid_and_point_at_the_port() -> None:
    sources = demo_sources(9123)
    assert [source.key for source in sources] == ["board", "forum", "news", "feed", "hotline"]
    assert all(s.enabled and s.allow_loopback and s.url.startswith("http://127.0.0.1:9123/") for s in sources)
    assert [problem for source in sources for problem in problems(source)] == []


def test_the_server_answers_on_loopback_and_frees_its_port() -> None:
    town = Town(POSTS, lambda: ANCHOR).start()
    link = http.client.HTTPConnection("127.0.0.1", town.port, timeout=5)
    try:
        for path, kind in (
            ("/robots.txt", "text/plain"),
            ("/board/", "text/html"),
            ("/rss.xml", "application/rss+xml"),
        ):
            link.request("GET", path)
            answer = link.getresponse()
            body = answer.read()
            assert (answer.status, answer.headers.get_content_type()) == (200, kind)
            assert len(body) == int(answer.headers["Content-Length"])
        with pytest.raises(MinshengError, match=f"端口 {town.port}"):
            Town(POSTS, lambda: ANCHOR, town.port).start()
    finally:
        link.close()
        town.stop()
    Town(POSTS, lambda: ANCHOR, town.port).start().stop()


def test_the_state_file_moves_the_clock(tmp_path: Path) -> None:
    state = tmp_path / "town.json"
    _write(state, ANCHOR - timedelta(days=9), 1)
    clock = StateClock(state)
    assert (clock.anchor, clock.now()) == (ANCHOR, ANCHOR - timedelta(days=9))
    _write(state, ANCHOR - timedelta(days=8), 2)
    assert clock.now() == ANCHOR - timedelta(days=8)
    _write(state, None, 3)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_half_written_state_file_leaves_the_last_time(tmp_path: Path) -> None:
    state = tmp_path / "town.json"
    _write(state, ANCHOR, 1)
    clock = StateClock(state)
    state.write_text('{"anchor": "2026-', encoding="utf-8")
    assert clock.now() == ANCHOR


def test_a_state_file_without_an_anchor_is_refused(tmp_path: Path) -> None:
    (tmp_path / "town.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MinshengError, match="缺少 anchor"):
        StateClock(tmp_path / "town.json")


def _write(state: Path, simulated: datetime | None, stamp: int) -> None:
    moment = simulated.isoformat() if simulated else None
    state.write_text(json.dumps({"anchor": ANCHOR.isoformat(), "simulated_now": moment}), encoding="utf-8")
    os.utime(state, (stamp, stamp))
