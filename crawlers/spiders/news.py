"""News sites: list pages lead to one page per article."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from crawlers.extract import pick
from crawlers.found import Entry, Found, Visit
from crawlers.urls import normalise
from crawlers.walk import Walk


class NewsSpider(Spider):
    """Default selectors (`fields` of the source replaces any of them):

    list page     entry ".list .item", in it link "a::attr(href)", entry_time ".time", entry_mark ".mark"; next
                  "a.next::attr(href)"
    article page  title "h1", text ".article .content", author ".article .author", time ".article .time"
    """

    name = "news"
    walk: Walk

    async def start(self) -> AsyncIterator[Request]:
        for request in self.walk.begin(self.parse, self.parse_item):
            yield request

    def parse(self, response: Response, *_: Any, **__: Any) -> Iterator[Request]:
        return self.walk.step(response, self.parse, self.parse_item)

    def parse_item(self, response: TextResponse, entry: Entry) -> Visit:
        page, fields = response.selector, self.walk.fields
        found = Found(
            key=normalise(entry.url),
            url=entry.url,
            title=pick(page, fields["title"]),
            text=pick(page, fields["text"]),
            time=pick(page, fields["time"]),
            author=pick(page, fields["author"]),
        )
        return Visit(entry, (found,), follow=False)
