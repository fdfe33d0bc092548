"""Message boards: list pages lead to one page per message, with the office's reply on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from crawlers.extract import pick, pick_count
from crawlers.found import Entry, Found, FoundReply, Visit
from crawlers.urls import normalise
from crawlers.walk import Walk


class BoardSpider(Spider):
    """Default selectors (`fields` of the source replaces any of them):

    list page     entry ".list .item", in it link "a::attr(href)", entry_time ".time", entry_mark ".mark"; next
                  "a.next::attr(href)"
    message page  title "h1", text ".post .content", author ".post .author", time ".post .time", likes ".post .likes",
                  views ".post .views", reply ".reply .content", reply_office ".reply .office",
                  reply_time ".reply .time"
    """

    name = "board"
    walk: Walk

    async def start(self) -> AsyncIterator[Request]:
        for request in self.walk.begin(self.parse, self.parse_item):
            yield request

    def parse(self, response: Response, *_: Any, **__: Any) -> Iterator[Request]:
        return self.walk.step(response, self.parse, self.parse_item)

    def parse_item(self, response: TextResponse, entry: Entry) -> Visit:
        page, fields = response.selector, self.walk.fields
        reply = pick(page, fields["reply"])
        counts = {name: pick_count(page, fields[name]) for name in ("likes", "views")}
        found = Found(
            key=normalise(entry.url),
            url=entry.url,
            title=pick(page, fields["title"]),
            text=pick(page, fields["text"]),
            time=pick(page, fields["time"]),
            author=pick(page, fields["author"]),
            reply=FoundReply(reply, pick(page, fields["reply_office"]), pick(page, fields["reply_time"]))
            if reply
            else None,
            counts={name: n for name, n in counts.items() if n is not None},
        )
        return Visit(entry, (found,), follow=not reply)
