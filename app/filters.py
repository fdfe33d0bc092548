"""`minsheng judge`, `minsheng events` and `minsheng mask`: posts in as JSON lines, answers out as JSON lines.

An input line is an object with `id`, `title`, `text` and optionally `source`, `kind`, `published_at` (ISO 8601; without
a zone it is Asia/Shanghai). A bad line is told on stderr with its number and the rest goes on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import IO, Any, TypeVar, cast, get_args

from configs.catalog import SHANGHAI
from crawlers.times import parse_time
from stream.errors import MinshengError
from stream.messages import Judged, Kind, Post

KINDS = get_args(Kind)
BATCH = 256
CHUNK = 1 << 20

T = TypeVar("T")


class Complaints:
    """Bad lines: each is told at once, all are counted."""

    def __init__(self, out: IO[str]) -> None:
        self.out = out
        self.count = 0

    def __call__(self, number: int, why: str) -> None:
        self.count += 1
        print(f"第 {number} 行: {why}", file=self.out)


def lines_as_they_come(stream: IO[bytes]) -> Iterator[list[bytes]]:
    """Whole lines in the portions in which they arrive, so that a slow writer gets its answers without waiting."""
    rest = b""
    while portion := stream.read1(CHUNK):  # type: ignore[attr-defined]
        *lines, rest = (rest + portion).split(b"\n")
        if lines:
            yield lines
    if rest:
        yield [rest]


def read_lines(lines: Iterable[tuple[int, bytes]], complain: Complaints, parse: Callable[[bytes], T]) -> Iterator[T]:
    """What numbered lines hold, bad ones told and left out. Blank lines are skipped."""
    for number, line in lines:
        if not line.strip():
            continue
        try:
            yield parse(line)
        except MinshengError as error:
            complain(number, str(error))


def parse_post(line: bytes, now: datetime) -> Post:
    """Raises MinshengError, naming the field, for what is no post."""
    row = parse_object(line, '{"id": …, "title": …, "text": …}')
    title, text = text_of(row, "title"), text_of(row, "text")
    if not title.strip() and not text.strip():
        raise MinshengError("字段 title 和 text 都是空的，至少要有一个")
    return Post(
        id=str(id_of(row)),
        source=text_of(row, "source"),
        kind=_kind(row),
        title=title,
        text=text,
        published_at=_time(row, now),
        fetched_at=now,
    )


def parse_object(line: bytes, example: str) -> dict[str, Any]:
    """Raises MinshengError for what is no JSON object."""
    try:
        row = json.loads(line)
    except ValueError as error:  # also bad UTF-8
        raise MinshengError(f"不是合法的 JSON (UTF-8): {error}") from error
    if not isinstance(row, dict):
        raise MinshengError(f"不是 JSON 对象，应为 {example}")
    return row


def id_of(row: dict[str, Any]) -> str | int:
    """The id as given. Raises MinshengError where it is missing or neither a text nor an integer."""
    value = row.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise MinshengError(f"字段 id: 缺少，或不是文字或整数: {value!r}")
    return value


def text_of(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise MinshengError(f"字段 {name}: 应为文字: {value!r}")
    return value.encode("utf-8", "replace").decode()  # a lone surrogate cannot be written out again


def _kind(row: dict[str, Any]) -> Kind:
    """The kind as given; else the source's name where that is a kind (as labelled files have it); else a message."""
    kind: Any = row.get("kind")
    if kind is None:
        source = row.get("source")
        kind = source if source in KINDS else "message"
    if kind not in KINDS:
        raise MinshengError(f"字段 kind: {kind!r} 不在 {'、'.join(KINDS)} 之中")
    return cast("Kind", kind)


def _time(row: dict[str, Any], now: datetime) -> datetime:
    value = row.get("published_at")
    if value is None:
        return now
    found = _exact(value) or (parse_time(value, now) if isinstance(value, str) else None)
    if found is None:
        raise MinshengError(f"字段 published_at: {value!r} 不是时间，应如 2026-11-25T09:30:00+08:00")
    return found


def _exact(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value)) if isinstance(value, str) else None
        return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(UTC) if at else None
    except (ValueError, OverflowError):
        return None


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def judgement_row(judged: Judged) -> dict[str, Any]:
    """One judgement as the flat object that is written out."""
    said = judged.judgement
    return {
        "id": judged.post.id,
        "topics": [{"key": topic.key, "score": round(topic.score, 4)} for topic in said.topics],
        "office": said.office.key,
        "office_score": round(said.office.score, 4),
        "sentiment": said.sentiment.key,
        "sentiment_score": round(said.sentiment.score, 4),
        "intent": said.intent.key,
        "intent_score": round(said.intent.score, 4),
        "severity": said.severity,
        "severity_score": round(said.severity_score, 3),
        "event_grade": said.event_grade,
        "place": {
            "code": said.place.code,
            "name": said.place.label,
            "basis": said.place.basis,
            "candidates": list(said.place.candidates),
        },
        "keywords": list(said.keywords),
        "set_aside": said.set_aside,
        "near_copy_of": said.near_copy_of,
        "needs_human": said.needs_human,
        "reasons": [
            {
                "answer": reason.answer,
                "phrase": reason.phrase,
                "field": reason.field,
                "start": reason.start,
                "end": reason.end,
                "weight": round(reason.weight, 3),
                **({"rule": reason.rule, "source": reason.source} if reason.rule else {}),
            }
            for reason in said.reasons
        ],
        "model": said.model,
    }


def run_filter(
    answer: Callable[[Sequence[Post]], Iterable[dict[str, Any]]],
    now: datetime,
    source: IO[bytes] | None = None,
    out: IO[str] | None = None,
    errors: IO[str] | None = None,
) -> int:
    """Answer posts batch by batch as they come; returns the number of bad lines."""
    return answer_lines(lambda line: parse_post(line, now), answer, source, out, errors)


def answer_lines(
    parse: Callable[[bytes], T],
    answer: Callable[[Sequence[T]], Iterable[dict[str, Any]]],
    source: IO[bytes] | None = None,
    out: IO[str] | None = None,
    errors: IO[str] | None = None,
) -> int:
    """Answer what `parse` makes of the lines, as they come; returns the number of bad ones."""
    source, out, errors = source or sys.stdin.buffer, out or sys.stdout, errors or sys.stderr
    complain = Complaints(errors)
    number = 0
    for lines in lines_as_they_come(source):
        parsed = read_lines(enumerate(lines, number + 1), complain, parse)
        number += len(lines)
        for batch in batches(parsed, BATCH):
            for row in answer(batch):
                print(json.dumps(row, ensure_ascii=False), file=out)
            out.flush()
    return complain.count
