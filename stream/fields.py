"""What every archive agrees on: the fields that posts are counted by, the order of results, marks and intervals."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from stream.archive import Hit, Interval, Query, Sort
from stream.errors import MinshengError
from stream.messages import Judged
from stream.terms import Finder, parse

FACETS = ("topic", "sentiment", "severity", "source", "kind", "office", "region", "intent")
TITLE_WEIGHT = 4.0  # how much more a word in the title counts than one in the text, when sorted by relevance

HOUR = 3_600_000_000  # all in microseconds
DAY = 24 * HOUR
# Length of each interval, and what to add to an instant so that it starts at a multiple of the length. Shanghai is
# 8 hours ahead (its summer time ended in 1991, before any post); 1970-01-01 was a Thursday, 3 days after a Monday.
INTERVALS: Mapping[Interval, tuple[int, int]] = {
    "hour": (HOUR, 8 * HOUR),
    "day": (DAY, 8 * HOUR),
    "week": (7 * DAY, 8 * HOUR + 3 * DAY),
}

Mark = tuple[int | float | str, ...]  # where a page ended: the sort values of its last hit, its id last


def facets_of(judged: Judged) -> dict[str, str]:
    """The one key that a post is counted under for each facet; a post with several topics under its best."""
    judgement, post = judged.judgement, judged.post
    return {
        "topic": judgement.topic,
        "sentiment": judgement.sentiment.key,
        "severity": str(judgement.severity),
        "source": post.source,
        "kind": post.kind,
        "office": judgement.office.key,
        "region": judgement.place.code,
        "intent": judgement.intent.key,
    }


def division_prefix(region: str) -> str:
    """The digits that all divisions within a division begin with: 330100 -> 3301, 330000 -> 33."""
    return re.sub(r"(00){1,2}$", "", region)


def interval_start(micros: int, by: Interval) -> int:
    """The start of the interval in which an instant lies, both in microseconds since 1970 (UTC)."""
    length, shift = INTERVALS[by]
    return micros - (micros + shift) % length


def has_bytes(text: str) -> bool:
    """Whether a text can be written as UTF-8: half a surrogate pair cannot."""
    try:
        return text.encode() is not None
    except UnicodeEncodeError:
        return False


def is_hopeless(query: Query) -> bool:
    """Whether the text asks for something but holds no word: nothing can be found."""
    return bool(query.text.strip()) and not parse(query.text)


def highlight(judged: Judged, finder: Finder) -> Hit:
    return Hit(judged, finder.spans(judged.post.title), finder.spans(judged.post.text))


def sort_of(query: Query) -> Sort:
    """Without words nothing is more relevant than anything else, so the newest come first."""
    return "newest" if query.sort == "relevance" and not query.text.strip() else query.sort


def write_mark(sort: Sort, mark: Mark) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, *mark]).encode()).decode()


def read_mark(query: Query) -> Mark | None:
    """Where `query.after` says to go on; None at the start. Raises MinshengError when it is no mark of this sort."""
    if not query.after:
        return None
    sort = sort_of(query)
    try:
        said, *mark = json.loads(base64.urlsafe_b64decode(query.after.encode()))
    except (ValueError, TypeError) as error:
        raise _bad_mark(query.after) from error
    numbers = {"newest": 1, "oldest": 1, "severity": 2, "relevance": 1}[sort]
    if said != sort or len(mark) != numbers + 1 or not _is_mark(sort, *mark):
        raise _bad_mark(query.after)
    return tuple(mark)


def _is_mark(sort: Sort, *mark: Any) -> bool:
    """Whether these are values that a database can compare with: whole numbers of 64 bits (or a score), and an id."""
    *numbers, id_ = mark
    if not isinstance(id_, str) or not has_bytes(id_):
        return False
    if sort == "relevance":
        return all(type(number) in (int, float) and abs(number) < 1e38 for number in numbers)
    return all(type(number) is int and abs(number) < 2**63 for number in numbers)


def _bad_mark(after: str) -> MinshengError:
    return MinshengError(f"翻页标记 {after[:40]!r} 不能用于这个查询；请从第一页重新开始")
