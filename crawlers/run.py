"""The door of the room: visit sources once, or again and again, all sites side by side, many times in one process."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from configs.catalog import Source
from crawlers import reactor
from crawlers.cursor import Cursor
from crawlers.deps import Deps, Now, Stop, utc_now
from crawlers.extract import problems
from crawlers.health import SourceResult, clock
from crawlers.polite import settings_for
from crawlers.spiders.board import BoardSpider
from crawlers.spiders.forum import ForumSpider
from crawlers.spiders.news import NewsSpider
from crawlers.spiders.rss import RssSpider
from crawlers.spiders.sheet import SheetSpider
from crawlers.urls import site_of
from crawlers.walk import Walk

logger = logging.getLogger(__name__)

SPIDERS: dict[str, type[Spider]] = {
    "board": BoardSpider,
    "forum": ForumSpider,
    "news": NewsSpider,
    "rss": RssSpider,
    "sheet": SheetSpider,
}
STOP_SECONDS = 3.0  # what running crawls get to end when all is to stop
GLANCE = 0.2  # seconds between two looks at `stop`
MOST_PATIENCE = 8  # a source that keeps failing is visited at most this many times less often

Report = Callable[[SourceResult], None]


def never() -> bool:
    return False


def crawl_once(
    sources: Sequence[Source], deps: Deps, now_fn: Now = utc_now, *, stop: Stop = never
) -> list[SourceResult]:
    """Visit each source once and wait for all; one result per source, in their order. Never raises for a source."""
    return reactor.run(_crawl_once(sources, deps, now_fn, stop))


def crawl_forever(
    sources: Sequence[Source], deps: Deps, stop: Stop, now_fn: Now = utc_now, report: Report = lambda _: None
) -> None:
    """Visit each source every `source.every` minutes until `stop()` is true; `report` gets each result."""
    reactor.run(_crawl_forever(sources, deps, stop, now_fn, report))


async def _crawl_once(sources: Sequence[Source], deps: Deps, now_fn: Now, stop: Stop) -> list[SourceResult]:
    results: dict[str, SourceResult] = {}

    async def one_site(site: Sequence[Source]) -> None:
        for source in site:
            if not stop():
                results[source.key] = await visit(source, deps, now_fn, stop)

    await asyncio.gather(*(one_site(site) for site in by_site(sources)))
    return [results[source.key] for source in sources if source.key in results]


async def _crawl_forever(sources: Sequence[Source], deps: Deps, stop: Stop, now_fn: Now, report: Report) -> None:
    await asyncio.gather(*(_keep_visiting(site, deps, stop, now_fn, report) for site in by_site(sources)))


async def _keep_visiting(site: Sequence[Source], deps: Deps, stop: Stop, now_fn: Now, report: Report) -> None:
    time = asyncio.get_running_loop().time
    due = dict.fromkeys((source.key for source in site), time())
    failures: dict[str, int] = defaultdict(int)
    while not stop():
        source = min(site, key=lambda each: due[each.key])
        if due[source.key] > time():
            await asyncio.sleep(min(GLANCE, due[source.key] - time()))
            continue
        result = await visit(source, deps, now_fn, stop)
        report(result)
        failures[source.key] = 0 if result.ok else failures[source.key] + 1
        due[source.key] = time() + source.every * 60 * min(2 ** failures[source.key], MOST_PATIENCE)


def by_site(sources: Iterable[Source]) -> list[list[Source]]:
    """Sources that must take turns, for they are on one site; those without a delay (our own loopback) need not."""
    sites: dict[str, list[Source]] = defaultdict(list)
    for source in sources:
        unhurried = source.delay > 0 or not source.allow_loopback
        sites[site_of(source.url) if unhurried else source.key].append(source)
    return list(sites.values())


async def visit(source: Source, deps: Deps, now_fn: Now, stop: Stop = never) -> SourceResult:
    """Visit one source; whatever goes wrong is in the result, in words for staff."""
    at = now_fn()
    wrong = problems(source)
    if wrong:
        return SourceResult(source.key, at, False, 0, 0, wrong[0])
    try:
        return await _visit(source, deps, now_fn, stop)
    except Exception as error:  # one source must not take the others down
        logger.warning("%s: crawl failed: %r", source.key, error)
        logger.debug("traceback", exc_info=error)
        deps.count("crawl_failed", "internal", 1)
        return SourceResult(source.key, at, False, 0, 0, "采集程序出错，请联系维护人员（日志里有原因）")


async def _visit(source: Source, deps: Deps, now_fn: Now, stop: Stop) -> SourceResult:
    at = now_fn()
    cursor = Cursor(deps.cursors.load(source.key))
    if cursor.not_before > at.timestamp():
        until = clock(datetime.fromtimestamp(cursor.not_before, UTC))
        return SourceResult(source.key, at, False, 0, 0, f"对方要求暂停访问，{until} 之后再采集")
    before = cursor.entries
    walk = Walk(source, deps, now_fn, cursor)
    _quieten()
    crawler = Crawler(SPIDERS[source.kind], settings_for(source, deps))
    crawler.signals.connect(walk.crashed, signals.spider_error)
    async with _stoppable(crawler, walk, stop):
        await crawler.crawl_async(walk=walk)
    return walk.tally.result(source, at, before)


@asynccontextmanager
async def _stoppable(crawler: Crawler, walk: Walk, stop: Stop) -> AsyncIterator[None]:
    """While inside, `stop()` is looked at and ends the crawl; the cursor then says that the visit was not complete."""

    async def watch() -> None:
        while not stop():
            await asyncio.sleep(GLANCE)
        walk.broke("采集被停止，下次接着采")
        await asyncio.wait_for(crawler.stop_async(), STOP_SECONDS)

    watching = asyncio.create_task(watch()) if stop is not never else None
    try:
        yield
    finally:
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def run_crawls(
    sources: Sequence[Source],
    deps: Deps,
    *,
    once: bool = False,
    stop: Stop = never,
    now_fn: Now = utc_now,
    report: Report = lambda _: None,
) -> int:
    """Visit the sources once, or until `stop()`; returns how many failed (0 without `once`)."""
    if not once:
        crawl_forever(sources, deps, stop, now_fn, report)
        return 0
    results = crawl_once(sources, deps, now_fn, stop=stop)
    for result in results:
        report(result)
    return sum(not result.ok for result in results)


def _quieten() -> None:
    """Scrapy tells every failed request with its traceback; here each is counted and told in the result instead."""
    library = logging.getLogger("scrapy")
    if library.level == logging.NOTSET:
        library.setLevel(logging.CRITICAL)
