"""Each kind of source with the default selectors, from the pages of tests/fixtures/site to Posts."""

from __future__ import annotations

from datetime import UTC, datetime

from stream.messages import Post, Reply, post_id
from tests.crawlers.conftest import NOW, World


def by_title(world: World) -> dict[str, Post]:
    return {post.title: post for post in world.posts}


def test_a_board(world: World) -> None:
    (result,) = world.crawl(world.source("board", "/board/", region="330110"))
    assert (result.ok, result.items, result.new, result.reason) == (True, 3, 3, "")
    wages, river, lift = (by_title(world)[title] for title in ("工地拖欠三个月工资", "河水发黑", "小区电梯停了"))
    assert wages.id == post_id("board", world.site.url("/board/103.html"))
    assert wages.text == "我们在望山桥工地做木工，\n三个月没有发工资。"
    assert wages.published_at == datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
    assert (wages.author, wages.region, wages.kind) == ("board-4", "330110", "message")
    assert (wages.counts, wages.reply, wages.fetched_at) == ({"likes": 12}, None, NOW)
    assert river.reply == Reply(
        "已派人取样，三日内答复结果。", "某地生态环境分局", datetime(2026, 11, 25, 2, 15, tzinfo=UTC)
    )
    assert (wages.backfill, lift.backfill) == (False, True)


def test_a_forum(world: World) -> None:
    (result,) = world.crawl(world.source("forum", "/forum/", publishes="forum"))
    assert (result.ok, result.items) == (True, 4)
    opening = by_title(world)["夜里施工太吵"]
    comments = [post for post in world.posts if post.kind == "comment"]
    assert (opening.kind, opening.text, opening.url) == (
        "forum",
        "云栖里旁边半夜还在打桩。",
        world.site.url("/forum/t7.html"),
    )
    assert [post.text for post in comments] == ["我家也听得见。", "打了电话没人管。", "昨晚又来了。"]
    assert {post.title for post in comments} == {"回复：夜里施工太吵"}
    assert comments[0].url == world.site.url("/forum/t7.html#p2")
    assert comments[2].published_at == datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    assert len({post.id for post in world.posts}) == 4


def test_news_in_gb18030(world: World) -> None:
    (result,) = world.crawl(world.source("news", "/news/", publishes="news"))
    (article,) = world.posts
    assert (article.title, article.text) == ("食堂二十人送医", "某校食堂午餐后二十人不适。\n已送医院。")
    assert article.published_at == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
    assert world.counts["crawl_dropped", "bad_link"] == 1
    assert result.ok


def test_a_feed(world: World) -> None:
    (result,) = world.crawl(world.source("rss", "/rss.xml", publishes="news"))
    assert (result.ok, result.items) == (True, 2)
    first = by_title(world)["燃气&管道抢修"]
    assert first.published_at == datetime(2026, 11, 25, 0, 30, tzinfo=UTC)
    assert first.id == post_id("rss", world.site.url("/feed/9"))


def test_a_feed_with_the_full_text_on_the_page(world: World) -> None:
    world.site.put("/feed/a", '<div class="full">今晚十点到六点停水，请储水。</div>')
    source = world.source("rss", "/atom.xml", publishes="news", fields={"detail": ".full"})
    world.crawl(source)
    assert [post.text for post in world.posts] == ["今晚十点到六点停水，请储水。"]
    world.crawl(source)
    assert world.site.hits.count("/feed/a") == 1


def test_a_feed_whose_page_is_gone_gives_its_summary(world: World) -> None:
    world.crawl(world.source("rss", "/atom.xml", publishes="news", fields={"detail": ".full"}))
    assert [post.text for post in world.posts] == ["今晚停水。"]


CSV = "工单编号,标题,诉求内容,来电人,来电时间,答复内容,答复时间\nA1,停气,青枫路停气,王某,2026-11-25 08:00,,\n"
ANSWERED = CSV.replace(",,\n", ",已抢修,2026-11-25 12:00\n")


def test_a_spreadsheet_behind_a_link(world: World) -> None:
    world.site.put("/sheets/", '<a href="/orders.csv">下载</a><a href="/x.pdf">说明</a>')
    world.site.put("/orders.csv", CSV.encode("gb18030"), Content_Type="text/csv")
    source = world.source("sheet", "/sheets/", publishes="hotline")
    (result,) = world.crawl(source)
    (post,) = world.posts
    assert (result.ok, result.items, result.new) == (True, 1, 1)
    assert (post.kind, post.title, post.author) == ("hotline", "停气", "sheet-2")
    assert post.published_at == datetime(2026, 11, 25, 0, 0, tzinfo=UTC)


def test_a_spreadsheet_is_read_again_only_when_it_changed(world: World) -> None:
    world.site.put("/orders.csv", CSV, CSV, ANSWERED, Content_Type="text/csv")
    source = world.source("sheet", "/orders.csv", publishes="hotline")
    results = [world.crawl(source)[0] for _ in range(3)]
    assert [(result.ok, result.new, result.changed) for result in results] == [(True, 1, 0), (True, 0, 0), (True, 0, 1)]
    before, after = world.posts
    assert before.id == after.id
    assert after.reply is not None


def test_a_spreadsheet_that_is_none_is_told(world: World) -> None:
    world.site.put("/orders.csv", "甲,乙\n1,2\n", Content_Type="text/csv")
    (result,) = world.crawl(world.source("sheet", "/orders.csv", publishes="hotline"))
    assert not result.ok
    assert "没有认得出的表头" in result.reason


def test_own_selectors_replace_the_defaults(world: World) -> None:
    world.site.put("/own/", '<table><tr><td><a class="go" href="/own/1">a</a></td></tr></table>')
    world.site.put("/own/1", "<h2>标题</h2><article>正文</article><time datetime='2026-11-25T08:00'>早上</time>")
    fields = {"entry": "table tr", "link": ".go::attr(href)", "title": "h2", "text": "article"}
    world.crawl(world.source("news", "/own/", fields={**fields, "time": "time::attr(datetime)"}))
    assert [(post.title, post.text) for post in world.posts] == [("标题", "正文")]
