"""The end of every crawl: items become Posts, what is new or changed is published, then the cursor moves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from crawlers.deps import Prepare
from crawlers.found import Entry, Found, Visit
from crawlers.posts import Maker, Unusable, digest
from crawlers.walk import Walk
from stream.messages import Post, post_id

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

BATCH = 200


@dataclass(frozen=True, slots=True)
class Fresh:
    """A post to publish, masked, with the digest it had before masking; `is_new`: it was never published."""

    post: Post
    version: str
    is_new: bool


class PublishPosts:
    """Holds what was read until a batch is full; on every batch: publish, note in the cursor, save the cursor.

    A death between two of these reads the same pages again and publishes the same ids: nothing is lost or doubled.
    """

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.maker = Maker(walk.source, walk.deps.pseudonym, walk.deps.is_backfill)
        self.broken = False
        self._fresh: dict[str, Fresh] = {}
        self._visits: list[tuple[Entry, datetime | None, bool]] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PublishPosts:
        walk = getattr(crawler.spider, "walk", None)
        if not isinstance(walk, Walk):
            raise TypeError("PublishPosts needs a spider with a walk")
        return cls(walk)

    def process_item(self, item: Visit) -> Visit:
        if self.broken:
            return item
        self.walk.tally.pages += 1
        made = self._make(item)
        if not made and not item.posts and not item.may_be_empty:
            return item  # counted with its reason; the page stays owed
        self._keep(made, self.walk.deps.prepare)
        self._keep(item.posts, None)
        if item.entry is not None:
            self._visits.append((item.entry, made[0].published_at if made else None, item.follow))
        if len(self._fresh) >= BATCH:
            self.flush()
        return item

    def close_spider(self) -> None:
        walk = self.walk
        walk.cursor.complete = walk.at_end and not walk.tally.trouble
        walk.cursor.entries = max(walk.cursor.entries, walk.tally.entries or 0)
        if not self.broken:
            self.flush()

    def flush(self) -> None:
        """Publish, then note, then save, in this order; a failure ends the visit and leaves the cursor where it was."""
        walk, fresh = self.walk, list(self._fresh.values())
        try:
            if fresh:
                walk.deps.publish([each.post for each in fresh])
            self._note(fresh)
            walk.deps.cursors.save(walk.source.key, walk.cursor.dump())
        except Exception as error:  # whatever the log or the ledger raises, the visit ends and is told
            logger.warning("%s: cannot store: %r", walk.source.key, error)
            self.broken = True
            walk.broke("采到的信息存不进去（日志或数据库出错），未存的下次重采")
            walk.deps.count("crawl_failed", "store", max(1, len(fresh)))
        self._fresh, self._visits = {}, []

    def _make(self, visit: Visit) -> list[Post]:
        made, unusable = [], []
        for found in visit.found:
            try:
                made.append(self._build(found, visit.entry))
            except Unusable as error:
                unusable.append(error)
        if not visit.found and not visit.posts and not visit.may_be_empty:
            unusable.append(Unusable("no_item", "页面上找不到内容，请核对 fields"))
        self._report(visit.entry, unusable, owed=not made)
        return made

    def _report(self, entry: Entry | None, unusable: Sequence[Unusable], owed: bool) -> None:
        for error in unusable[:1] if owed and entry else unusable:
            if owed and entry:
                self.walk.put_off(entry, error.reason, f"{entry.url}：{error}")
            else:
                self.walk.tally.drop(error.reason, str(error))

    def _build(self, found: Found, entry: Entry | None) -> Post:
        known_at = self.walk.cursor.published_at(post_id(self.walk.source.key, found.key))
        return self.maker.make(found, self.walk.now(), known_at, entry.time if entry else "")

    def _keep(self, posts: Sequence[Post], prepare: Prepare | None) -> None:
        tally, cursor = self.walk.tally, self.walk.cursor
        tally.items += len(posts)
        for post in posts:
            tally.without_text += not post.text
            version, before = digest(post), cursor.digest_of(post.id)
            if before == version:
                cursor.saw(post.id)
            else:
                self._fresh[post.id] = Fresh(prepare(post) if prepare else post, version, not before)

    def _note(self, fresh: Sequence[Fresh]) -> None:
        walk, now = self.walk, self.walk.now()
        for each in fresh:
            walk.cursor.took(each.post.id, each.version, each.post.published_at)
        for entry, published, follow in self._visits:
            walk.cursor.visited(entry.url, entry.mark, now, published, follow)
        walk.tally.new += sum(each.is_new for each in fresh)
        walk.tally.changed += sum(not each.is_new for each in fresh)
