"""The archive: every judged post, searchable. Posts live here and nowhere else; cases never do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from stream.messages import Judged

Interval = Literal["hour", "day", "week"]
Split = Literal["", "topic", "sentiment", "severity", "source", "kind", "office", "region"]
Sort = Literal["newest", "oldest", "relevance", "severity"]


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; an empty field does not filter.

    `text`: words that must all occur ("..." for a phrase); never raises on odd input. `region` is a division code: a
    city or province code also finds what lies in it. `since` <= published_at < `until` (UTC). `after` is a Page's `next`.
    """

    text: str = ""
    ids: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    severity_min: int = 1
    region: str = ""
    since: datetime | None = None
    until: datetime | None = None
    set_aside: bool | None = False  # False: without what was set aside; True: only that; None: both
    needs_human: bool | None = None
    sort: Sort = "newest"
    limit: int = 50
    after: str = ""
    facets: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One found post. `spans` are (start, end) offsets in the title and in the text to highlight."""

    judged: Judged
    title_spans: tuple[tuple[int, int], ...] = ()
    text_spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """`total` counts all matches; `facets` maps field name -> {key: count} over all matches (only when asked for)."""

    hits: tuple[Hit, ...]
    total: int
    next: str = ""
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Posts in one interval (its start, an instant in UTC; intervals are cut in Asia/Shanghai, weeks on Monday)."""

    start: datetime
    key: str
    count: int


class Archive(Protocol):
    """See `tests/contract/archive.py` for what every backend must do."""

    def upsert(self, judged: Sequence[Judged]) -> None:
        """Write by post id; the same posts again change nothing; durable on return."""
        ...

    def get(self, post_id: str) -> Judged | None: ...

    def search(self, query: Query) -> Page: ...

    def histogram(self, query: Query, by: Interval, split: Split = "") -> list[Bucket]:
        """Counts of published posts per interval (and per key of `split`; key "" when not split), empty ones left out."""
        ...

    def purge(self, before: datetime) -> int:
        """Delete what was published before; returns how many."""
        ...


PAGE = 200  # posts asked for at a time


def read_judged(archive: Archive, ids: Sequence[str]) -> dict[str, Judged]:
    """Those of the posts that are still kept, set aside or not, in the order of the ids."""
    found: dict[str, Judged] = {}
    for start in range(0, len(ids), PAGE):
        page = archive.search(Query(ids=tuple(ids[start : start + PAGE]), set_aside=None, limit=PAGE))
        found |= {hit.judged.post.id: hit.judged for hit in page.hits}
    return {post_id: found[post_id] for post_id in ids if post_id in found}
