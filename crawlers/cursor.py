"""How far the crawl of one source has come: which pages it knows in which state, which it still owes a visit.

Pure but for the value it holds. `dump` gives a JSON-able dict of bounded size (at most `MOST_PAGES` pages and
`MOST_ITEMS` items, the ones longest out of sight go first); what was forgotten and turns up again is published
again with the same id, which changes nothing downstream.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crawlers.posts import short_hash
from crawlers.urls import normalise

MOST_PAGES = 5_000
MOST_ITEMS = 20_000
MOST_OWED = 2_000
FOLLOW = timedelta(days=3)  # how long an item is looked at again for an answer, where its list shows no mark
AGAIN = timedelta(hours=1)  # and how often
TRIES = 3

Page = list[Any]  # [hash of the mark or "", visited at, published at, whether to follow]; times in epoch seconds
Item = list[Any]  # [digest, published at]


class Cursor:
    def __init__(self, saved: Mapping[str, Any]) -> None:
        self.pages: dict[str, Page] = _unpack(saved.get("pages", ()))
        self.items: dict[str, Item] = _unpack(saved.get("items", ()))
        self.owed: dict[str, list[Any]] = _unpack(saved.get("owed", ()))  # address -> [tries, mark, time shown]
        self.complete: bool = bool(saved.get("complete", False))
        self.entries: int = int(saved.get("entries", 0))  # the most a first list page has ever shown
        self.newest: float = float(saved.get("newest", 0))
        self.not_before: float = float(saved.get("not_before", 0))

    def dump(self) -> dict[str, Any]:
        return {
            "pages": _pack(self.pages, MOST_PAGES),
            "items": _pack(self.items, MOST_ITEMS),
            "owed": _pack(self.owed, MOST_OWED),
            "complete": self.complete,
            "entries": self.entries,
            "newest": self.newest,
            "not_before": self.not_before,
        }

    def wants(self, url: str, mark: str, now: datetime) -> bool:
        """Whether an entry of a list is to be visited: it is new, its mark changed, or an answer may have come."""
        key = page_key(url)
        page = self.pages.pop(key, None)
        if page is None:
            return True
        self.pages[key] = page  # back in at the end: pages in sight are forgotten last
        if mark:
            return bool(page[0] != short_hash(mark))
        young = page[2] > (now - FOLLOW).timestamp()
        return bool(page[3]) and young and page[1] <= (now - AGAIN).timestamp()

    def is_young(self, url: str, now: datetime) -> bool:
        """Whether a known page was published so lately that changes are still to be expected."""
        page = self.pages.get(page_key(url))
        return page is None or page[2] > (now - FOLLOW).timestamp()

    def visited(self, url: str, mark: str, now: datetime, published: datetime | None, follow: bool) -> None:
        key = page_key(url)
        old = self.pages.pop(key, None)
        since = published.timestamp() if published else (old[2] if old else now.timestamp())
        self.pages[key] = [short_hash(mark) if mark else "", int(now.timestamp()), int(since), int(follow)]
        self.owed.pop(url, None)

    def failed(self, url: str, mark: str, time: str) -> bool:
        """Note a visit that failed; False when it was the last one that is tried."""
        tries = self.owed.get(url, [0])[0] + 1
        if tries >= TRIES:
            self.owed.pop(url, None)
            return False
        self.owed[url] = [tries, mark, time]
        return True

    def digest_of(self, post_id: str) -> str:
        """The digest of the version last published, "" for an unknown item."""
        item = self.items.get(post_id)
        return str(item[0]) if item else ""

    def published_at(self, post_id: str) -> datetime | None:
        item = self.items.get(post_id)
        return datetime.fromtimestamp(item[1], UTC) if item else None

    def digests(self, post_ids: Sequence[str]) -> dict[str, str]:
        """The known ones of these posts with the digest of the version last published."""
        return {post_id: self.items[post_id][0] for post_id in post_ids if post_id in self.items}

    def took(self, post_id: str, digest: str, published_at: datetime) -> None:
        """Note a published item."""
        self.items.pop(post_id, None)
        self.items[post_id] = [digest, published_at.timestamp()]
        self.newest = max(self.newest, published_at.timestamp())

    def saw(self, post_id: str) -> None:
        """An unchanged item came into sight: it is forgotten last."""
        if (item := self.items.pop(post_id, None)) is not None:
            self.items[post_id] = item


def page_key(url: str) -> str:
    return short_hash(normalise(url))


def _pack(kept: Mapping[str, list[Any]], most: int) -> list[list[Any]]:
    """The last `most` as rows: a list keeps its order in every store, an object need not."""
    return [[key, *value] for key, value in list(kept.items())[-most:]]


def _unpack(rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    return {str(row[0]): list(row[1:]) for row in rows}
