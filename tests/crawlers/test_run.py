"""What a second crawl does, what is told when something is wrong, and what a crash costs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crawlers.deps import to_log
from crawlers.run import crawl_forever, crawl_once, run_crawls
from stream.memory import MemoryLog
from stream.messages import RAW, Post, decode_post
from tests.crawlers.conftest import NOW, SITE, MemoryCursors, World

ITEM = '<li class="item"><a href="{path}">x</a>{mark}</li>'


def listing(*entries: tuple[str, str], following: str = "") -> str:
    items = "".join(
        ITEM.format(path=path, mark=f'<span class="mark">{mark}</span>' if mark else "") for path, mark in entries
    )
    link = f'<a class="next" href="{following}">下一页</a>' if following else ""
    return f'<ul class="list">{items}</ul>{link}'


def message(title: str, time: str = "2026-11-25 08:00", reply: str = "", text: str = "正文") -> str:
    answer = f'<div class="reply"><div class="content">{reply}</div></div>' if reply else ""
    return (
        f'<h1>{title}</h1><div class="post"><i class="time">{time}</i><div class="content">{text}</div></div>{answer}'
    )


def test_a_second_crawl_with_nothing_new_publishes_nothing(world: World) -> None:
    sources = [
        world.source("board", "/board/"),
        world.source("forum", "/forum/", publishes="forum"),
        world.source("news", "/news/", publishes="news"),
        world.source("rss", "/rss.xml", publishes="news"),
    ]
    first = world.crawl(*sources)
    assert [result.new for result in first] == [3, 4, 1, 2]
    published = len(world.posts)
    again = world.crawl(*sources)
    assert [(result.ok, result.new, result.changed) for result in again] == [(True, 0, 0)] * 4
    assert len(world.posts) == published
    assert world.site.hits.count("/board/103.html?utm_source=list") == 1


def test_what_is_published_is_masked_and_keyed(world: World) -> None:
    log = MemoryLog()
    world.changes = {"publish": to_log(log), "prepare": lambda post: replace(post, text="[已遮盖]")}
    world.crawl(world.source("board", "/board/"))
    records = log.read(RAW, "test", 10, 0)
    posts = [decode_post(record.value) for record in records]
    assert {post.text for post in posts} == {"[已遮盖]"}
    assert [record.key for record in records] == [post.id for post in posts]


def test_a_changed_mark_brings_the_reply(world: World) -> None:
    world.site.put("/b/", listing(("/b/1", "办理中")), listing(("/b/1", "已回复")))
    world.site.put("/b/1", message("路灯不亮"), message("路灯不亮", reply="已修好"))
    source = world.source("board", "/b/")
    world.crawl(source)
    (result,) = world.crawl(source)
    assert (result.new, result.changed) == (0, 1)
    before, after = world.posts
    assert before.id == after.id
    assert after.reply is not None


def test_without_a_mark_an_unanswered_item_is_looked_at_once_an_hour_for_three_days(world: World) -> None:
    world.site.put("/b/", listing(("/b/1", ""), ("/b/2", "")))
    world.site.put("/b/1", message("路灯不亮"))
    world.site.put("/b/2", message("井盖坏了", reply="已更换"))
    source = world.source("board", "/b/")
    visits = []
    for after in (0, 0.5, 1.5, 2, 3, 80):
        world.now = NOW + timedelta(hours=after)
        world.crawl(source)
        visits.append(world.site.hits.count("/b/1"))
    assert visits == [1, 1, 2, 2, 3, 3]
    assert world.site.hits.count("/b/2") == 1


def test_a_relative_time_does_not_move_a_known_post(world: World) -> None:
    world.site.put("/b/", listing(("/b/1", "1")), listing(("/b/1", "2")))
    world.site.put("/b/1", message("路灯不亮", time="5分钟前"), message("路灯不亮", time="5分钟前", text="补充"))
    source = world.source("board", "/b/")
    world.crawl(source)
    world.now = NOW + timedelta(hours=5)
    world.crawl(source)
    assert [post.published_at for post in world.posts] == [NOW - timedelta(minutes=5)] * 2


def test_lists_are_read_only_as_far_as_they_can_hold_something_new(world: World) -> None:
    old = "2026-11-01 08:00"
    world.site.put("/b/", listing(("/b/1", "1"), following="/b/p2"))
    world.site.put("/b/p2", listing(("/b/2", "1"), following="/b/p3"))
    world.site.put("/b/p3", listing(("/b/3", "1")))
    for number in (1, 2, 3):
        world.site.put(f"/b/{number}", message(f"第{number}条", time=old))
    source = world.source("board", "/b/")
    world.crawl(source)
    world.crawl(source)
    assert (world.site.hits.count("/b/"), world.site.hits.count("/b/p2")) == (2, 1)


def test_the_page_limit_is_counted(world: World) -> None:
    world.site.put("/b/", listing(("/b/1", "1"), following="/b/p2"))
    world.site.put("/b/1", message("一条"))
    (result,) = world.crawl(world.source("board", "/b/", max_pages=1))
    assert (result.ok, result.dropped) == (True, {"max_pages": 1})
    assert "max_pages" in result.reason


def test_a_page_that_fails_is_owed_and_read_later(world: World) -> None:
    old = "2026-11-01 08:00"
    world.site.put("/b/", listing(("/b/1", "1"), following="/b/p2"))
    world.site.put("/b/p2", listing(("/b/2", "1")))
    world.site.put("/b/1", message("第一条", time=old))
    world.site.put("/b/2", status=500)
    source = world.source("board", "/b/")
    (result,) = world.crawl(source)
    assert result.ok
    assert "1 页下次再试" in result.reason
    assert world.counts["crawl_failed", "status_500"] == 1
    world.site.put("/b/2", message("第二条", time=old))
    world.crawl(source)
    assert [post.title for post in world.posts] == ["第一条", "第二条"]


def test_a_page_that_keeps_failing_is_given_up_and_counted(world: World) -> None:
    world.site.put("/b/", listing(("/b/1", "1"), ("/b/2", "1")))
    world.site.put("/b/1", message("第一条"))
    world.site.put("/b/2", status=500)
    source = world.source("board", "/b/")
    for _ in range(4):
        world.crawl(source)
    assert world.counts["crawl_dropped", "gave_up"] == 1
    assert world.counts["crawl_failed", "status_500"] == 2


def test_a_list_that_became_empty_is_not_ok(world: World) -> None:
    source = world.source("board", "/board/")
    world.crawl(source)
    world.site.put("/board/", "<h1>改版了</h1>")
    (result,) = world.crawl(source)
    assert not result.ok
    assert "以前有 2 条" in result.reason
    assert "页面结构可能变了" in result.reason


def test_entries_without_items_are_not_ok(world: World) -> None:
    world.site.put("/b/", listing(("/b/1", "1")))
    world.site.put("/b/1", "<h3>改版了</h3>")
    (result,) = world.crawl(world.source("board", "/b/"))
    assert (result.ok, result.items) == (False, 0)
    assert "一条信息也没读出来" in result.reason


def test_titles_without_texts_are_not_ok(world: World) -> None:
    world.site.put("/b/", listing(("/b/1", "1")))
    world.site.put("/b/1", '<h1>有标题</h1><div class="post"><i class="time">今天 08:00</i></div>')
    (result,) = world.crawl(world.source("board", "/b/"))
    assert not result.ok
    assert "fields.text" in result.reason


@pytest.mark.parametrize(
    ("time", "reason"), [("不详", "no_time"), ("2027-03-01", "future_time"), ("1970-01-01", "odd_time")]
)
def test_a_time_that_cannot_be_is_told(world: World, time: str, reason: str) -> None:
    world.site.put("/b/", listing(("/b/1", "1"), ("/b/2", "1")))
    world.site.put("/b/1", message("好的"))
    world.site.put("/b/2", message("坏的", time=time))
    (result,) = world.crawl(world.source("board", "/b/"))
    assert (result.items, world.counts["crawl_failed", reason]) == (1, 1)
    assert "发布时间" in result.reason


def test_a_site_that_is_away_is_told_without_a_traceback(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    source = world.source("board", "/", url="http://127.0.0.1:9/board/")
    (result,) = world.crawl(source)
    assert not result.ok
    assert "列表打不开" in result.reason
    assert "Traceback" not in caplog.text + capfd.readouterr().err


def test_an_unknown_host_is_told(world: World) -> None:
    (result,) = world.crawl(world.source("board", "/", url="http://nowhere.example/"))
    assert "域名解析不到" in result.reason


def test_wrong_fields_are_told_before_anything_is_asked(world: World) -> None:
    (result,) = world.crawl(world.source("board", "/board/", fields={"entry": "li[["}))
    assert "写法有误" in result.reason
    assert world.site.hits == []


def test_one_broken_source_does_not_take_the_others_down(world: World) -> None:
    good, bad = world.source("board", "/board/"), world.source("news", "/none/", publishes="news")
    results = world.crawl(bad, good)
    assert [result.ok for result in results] == [False, True]
    assert "404" in results[0].reason


def test_the_cursor_stays_when_publishing_fails(world: World) -> None:
    def refuse(posts: Sequence[Post]) -> None:
        raise OSError("disk full")

    source = world.source("board", "/board/")
    world.changes = {"publish": refuse}
    (result,) = world.crawl(source)
    assert (result.ok, result.new) == (False, 0)
    assert "存不进去" in result.reason
    assert world.cursors == {}
    world.changes = {}
    (result,) = world.crawl(source)
    assert (result.ok, result.new) == (True, 3)


def test_a_death_after_publishing_repeats_the_same_ids(world: World) -> None:
    source = world.source("board", "/board/")
    world.crawl(source)
    world.cursors.clear()
    world.crawl(source)
    assert len(world.posts) == 6
    assert len({post.id for post in world.posts}) == 3


def test_a_forum_thread_is_read_again_whole_when_a_page_failed(world: World) -> None:
    world.site.then(
        "/forum/t7_2.html",
        *[(500, {}, b"")] * 4,
        (200, {"Content-Type": "text/html"}, (SITE / "forum/t7_2.html").read_bytes()),
    )
    source = world.source("forum", "/forum/", publishes="forum")
    world.crawl(source)
    assert len(world.posts) == 2
    (result,) = world.crawl(source)
    assert (result.ok, result.new) == (True, 2)


def test_crawling_goes_on_until_it_is_stopped(world: World) -> None:
    seen: list[str] = []
    source = world.source("board", "/board/", every=0.0001)
    crawl_forever(
        [source], world.deps(), lambda: len(seen) >= 3, lambda: NOW, lambda result: seen.append(result.source)
    )
    assert seen == ["board"] * 3


def test_running_once_tells_how_many_failed(world: World) -> None:
    sources = [world.source("board", "/board/"), world.source("news", "/none/", publishes="news")]
    assert run_crawls(sources, world.deps(), once=True, now_fn=lambda: NOW) == 1


def test_a_crawl_that_is_stopped_ends_and_goes_on_next_time(world: World) -> None:
    for number in range(400):
        world.site.put(f"/b/p{number}", listing((f"/b/{number}", "1"), following=f"/b/p{number + 1}"))
        world.site.put(f"/b/{number}", message(f"第{number}条", time="2026-11-01 08:00"))
    source = world.source("board", "/b/p0", max_pages=400)
    (result,) = crawl_once([source], world.deps(), lambda: NOW, stop=lambda: len(world.site.hits) > 20)
    assert not result.ok
    assert "采集被停止" in result.reason
    assert 0 < len(world.posts) < 400
    assert not world.cursors["board"]["complete"]
    world.site.put("/b/p60", listing(("/b/60", "1")))
    world.crawl(source)
    assert {f"第{number}条" for number in range(61)} <= {post.title for post in world.posts}


def test_a_death_in_the_middle_of_a_visit_loses_nothing(world: World) -> None:
    old = "2026-11-01 08:00"
    source = world.source("board", "/b/")
    world.site.put("/b/", listing(("/b/first", "1")))
    world.site.put("/b/first", message("第一条", time=old))
    world.crawl(source)
    for page in range(5):
        names = [f"/b/{page}-{number}" for number in range(60)]
        path = f"/b/p{page}" if page else "/b/"
        world.site.put(path, listing(*((name, "1") for name in names), following=f"/b/p{page + 1}"))
        for name in names:
            world.site.put(name, message(name, time=old))
    world.site.put("/b/p5", listing(("/b/first", "1")))
    world.cursors = OnlyOneSave(world.cursors)  # the process dies after the first batch of the visit
    world.crawl(source)
    assert not world.cursors["board"]["complete"]  # so that the next visit reads the lists to their end
    world.cursors = MemoryCursors(world.cursors)
    world.crawl(source)
    assert len({post.id for post in world.posts}) == 301
    world.posts.clear()
    world.crawl(source)
    assert world.posts == []


class OnlyOneSave(MemoryCursors):
    saved = False

    def save(self, source: str, cursor: Mapping[str, Any]) -> None:
        if not self.saved:
            self[source] = json.loads(json.dumps(cursor))
        self.saved = True
