"""What is kept of one live event: its counts, the posts that stand for it, and which posts it already took."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from alerts.grouping_match import Context
from alerts.heat import heat_of, shanghai_day, trend_of
from alerts.model import Event
from stream.messages import Judged

MEMBERS = 6  # posts that stand for an event
RECENT = 256  # posts an event remembers having taken
SHOWN = 5  # representatives shown to people
NAMED = 1000  # what a place named in a text counts, the home of a source counting 1: one text outweighs all sources
LABELS = 12  # most counted places and words kept
TITLE = 40  # characters of a title made from the text
GRADES = ("一般", "较大", "重大", "特别重大")

_CLAUSE = re.compile(r"[^，。！？；：、,.!?;:\s…]+")
_CLAUSES = 20  # clauses of a text that are looked at for a title
_LONG_TITLE = 60
_REPLY = "回复："  # what the forum spider puts before a comment's title, that of its thread


@dataclass(slots=True, eq=False)
class Member:
    """A post that stands for the event.

    `row`: where the store keeps it, negative before that. `support`: likeness (0 to 100 each) of the posts that joined, summed.
    """

    row: int
    post_id: str
    phrase: str
    severity: int
    context: Context
    support: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """That a post was taken: its hashed id, its likeness in hundredths, whether it was a near copy."""

    key: int
    likeness: int
    near_copy: bool


@dataclass(slots=True, eq=False)
class Unit:
    """One live event. The mappings count posts by key; `places` counts "code label" (named in the text: NAMED)."""

    id: str
    first_seen: datetime
    last_seen: datetime
    posts: int = 0
    severity: int = 1
    severity_score: float = 0.0
    negative: int = 0
    grade: str | None = None
    sources: dict[str, int] = field(default_factory=dict)
    daily: dict[str, int] = field(default_factory=dict)
    topics: dict[str, int] = field(default_factory=dict)
    offices: dict[str, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    counties: dict[str, int] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    taken: dict[int, Taken] = field(default_factory=dict)

    @property
    def county(self) -> str:
        """The county that most posts name in their text; "" if none does."""
        return top(self.counties)

    def count(self, judged: Judged, at: datetime) -> None:
        """Add one post to every count."""
        post, judgement = judged.post, judged.judgement
        self.posts += 1
        self.first_seen, self.last_seen = min(self.first_seen, at), max(self.last_seen, at)
        self.severity = max(self.severity, judgement.severity)
        self.severity_score = max(self.severity_score, judgement.severity_score)
        self.negative += judgement.sentiment.key == "neg"
        self.grade = _higher(self.grade, judgement.event_grade)
        add(self.sources, post.source)
        add(self.daily, shanghai_day(at).isoformat())
        add(self.topics, judgement.topic)
        add(self.offices, judgement.office.key)
        self._count_place(judged)
        for word in judgement.keywords:
            add(self.words, word)
        self.places, self.words = _trimmed(self.places, LABELS), _trimmed(self.words, 2 * LABELS)

    def _count_place(self, judged: Judged) -> None:
        place = judged.judgement.place
        code = place.code or judged.post.region
        if code:
            add(self.places, f"{code} {place.label}", NAMED if place.basis == "text" else 1)
        if known := named_county(judged):
            add(self.counties, known)

    def remember(self, taken: Taken) -> list[int]:
        """Note a post as taken; returns the keys that are forgotten for it."""
        self.taken[taken.key] = taken
        forgotten = list(self.taken)[: max(len(self.taken) - RECENT, 0)]
        for key in forgotten:
            del self.taken[key]
        return forgotten

    def central(self) -> list[Member]:
        """The members, most telling first: those that the joining posts are most like, then the graver."""
        if len(self.members) == 1:
            return self.members
        return sorted(self.members, key=lambda one: (-one.support, -one.severity, one.post_id))

    def event(self) -> Event:
        """The event as it stands now."""
        central = self.central()
        region, place = _majority_place(self.places)
        return Event(
            id=self.id,
            title=next((one.phrase for one in central if one.phrase), ""),
            topic=_top_topic(self.topics),
            office_hint=top(self.offices),
            region=region,
            place=place,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            posts=self.posts,
            severity=self.severity,
            severity_score=self.severity_score,
            sentiment_neg=self.negative,
            heat=heat_of(self.daily, len(self.sources), self.severity, self.last_seen),
            trend=trend_of(self.daily, self.last_seen),
            sources=dict(self.sources),
            daily=dict(sorted(self.daily.items())),
            keywords=tuple(list(most(self.words, 8))),
            representatives=tuple(one.post_id for one in central[:SHOWN]),
            event_grade=self.grade,
        )


def post_key(post_id: str) -> int:
    """A post id as 8 bytes."""
    return int.from_bytes(hashlib.blake2b(post_id.encode(), digest_size=8).digest(), "big")


def named_county(judged: Judged) -> str:
    """The code of the county that the text itself names; "" if it names none."""
    place = judged.judgement.place
    return place.code if place.basis == "text" and place.county else ""


def phrase_of(judged: Judged) -> str:
    """What the post says in a phrase of its own: its title, else its most telling clause of at most TITLE letters."""
    title = judged.post.title.strip().removeprefix(_REPLY)
    if title:
        return title if len(title) <= _LONG_TITLE else _first_part(title, _LONG_TITLE)
    return _first_part(_most_telling(judged), TITLE)


def _most_telling(judged: Judged) -> str:
    """The clause in which most of what the judgement rests on is first said; of several the longer one, then the first."""
    text, judgement = judged.post.text, judged.judgement
    spans = [found.span() for found in islice(_CLAUSE.finditer(text), _CLAUSES)]
    ends = [end for _, end in spans]
    weights = {reason.phrase: reason.weight for reason in judgement.reasons if reason.phrase}
    telling = [0.0] * len(spans)
    for phrase, weight in (*weights.items(), *((word, 1.0) for word in judgement.keywords)):
        at = text.find(phrase)
        if at >= 0 and (clause := bisect_right(ends, at)) < len(ends):
            telling[clause] += weight
    ranks = [(weight, min(end - start, TITLE)) for weight, (start, end) in zip(telling, spans, strict=True)]
    if not ranks:
        return ""
    start, end = spans[ranks.index(max(ranks))]
    return text[start:end]


def add(counts: dict[str, int], key: str, step: int = 1) -> None:
    counts[key] = counts.get(key, 0) + step


def most(counts: Mapping[str, int], limit: int) -> dict[str, int]:
    """The `limit` largest counts, largest first, ties by key."""
    return {key: -less for less, key in sorted([(-count, key) for key, count in counts.items()])[:limit]}


def _trimmed(counts: dict[str, int], limit: int) -> dict[str, int]:
    return counts if len(counts) <= limit else most(counts, limit)


def top(counts: Mapping[str, int]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    return min(counts, key=lambda key: (-counts[key], key), default="")


def _top_topic(topics: Mapping[str, int]) -> str:
    """The topic of most posts; "none" (no public matter) only where no post has another."""
    if len(topics) == 1:
        return next(iter(topics))
    return top({key: count for key, count in topics.items() if key != "none"}) or "none"


def _majority_place(places: Mapping[str, int]) -> tuple[str, str]:
    """(division code, label): the code counted most, then its label counted most, the longer one on a tie."""
    if len(places) == 1:
        only = next(iter(places))
        return only[:6], only[7:]
    codes: dict[str, int] = {}
    for key, count in places.items():
        add(codes, key[:6], count)
    code = top(codes)
    labels = {key[7:]: count for key, count in places.items() if key[:6] == code and key[7:]}
    return code, min(labels, key=lambda label: (-labels[label], -len(label), label), default="")


def _higher(first: str | None, second: str | None) -> str | None:
    known = [grade for grade in (first, second) if grade in GRADES]
    return max(known, key=GRADES.index, default=None)


def _first_part(text: str, limit: int) -> str:
    """At most `limit` characters from the start, cut at a pause where one is near."""
    if len(text) <= limit:
        return text
    cut = max((found.end() for found in _CLAUSE.finditer(text) if found.end() <= limit), default=0)
    return text[: cut if cut >= limit // 3 else limit]
