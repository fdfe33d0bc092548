"""Scrapy's settings for every source; what differs per source is in `crawlers/polite.py`."""

from __future__ import annotations

from typing import Any

BOT_NAME = "minsheng"
SPIDER_MODULES = ["crawlers.spiders"]
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"

# The site's rules
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "minsheng"
USER_AGENT = "minsheng/1.0"
COOKIES_ENABLED = False
REFERER_ENABLED = False

# How much is asked for and how long is waited
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 3
AUTOTHROTTLE_MAX_DELAY = 60
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
CONCURRENT_ITEMS = 4  # Scrapy starts so many tasks for every page, whether it has as many items or one

# Only the web, and only through the guard
DOWNLOAD_HANDLERS: dict[str, Any] = {
    "http": "crawlers.guard.GuardedHandler",
    "https": "crawlers.guard.GuardedHandler",
    "ftp": None,
    "s3": None,
    "file": None,
    "data": None,
}
DOWNLOADER_MIDDLEWARES: dict[str, Any] = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "crawlers.polite.Backoff": 550,
}
ITEM_PIPELINES: dict[str, int] = {"crawlers.pipeline.PublishPosts": 100}
EXTENSIONS: dict[str, Any] = {
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.memusage.MemoryUsage": None,
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.feedexport.FeedExporter": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
    "crawlers.polite.CrawlDelay": 10,
}
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
STATS_DUMP = False
