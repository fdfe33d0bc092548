"""`minsheng mask`: texts in as JSON lines, masked texts and where what was masked stood out as JSON lines.

An input line is an object with `id`, `text` and optionally `title`; other fields are not read. Offsets count code points
of the text that came in. A bad line is told on stderr with its number and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from app.filters import answer_lines, id_of, parse_object, text_of
from classify.pii import Span, apply, spans
from stream.errors import MinshengError


@dataclass(frozen=True, slots=True)
class Given:
    """A line as understood; `title` None: it has none."""

    id: str | int
    text: str
    title: str | None


def mask_lines(source: IO[bytes] | None = None, out: IO[str] | None = None, errors: IO[str] | None = None) -> int:
    """Mask the lines as they come; returns the number of bad ones."""
    return answer_lines(parse_given, masked_rows, source, out, errors)


def parse_given(line: bytes) -> Given:
    """Raises MinshengError, naming the field, for what has no id or no text."""
    row = parse_object(line, '{"id": …, "text": …}')
    if row.get("text") is None:
        raise MinshengError("字段 text: 缺少，应为要遮盖的文字")
    title = None if row.get("title") is None else text_of(row, "title")
    return Given(id_of(row), text_of(row, "text"), title)


def masked_rows(given: Sequence[Given]) -> Iterator[dict[str, Any]]:
    for one in given:
        found = spans(one.text)
        row: dict[str, Any] = {"id": one.id, "text": apply(one.text, found), "spans": _rows(found)}
        if one.title is not None:
            told = spans(one.title)
            row |= {"title": apply(one.title, told), "title_spans": _rows(told)}
        yield row


def _rows(found: Sequence[Span]) -> list[dict[str, Any]]:
    return [{"start": span.start, "end": span.end, "kind": span.kind} for span in found]
