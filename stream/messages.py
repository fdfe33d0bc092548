"""The words of the product as values: Post, Judgement and what is written on the wire.

All times are timezone-aware UTC. All values are frozen; `encode` and `decode` are the only way to and from bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from stream.errors import Poison

VERSION = 1

Kind = Literal["message", "hotline", "forum", "social", "comment", "news"]
Grade = Literal["一般", "较大", "重大", "特别重大"]

RAW = "posts.raw"
JUDGED = "posts.judged"


@dataclass(frozen=True, slots=True)
class Reply:
    """An office's public answer to a post. `at` is None where the source does not say."""

    text: str
    office: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One public item as found, personal numbers already masked and the author already a pseudonym.

    `id` is `post_id(source, natural key)`. `region` is the division code of the source's home ("" if it has none).
    `counts` holds what the source shows (likes, dislikes, comments, reposts). `backfill` marks history: it is archived
    and grouped but opens no case and fires no alert.
    """

    id: str
    source: str
    kind: Kind
    title: str
    text: str
    published_at: datetime
    fetched_at: datetime
    url: str = ""
    author: str = ""
    region: str = ""
    reply: Reply | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    backfill: bool = False
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Scored:
    """A label with its calibrated probability (0 to 1)."""

    key: str
    score: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an answer was given: a phrase of the post, or a rule with its source.

    `answer` is what it speaks for, as `topic:wages`, `office:renshe`, `sentiment:neg`, `intent:help`, `severity:4` or
    `place:330106`. `start`/`end` are character offsets in the post's `field` ("title" or "text"); a reason that is not
    a phrase has start = end = 0 and an empty phrase. `weight` orders reasons of one answer, larger first.
    """

    answer: str
    phrase: str
    field: Literal["title", "text"] = "text"
    start: int = 0
    end: int = 0
    weight: float = 0.0
    rule: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the problem is. Codes are GB/T 2260 divisions (6 digits); "" means not known.

    `code` is the most exact division known (county, else city, else province), in the configured area or outside it. `basis` says how it was found: "text",
    "source" (the source's home) or "" (unknown). `candidates` lists the codes of an ambiguous name left open.
    """

    code: str = ""
    province: str = ""
    city: str = ""
    county: str = ""
    town: str = ""
    basis: Literal["text", "source", ""] = ""
    candidates: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The place as people write it: 杭州市西湖区 (without the province); "" if unknown."""
        return f"{self.city}{self.county}{self.town}" or self.province


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers of harm that the text states. Money in yuan. None: not stated (never 0 for "unknown")."""

    deaths: int | None = None
    injured: int | None = None
    people: int | None = None
    households: int | None = None
    money: float | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the classifier says of one Post.

    `topics` best first, at least one (key "none" when the post is no public matter). `severity` 1 to 4, the larger of
    the learned score and the floor read from `facts`. `event_grade` is the statutory grade read from the facts, None
    when no fact decides. `set_aside` names why a post is no case for anyone ("advert", "template"); "" otherwise.
    `near_copy_of` is the id of the first post this one nearly repeats. `model` names what judged, with its version.
    """

    post_id: str
    topics: tuple[Scored, ...]
    office: Scored
    sentiment: Scored
    intent: Scored
    severity: int
    severity_score: float
    place: Place
    model: str
    event_grade: Grade | None = None
    facts: Facts = field(default_factory=Facts)
    keywords: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    set_aside: str = ""
    near_copy_of: str = ""
    needs_human: bool = False
    version: int = VERSION

    @property
    def topic(self) -> str:
        return self.topics[0].key


@dataclass(frozen=True, slots=True)
class Judged:
    """A Post with its Judgement: the record of `posts.judged` and of the archive."""

    post: Post
    judgement: Judgement

    @property
    def partition_key(self) -> str:
        """The county (or the best known division) so that one event stays in one partition; the source's home if unknown."""
        return self.judgement.place.code or self.post.region or "unknown"


def post_id(source: str, natural_key: str) -> str:
    """A stable id: the same source and natural key (normalised address, or row key) always give the same 24 hex digits."""
    return hashlib.sha256(f"{source}\n{natural_key}".encode()).hexdigest()[:24]


_POST = TypeAdapter(Post)
_JUDGED = TypeAdapter(Judged)


def encode_post(post: Post) -> bytes:
    return _POST.dump_json(post)


def decode_post(value: bytes) -> Post:
    """Raises Poison, with the field, when the bytes are no Post of this version."""
    return _decode(_POST, value)


def encode_judged(judged: Judged) -> bytes:
    return _JUDGED.dump_json(judged)


def decode_judged(value: bytes) -> Judged:
    """Raises Poison, with the field, when the bytes are no Judged of this version."""
    return _decode(_JUDGED, value)


T = TypeVar("T")


def _decode(adapter: TypeAdapter[T], value: bytes) -> T:
    try:
        return adapter.validate_json(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = (
            ".".join(str(part) if str(part).isascii() else "*" for part in first["loc"]) or "整条"
        )  # keys may be texts
        raise Poison(f"记录无法解析: 字段 {where}: {first['msg']}") from None  # its own text would repeat the record
