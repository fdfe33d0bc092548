"""A log and an archive in memory, with the meaning of the real ones: for tests and trials."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from stream.archive import Bucket, Interval, Page, Query, Split
from stream.fields import (
    FACETS,
    TITLE_WEIGHT,
    Mark,
    division_prefix,
    facets_of,
    highlight,
    interval_start,
    read_mark,
    sort_of,
    write_mark,
)
from stream.log import Out, Record
from stream.messages import Judged
from stream.sqlite import from_micros, to_micros
from stream.terms import Finder


class MemoryLog:
    """See `stream/log.py`; safe between threads."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._topics: defaultdict[str, list[Record]] = defaultdict(list)
        self._positions: defaultdict[tuple[str, str], int] = defaultdict(int)

    def publish(self, topic: str, items: Iterable[Out]) -> None:
        outs = list(items)
        with self._news:
            records = self._topics[topic]
            at, first = datetime.now(UTC), len(records)
            records.extend(
                Record(topic, 0, first + n, out.key, out.value, at, dict(out.headers)) for n, out in enumerate(outs)
            )
            self._news.notify_all()

    def read(self, topic: str, group: str, limit: int, wait: float) -> list[Record]:
        with self._news:
            self._news.wait_for(lambda: self.lag(topic, group), wait)
            start = self._positions[topic, group]
            return self._topics[topic][start : start + limit]

    def commit(self, group: str, records: Sequence[Record]) -> None:
        with self._news:
            for record in records:
                place = (record.topic, group)
                self._positions[place] = max(self._positions[place], record.offset + 1)

    def lag(self, topic: str, group: str) -> int:
        with self._news:
            return len(self._topics[topic]) - self._positions[topic, group]

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryArchive:
    """See `stream/archive.py`; every search looks at every post."""

    def __init__(self) -> None:
        self._posts: dict[str, Judged] = {}

    def upsert(self, judged: Sequence[Judged]) -> None:
        self._posts.update({one.post.id: one for one in judged})

    def get(self, post_id: str) -> Judged | None:
        return self._posts.get(post_id)

    def search(self, query: Query) -> Page:
        """Raises MinshengError when `after` is no mark of this query's order."""
        mark, finder, sort = read_mark(query), Finder(query.text), sort_of(query)
        oldest = sort == "oldest"
        found = {_mark(query, one, finder): one for one in self._found(query)}
        marks = sorted(found, reverse=not oldest)
        rest = [at for at in marks if mark is None or (at > mark if oldest else at < mark)]
        shown = rest[: max(query.limit, 0)]
        hits = tuple(highlight(found[at], finder) for at in shown)
        following = write_mark(sort, shown[-1]) if shown and len(rest) > len(shown) else ""
        return Page(hits, len(found), following, _facets(found.values()) if query.facets else {})

    def histogram(self, query: Query, by: Interval, split: Split = "") -> list[Bucket]:
        counts = Counter(
            (interval_start(to_micros(one.post.published_at), by), facets_of(one)[split] if split else "")
            for one in self._found(query)
        )
        return [Bucket(from_micros(start), key, count) for (start, key), count in sorted(counts.items())]

    def purge(self, before: datetime) -> int:
        old = [id_ for id_, one in self._posts.items() if one.post.published_at < before]
        for id_ in old:
            del self._posts[id_]
        return len(old)

    def _found(self, query: Query) -> list[Judged]:
        finder = Finder(query.text) if query.text.strip() else None
        return [
            one
            for one in self._posts.values()
            if _wanted(query, one) and (finder is None or finder.matches(one.post.title, one.post.text))
        ]


def _wanted(query: Query, one: Judged) -> bool:
    """Whether a post passes the filters, the text aside."""
    facets, at = facets_of(one), one.post.published_at
    asked = {
        "topic": query.topics,
        "office": query.offices,
        "sentiment": query.sentiments,
        "intent": query.intents,
        "source": query.sources,
        "kind": query.kinds,
    }
    return (
        (not query.ids or one.post.id in query.ids)
        and all(not keys or facets[name] in keys for name, keys in asked.items())
        and one.judgement.severity >= query.severity_min
        and facets["region"].startswith(division_prefix(query.region))
        and (query.since is None or at >= query.since)
        and (query.until is None or at < query.until)
        and query.set_aside in (None, bool(one.judgement.set_aside))
        and query.needs_human in (None, one.judgement.needs_human)
    )


def _mark(query: Query, one: Judged, finder: Finder) -> Mark:
    """What decides the place of a post in the results; relevance counts how often the words occur."""
    at, id_ = to_micros(one.post.published_at), one.post.id
    if sort_of(query) == "relevance":
        return TITLE_WEIGHT * len(finder.spans(one.post.title)) + len(finder.spans(one.post.text)), id_
    return (one.judgement.severity, at, id_) if query.sort == "severity" else (at, id_)


def _facets(found: Iterable[Judged]) -> dict[str, dict[str, int]]:
    keys = [facets_of(one) for one in found]
    return {name: dict(Counter(one[name] for one in keys)) for name in FACETS}
