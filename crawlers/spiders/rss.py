"""Feeds: RSS 2.0, RSS 1.0 and Atom."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from crawlers.extract import pick
from crawlers.feeds import NotAFeed, read_feed
from crawlers.found import Entry, Found, Visit
from crawlers.posts import short_hash
from crawlers.walk import Walk


class RssSpider(Spider):
    """No selectors are needed. `detail` (default "") is a selector for the full text on the page an item links to.

    Read of an item: title, link (else guid), content:encoded or description (Atom: content or summary), pubDate or
    dc:date (Atom: published or updated), author or dc:creator (Atom: author/name).
    """

    name = "rss"
    walk: Walk

    async def start(self) -> AsyncIterator[Request]:
        yield self.walk.list_request(self.walk.source.url, self.parse)

    def parse(self, response: Response, *_: Any, **__: Any) -> Iterator[Any]:
        walk = self.walk
        try:
            found = read_feed(response.body, response.url)
        except NotAFeed as error:
            walk.tally.fail(f"{response.url} 不是可读的订阅（RSS/Atom）：{error}")
            return
        walk.listed(len(found))
        walk.at_end = True
        if not walk.fields["detail"]:
            yield Visit(None, tuple(found), may_be_empty=True)
            return
        for item in found:
            entry = Entry(item.url, short_hash(item.title + item.text), item.time)
            if walk.cursor.wants(entry.url, entry.mark, walk.now()):
                yield from walk.ask(entry, self.parse_item, failed=self.summary_only, item=item)

    def parse_item(self, response: TextResponse, entry: Entry, item: Found) -> Visit:
        text = pick(response.selector, self.walk.fields["detail"])
        return Visit(entry, (replace(item, text=text or item.text),), follow=False)

    def summary_only(self, failure: Failure) -> Visit:
        """The page cannot be read: the feed's own text is published and the page tried again at the next visits."""
        arguments = failure.request.cb_kwargs  # type: ignore[attr-defined]  # set by Scrapy
        self.walk.tally.put_off(*self.walk.why(failure, arguments["entry"].url))
        return Visit(None, (arguments["item"],))
