from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawlers.polite import settings_for, wait_asked
from crawlers.run import by_site
from tests.crawlers.conftest import Answer, World

LIST = b'<ul class="list"><li class="item"><a href="/board/102.html">x</a></li></ul>'
HTML = {"Content-Type": "text/html"}


def test_a_public_site_is_asked_one_request_at_a_time(world: World) -> None:
    source = world.source("board", "/", url="https://board.example/", allow_loopback=False, delay=3)
    settings = settings_for(source, world.deps())
    assert settings.getint("CONCURRENT_REQUESTS") == 1
    assert settings.getfloat("DOWNLOAD_DELAY") == 3
    assert settings.getbool("AUTOTHROTTLE_ENABLED")
    assert settings.getbool("ROBOTSTXT_OBEY")
    assert not settings.getbool("COOKIES_ENABLED")


def test_no_delay_is_for_loopback_alone(world: World) -> None:
    public = world.source("board", "/", url="https://board.example/", allow_loopback=False, delay=0)
    assert settings_for(public, world.deps()).getfloat("DOWNLOAD_DELAY") >= 1
    own = settings_for(world.source("board", "/board/"), world.deps())
    assert (own.getfloat("DOWNLOAD_DELAY"), own.getint("CONCURRENT_REQUESTS")) == (0, 8)
    assert not own.getbool("AUTOTHROTTLE_ENABLED")


def test_sources_on_one_site_take_turns(world: World) -> None:
    one = world.source("board", "/", key="one", url="https://a.example/x", delay=2, allow_loopback=False)
    two = world.source("news", "/", key="two", url="https://A.example/y", delay=2, allow_loopback=False)
    three = world.source("news", "/", key="three", url="https://b.example/", delay=2, allow_loopback=False)
    assert by_site([one, two, three]) == [[one, two], [three]]


def test_the_crawler_says_who_it_is_and_keeps_no_cookies(world: World) -> None:
    world.site.put("/board/", (LIST).decode(), Set_Cookie="session=1; Path=/")
    world.crawl(world.source("board", "/board/"))
    assert world.site.agents == {"minsheng-test/1"}
    assert world.site.cookies == []


def test_robots_txt_is_obeyed(world: World) -> None:
    world.site.put("/robots.txt", "User-agent: *\nDisallow: /board/", Content_Type="text/plain")
    (result,) = world.crawl(world.source("board", "/board/"))
    assert not result.ok
    assert "robots.txt 不允许采集" in result.reason
    assert world.site.hits == ["/robots.txt"]


def test_a_page_that_robots_txt_forbids_is_counted(world: World) -> None:
    world.site.put("/robots.txt", "User-agent: minsheng\nDisallow: /board/103", Content_Type="text/plain")
    (result,) = world.crawl(world.source("board", "/board/"))
    assert world.counts["crawl_dropped", "robots"] == 1
    assert (result.ok, result.items) == (True, 2)
    assert "robots.txt" in result.reason


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 120 ", 120.0), ("Wed, 25 Nov 2026 09:01:00 GMT", 60.0), ("soon", None), ("", None)],
)
def test_retry_after_is_understood(value: str, seconds: float | None) -> None:
    assert wait_asked(value, datetime(2026, 11, 25, 9, 0, tzinfo=UTC)) == seconds


def test_a_busy_site_is_given_the_time_it_asks_for(world: World) -> None:
    busy: Answer = (429, {"Retry-After": "7"}, b"")
    world.site.then("/board/", busy, (200, HTML, LIST))
    (result,) = world.crawl(world.source("board", "/board/"))
    assert (result.ok, result.items, world.waits) == (True, 1, [7.0])
    assert world.counts["crawl_retried", "status_429"] == 1


def test_without_a_wish_the_waits_grow(world: World) -> None:
    world.site.put("/board/", status=503)
    (result,) = world.crawl(world.source("board", "/board/"))
    assert world.waits == [2.0, 4.0, 8.0]
    assert not result.ok
    assert "503" in result.reason


def test_a_site_that_wants_a_long_rest_gets_it(world: World) -> None:
    world.site.put("/board/", status=503, Retry_After="3600")
    source = world.source("board", "/board/")
    (result,) = world.crawl(source)
    assert "对方要求暂停访问" in result.reason
    hits = len(world.site.hits)
    (again,) = world.crawl(source)
    assert "对方要求暂停访问" in again.reason
    assert len(world.site.hits) == hits
    assert world.waits == []


def test_a_page_that_is_too_large_is_dropped(world: World) -> None:
    world.site.put("/board/102.html", "x" * (9 * 1024 * 1024))
    (result,) = world.crawl(world.source("board", "/board/"))
    assert world.counts["crawl_dropped", "too_big"] == 1
    assert result.items == 2
    assert "超过大小限制" in result.reason
