"""Forums: thread lists lead to threads; the first post is the thread, every other one a comment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from parsel import Selector
from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from crawlers.extract import pick, pick_count
from crawlers.found import Entry, Found, Visit
from crawlers.posts import short_hash
from crawlers.urls import normalise
from crawlers.walk import Walk


class ForumSpider(Spider):
    """Default selectors (`fields` of the source replaces any of them):

    list page    entry ".list .item", in it link "a::attr(href)", entry_time ".time", entry_mark ".mark" (the number of
                 replies); next "a.next::attr(href)"
    thread page  title "h1"; post ".post", in it post_id "::attr(id)", text ".content", author ".author", time ".time",
                 likes ".likes"; next_page "a.next::attr(href)"

    A comment's title is 回复：the thread's title; its address is the thread's with the post's id as fragment.
    """

    name = "forum"
    walk: Walk

    async def start(self) -> AsyncIterator[Request]:
        for request in self.walk.begin(self.parse, self.parse_item):
            yield request

    def parse(self, response: Response, *_: Any, **__: Any) -> Iterator[Request]:
        return self.walk.step(response, self.parse, self.parse_item)

    def parse_item(self, response: TextResponse, entry: Entry, page: int = 1) -> Iterator[Any]:
        title = pick(response.selector, self.walk.fields["title"])
        nodes = response.css(self.walk.fields["post"])
        opening = 1 if page == 1 else 0
        found = [self._opening(node, entry.url, title) for node in nodes[:opening]]
        found += [self._comment(node, entry.url, title) for node in nodes[opening:]]
        following = self._next_page(response, page)
        # the thread counts as visited with its last page: if one fails, the whole thread is read again
        yield Visit(None if following or self.walk.resting else entry, tuple(found))
        yield from following

    def _next_page(self, response: TextResponse, page: int) -> list[Request]:
        link = pick(response.selector, self.walk.fields["next_page"])
        if not link:
            return []
        if page >= self.walk.source.max_pages:
            self.walk.tally.drop("max_pages", f"{response.url}：跟帖超过 {page} 页，可调大 max_pages")
            return []
        entry = response.cb_kwargs["entry"]
        return list(self.walk.ask(entry, self.parse_item, url=response.urljoin(link), page=page + 1))

    def _opening(self, node: Selector, thread: str, title: str) -> Found:
        return self._found(node, normalise(thread), thread, title)

    def _comment(self, node: Selector, thread: str, title: str) -> Found:
        fields = self.walk.fields
        mark = pick(node, fields["post_id"])
        own = mark or short_hash(pick(node, fields["author"]) + "\n" + pick(node, fields["text"]))
        url = f"{thread.split('#', 1)[0]}#{mark}" if mark else thread
        return self._found(node, f"{normalise(thread)}#{own}", url, f"回复：{title}", comment=True)

    def _found(self, node: Selector, key: str, url: str, title: str, comment: bool = False) -> Found:
        fields = self.walk.fields
        likes = pick_count(node, fields["likes"])
        return Found(
            key=key,
            url=url,
            title=title,
            text=pick(node, fields["text"]),
            time=pick(node, fields["time"]),
            author=pick(node, fields["author"]),
            kind="comment" if comment else None,
            counts={} if likes is None else {"likes": likes},
        )
