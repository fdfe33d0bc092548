"""Which pages of a source are asked for: its list pages, newest first, and the entries that are new or changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from scrapy import Request
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from configs.catalog import Source
from crawlers.cursor import Cursor
from crawlers.deps import Deps, Now
from crawlers.extract import pick
from crawlers.fields import fields_of
from crawlers.found import Entry
from crawlers.health import GONE, Tally, clock, describe
from crawlers.posts import short_hash
from crawlers.times import parse_time
from crawlers.urls import is_web, normalise

logger = logging.getLogger(__name__)

Parse = Callable[..., Any]


class Walk:
    """One visit to one source: spiders ask it what to request, the pipeline reads its cursor and fills its tally."""

    def __init__(self, source: Source, deps: Deps, now: Now, cursor: Cursor) -> None:
        self.source = source
        self.deps = deps
        self.now = now
        self.cursor = cursor
        self.fields = fields_of(source)
        self.tally = Tally(deps.count)
        self.resting = False  # the site asked to be left alone, or nothing can be stored: ask for no more
        self.at_end = False  # the lists were read as far as they can hold something new
        self._was_complete = cursor.complete
        cursor.complete = False  # until this visit has ended well: what is saved on the way is a part
        self._asked: set[str] = set()
        self._lists = 0

    def begin(self, parse_list: Parse, parse_item: Parse) -> Iterator[Request]:
        """The first list page, then the pages that failed at an earlier visit."""
        yield self.list_request(self.source.url, parse_list)
        for url, (_, mark, time) in list(self.cursor.owed.items()):
            yield from self.ask(Entry(url, mark, time), parse_item)

    def step(self, response: Response, parse_list: Parse, parse_item: Parse) -> Iterator[Request]:
        """From a list page: the entries to visit, then the next list page as long as it can hold something new."""
        if not isinstance(response, TextResponse):
            self.tally.fail(f"列表 {response.url} 不是网页，请核对地址")
            return
        now = self.now()
        entries = self._entries(response)
        self.listed(len(entries))
        wanted = [entry for entry in entries if self.cursor.wants(entry.url, entry.mark, now)]
        for entry in wanted:
            yield from self.ask(entry, parse_item)
        following = pick(response.selector, self.fields["next"])
        goes_on = bool(wanted) or not self._was_complete
        if following and (goes_on or any(self.cursor.is_young(entry.url, now) for entry in entries)):
            yield from self._turn(response.urljoin(following), parse_list, bool(wanted))
        else:
            self.at_end = True

    def listed(self, entries: int) -> None:
        """Note how many entries a list page shows; the first page's number tells an empty source from a quiet one."""
        self._lists += 1
        if self.tally.entries is None:
            self.tally.entries = entries

    def ask(
        self, entry: Entry, parse_item: Parse, *, url: str = "", failed: Parse | None = None, **more: Any
    ) -> Iterator[Request]:
        """A request for the page of an entry (or for `url`, a further page of it), once per visit."""
        url = url or entry.url
        if not is_web(url):
            self.tally.drop("bad_link", f"{url[:80]} 不是网页地址")
            return
        key = normalise(url)
        if key in self._asked or self.resting:
            return
        self._asked.add(key)
        arguments = {"entry": entry, **more}
        yield Request(url, parse_item, errback=failed or self.item_failed, cb_kwargs=arguments, dont_filter=True)

    def item_failed(self, failure: Failure) -> None:
        entry: Entry = failure.request.cb_kwargs["entry"]  # type: ignore[attr-defined]  # set by Scrapy
        self.put_off(entry, *self.why(failure, entry.url))

    def put_off(self, entry: Entry, reason: str, message: str) -> None:
        """A page gave nothing: it is owed and tried again at the next visits, unless that cannot help."""
        gone = reason in GONE
        time = entry.time if parse_time(entry.time, self.now()) else ""  # kept in the ledger: a time or nothing
        if not gone and self.cursor.failed(entry.url, entry.mark, time):
            self.tally.put_off(reason, message)
            return
        self.cursor.visited(entry.url, entry.mark, self.now(), None, follow=False)
        self.tally.drop(reason if gone else "gave_up", message)

    def list_failed(self, failure: Failure) -> None:
        reason, message = self.why(failure, failure.request.url)  # type: ignore[attr-defined]  # set by Scrapy
        self.deps.count("crawl_failed", reason, 1)
        self.tally.fail(f"列表打不开，{message}")

    def why(self, failure: Failure, url: str) -> tuple[str, str]:
        """What a failed request counts under, and the sentence that names its address."""
        reason, text = describe(failure.value or RuntimeError())
        return reason, f"{url}：{text}"

    def rest(self, seconds: float) -> None:
        """The site asked to be left alone: this visit ends, the next one is not before that time."""
        until = self.now() + timedelta(seconds=seconds)
        self.cursor.not_before = until.timestamp()
        self.resting = True
        self.tally.fail(f"对方要求暂停访问，{clock(until)} 之后再采集")

    def broke(self, message: str) -> None:
        """Nothing can be stored or parsed any more: this visit ends and the cursor stays where it is."""
        self.resting = True
        self.tally.fail(message)

    def crashed(self, failure: Failure, response: Response) -> None:
        """A spider raised: the page is owed, the traceback goes to the debug log only."""
        logger.warning("%s: cannot parse %s: %r", self.source.key, response.url.split("?")[0], failure.value)
        logger.debug("traceback", exc_info=failure.value)
        entry = response.request.cb_kwargs.get("entry") if response.request else None
        if entry is None:
            self.tally.fail(f"列表 {response.url} 解析出错，请联系维护人员")
            return
        if not isinstance(response, TextResponse):
            self.put_off(entry, "not_html", f"{entry.url}：不是网页")
            return
        self.put_off(entry, "parse_error", f"{entry.url}：页面解析出错")

    def _entries(self, response: TextResponse) -> list[Entry]:
        found = []
        for node in response.css(self.fields["entry"]):
            link = pick(node, self.fields["link"])
            if link:
                mark, time = pick(node, self.fields["entry_mark"]), pick(node, self.fields["entry_time"])
                found.append(Entry(response.urljoin(link), short_hash(mark) if mark else "", time))
        return found

    def _turn(self, url: str, parse_list: Parse, has_new: bool) -> Iterator[Request]:
        if self._lists >= self.source.max_pages:
            self.at_end = True
            if has_new:
                self.tally.drop("max_pages", f"列表超过 {self.source.max_pages} 页，更早的未采集，可调大 max_pages")
            return
        key = normalise(url)
        if key in self._asked or self.resting:
            self.at_end = True
            return
        yield self.list_request(url, parse_list)

    def list_request(self, url: str, parse_list: Parse) -> Request:
        self._asked.add(normalise(url))
        return Request(url, parse_list, errback=self.list_failed, dont_filter=True, priority=1)
