"""Judged posts as documents of Elasticsearch, and back; the month that a post belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic_core import PydanticSerializationError, to_json

from stream.elastic_text import spell_text
from stream.errors import Poison
from stream.fields import facets_of, has_bytes
from stream.messages import Judged, decode_judged, encode_judged
from stream.sqlite import to_micros

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST, LAST = "1999.12", "2100.01"  # months that also hold all before and all after, so that odd dates make no indices
LONGEST_ID = 512  # bytes; the server refuses a whole request for a longer one
BATCH_BYTES = 4_000_000
BATCH_POSTS = 1000


class Doc(NamedTuple):
    """A post ready to be sent: its month, and the bytes of its document."""

    id: str
    month: str
    fetched_at: datetime
    source: bytes


def make_doc(judged: Judged) -> Doc:
    """Raises Poison for a post that cannot be written as JSON or whose id no index takes."""
    post = judged.post
    if not is_id(post.id):
        raise Poison(f"信息 {post.id[:60]!r} 的编号不能归档: 须为 1 到 {LONGEST_ID} 字节的文字")
    try:
        source = to_json(_fields(judged))[:-1] + b',"body":' + encode_judged(judged) + b"}"
    except PydanticSerializationError as error:
        raise Poison(f"信息 {post.id[:60]!r} 含有不能写成 JSON 的字符") from error
    return Doc(post.id, month_of(post.published_at), post.fetched_at, source)


def is_id(name: str) -> bool:
    """Whether a document can have this id."""
    return has_bytes(name) and 0 < len(name.encode()) <= LONGEST_ID


def _fields(judged: Judged) -> dict[str, Any]:
    post, micros = judged.post, to_micros(judged.post.published_at)
    return {
        "id": post.id,
        "at": micros,
        "published_at": micros // 1000,
        "title": spell_text(post.title),
        "text": spell_text(post.text),
        **facets_of(judged),
        "set_aside": bool(judged.judgement.set_aside),
        "needs_human": judged.judgement.needs_human,
    }


def read_body(found: Mapping[str, Any]) -> Judged:
    """What was written, of a hit or a document as the server gives it."""
    return decode_judged(to_json(found["_source"]["body"]))


def fetched_at(found: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(found["_source"]["body"]["post"]["fetched_at"])


def month_of(at: datetime) -> str:
    """The month in Shanghai, as 2026.11."""
    if at.year < 1999:  # also keeps the first days of the calendar from running over its edge
        return FIRST
    if at.year > 2100:
        return LAST
    there = at.astimezone(SHANGHAI)
    return min(max(f"{there.year}.{there.month:02}", FIRST), LAST)


def is_over(month: str, before: datetime) -> bool:
    """Whether everything that a month can hold was published before."""
    return month < month_of(before) and month != LAST


def batches(docs: Iterable[Doc]) -> Iterator[list[Doc]]:
    """Parts small enough for one request."""
    batch: list[Doc] = []
    size = 0
    for doc in docs:
        if batch and (size + len(doc.source) > BATCH_BYTES or len(batch) == BATCH_POSTS):
            yield batch
            batch, size = [], 0
        batch.append(doc)
        size += len(doc.source)
    if batch:
        yield batch
