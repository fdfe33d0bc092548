"""From what a page shows to a Post. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from configs.catalog import Source
from crawlers.deps import BackfillPolicy, Pseudonym
from crawlers.found import Found, FoundReply
from crawlers.times import parse_time
from stream.messages import Post, Reply, post_id

EARLIEST_YEAR = 1990
AHEAD = timedelta(days=1)  # clocks differ and some sites show tomorrow's date; later than that is no time of publishing


class Unusable(Exception):
    """This item cannot become a Post. `reason` is what it is counted under, the text what staff read."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the Posts of one source."""

    source: Source
    pseudonym: Pseudonym
    is_backfill: BackfillPolicy

    def make(self, found: Found, now: datetime, known_at: datetime | None = None, list_time: str = "") -> Post:
        """The Post of an item, not yet masked; raises Unusable.

        `known_at` is when an item seen before was published: it stays, since 3分钟前 means something else each time.
        `list_time` is the time its list shows, for pages that show none.
        """
        if not found.title and not found.text:
            raise Unusable("no_text", f"{found.url}：标题和正文都读不到")
        published = known_at or self._published(found, now, list_time)
        return Post(
            id=post_id(self.source.key, found.key),
            source=self.source.key,
            kind=found.kind or self.source.publishes,
            title=found.title,
            text=found.text,
            published_at=published,
            fetched_at=now,
            url=found.url,
            author=self.pseudonym(self.source.key, found.author) if found.author else "",
            region=self.source.region or "",
            reply=_reply(found.reply, now),
            counts=dict(found.counts),
            backfill=self.is_backfill(self.source, published, now),
        )

    def _published(self, found: Found, now: datetime, list_time: str) -> datetime:
        shown = found.time or list_time
        published = parse_time(found.time, now) or parse_time(list_time, now)
        if published is None:
            raise Unusable("no_time", f"{found.url}：读不出发布时间“{shown[:40]}”")
        return check_time(published, now, shown)


def check_time(published: datetime, now: datetime, shown: str) -> datetime:
    """A time at which something can have been published, at most `now`; raises Unusable for any other."""
    if published > now + AHEAD:
        raise Unusable("future_time", f"发布时间“{shown[:40]}”在将来")
    if published.year < EARLIEST_YEAR:
        raise Unusable("odd_time", f"发布时间“{shown[:40]}”过早（{EARLIEST_YEAR} 年以前）")
    return min(published, now)


def digest(post: Post) -> str:
    """What changes when a post is edited or answered: 16 hex digits over title, text and reply (not over counts)."""
    reply = post.reply
    parts = (post.title, post.text, *((reply.text, reply.office, str(reply.at)) if reply else ()))
    return short_hash("\x1f".join(parts))


def short_hash(text: str) -> str:
    """16 hex digits of SHA-256: enough to tell versions and addresses apart, small enough to keep thousands."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _reply(found: FoundReply | None, now: datetime) -> Reply | None:
    if found is None or not found.text:
        return None
    return Reply(found.text, found.office, parse_time(found.time, now))
