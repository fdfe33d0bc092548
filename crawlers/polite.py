"""How a site is treated: one request at a time, a written delay, and waiting when it says so.

Legal ground: 网络数据安全管理条例 art. 18, automated collection must not disturb the service.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider, signals
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost

from configs.catalog import Source
from crawlers import settings as everywhere
from crawlers.deps import Deps

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

LEAST_DELAY = 1.0  # seconds, for every site that is not our own loopback
SHEET_BYTES = 64 * 1024 * 1024
LONGEST_WAIT = 120.0  # a site that asks for more is left alone until then
FIRST_WAIT = 2.0
ASKED_TO_WAIT = frozenset((429, 503))
FAILED_FOR_NOW = ASKED_TO_WAIT | {408, 500, 502, 504}
PASSING = (
    CannotResolveHostError,
    ConnectError,
    ConnectionDone,
    ConnectionLost,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)


def settings_for(source: Source, deps: Deps) -> Settings:
    """Scrapy's settings for one source. A delay of 0 counts on loopback alone and lifts the limits there."""
    settings = Settings()
    settings.setmodule(everywhere, priority="project")
    own = {
        "USER_AGENT": deps.user_agent,
        "ROBOTSTXT_OBEY": deps.obey_robots,
        "DOWNLOAD_MAXSIZE": SHEET_BYTES if source.kind == "sheet" else everywhere.DOWNLOAD_MAXSIZE,
        **_pace(source),
    }
    settings.update(own, priority="spider")
    return settings


def _pace(source: Source) -> dict[str, Any]:
    if source.delay == 0 and source.allow_loopback:
        return {"CONCURRENT_REQUESTS": 8, "CONCURRENT_REQUESTS_PER_DOMAIN": 8, "DOWNLOAD_DELAY": 0}
    delay = max(source.delay, LEAST_DELAY)
    return {
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": delay,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_MAX_DELAY": max(delay, everywhere.AUTOTHROTTLE_MAX_DELAY),
    }


def wait_asked(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (a number, or a date); None if it says nothing readable."""
    value = value.strip()
    if value.isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


class Backoff:
    """Asks again after a passing failure: waits as long as the site says, else 2, 4, 8 seconds.

    While it waits nothing else is asked of the site, for a crawler sends one request at a time. A site that wants a
    longer rest than LONGEST_WAIT is not visited again before it is over.
    """

    def __init__(self, spider: Spider) -> None:
        self.spider = spider
        self.walk: Any = getattr(spider, "walk", None)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Backoff:
        if crawler.spider is None:
            raise TypeError("Backoff needs a running spider")
        return cls(crawler.spider)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in FAILED_FOR_NOW or request.meta.get("dont_obey_robotstxt"):
            return response
        header = (response.headers.get("Retry-After") or b"").decode("latin-1")
        asked = wait_asked(header, datetime.now(UTC)) if response.status in ASKED_TO_WAIT else None
        if asked is not None and asked > LONGEST_WAIT:
            self.walk.rest(asked)
            return response
        return await self._again(request, f"status_{response.status}", asked) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if not isinstance(exception, PASSING) or request.meta.get("dont_obey_robotstxt"):
            return None
        return await self._again(request, type(exception).__name__, None)

    async def _again(self, request: Request, reason: str, asked: float | None) -> Request | None:
        again = get_retry_request(request, spider=self.spider, reason=reason)
        if again is None or self.walk.resting:
            return None
        self.walk.deps.count("crawl_retried", reason, 1)
        await self.walk.deps.pause(FIRST_WAIT * 2 ** (again.meta["retry_times"] - 1) if asked is None else asked)
        return again


class CrawlDelay:
    """Slows down to the Crawl-delay of the site's robots.txt (at most AUTOTHROTTLE_MAX_DELAY)."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        crawler.signals.connect(self.heed, signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CrawlDelay:
        return cls(crawler)

    def heed(self, robotparser: Any, request: Request) -> None:
        asked = robotparser.crawl_delay(everywhere.ROBOTSTXT_USER_AGENT)
        if not asked or self.crawler.settings.getfloat("DOWNLOAD_DELAY") == 0:
            return
        throttle = self.crawler.get_extension(_throttle())
        delay = min(float(asked), everywhere.AUTOTHROTTLE_MAX_DELAY)
        if throttle is not None:
            throttle.mindelay = max(throttle.mindelay, delay)
        for slot in self.crawler.engine.downloader.slots.values():
            slot.delay = max(slot.delay, delay)


def _throttle() -> type[Any]:
    from scrapy.extensions.throttle import AutoThrottle

    return AutoThrottle
