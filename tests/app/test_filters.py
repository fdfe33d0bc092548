"""The JSON-lines filters: what they accept, what they complain about, and that they answer as lines come."""

import io
import json
import os
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from app.filters import parse_post, run_filter
from stream.errors import MinshengError
from stream.messages import Post

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)


def echo(posts: Sequence[Post]) -> Iterable[dict[str, Any]]:
    return [{"id": post.id, "text": post.text} for post in posts]


def run(data: bytes) -> tuple[int, list[dict[str, Any]], str]:
    out, errors = io.StringIO(), io.StringIO()
    bad = run_filter(echo, NOW, io.BytesIO(data), out, errors)
    return bad, [json.loads(line) for line in out.getvalue().splitlines()], errors.getvalue()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[1]", "JSON 对象"),
        ('{"title": "路灯不亮"}'.encode(), "字段 id"),
        ('{"id": true, "title": "路灯不亮"}'.encode(), "字段 id"),
        ('{"id": "", "title": "路灯不亮"}'.encode(), "字段 id"),
        (b'{"id": 1, "title": "", "text": " "}', "字段 title 和 text"),
        (b'{"id": 1, "text": 5}', "字段 text"),
        ('{"id": 1, "text": "停水", "kind": "tv"}'.encode(), "字段 kind"),
        ('{"id": 1, "text": "停水", "published_at": "某天"}'.encode(), "字段 published_at"),
        ('{"id": 1, "text": "停水", "published_at": 20261125}'.encode(), "字段 published_at"),
    ],
)
def test_a_bad_line_names_its_field(line: bytes, says: str) -> None:
    with pytest.raises(MinshengError, match=says):
        parse_post(line, NOW)


def test_bad_lines_are_told_by_number_and_the_rest_goes_on() -> None:
    bad, rows, told = run('{"id": 1, "text": "停水"}\n\nnonsense\n{"id": "b", "text": "停电"}'.encode())
    assert bad == 1
    assert rows == [{"id": "1", "text": "停水"}, {"id": "b", "text": "停电"}]
    assert told.startswith("第 3 行:")


def test_numbers_go_on_over_portions() -> None:
    good = '{"id": 1, "text": "停水了"}\n'.encode()
    bad, rows, told = run(good * 70_000 + b"x\n")
    assert (bad, len(rows)) == (1, 70_000)
    assert "第 70001 行" in told


def test_times_without_a_zone_are_shanghai() -> None:
    post = parse_post('{"id": 1, "text": "停水", "published_at": "2026-11-25T09:30"}'.encode(), NOW)
    assert post.published_at == datetime(2026, 11, 25, 1, 30, tzinfo=UTC)


def test_times_are_read_as_chinese_sites_write_them() -> None:
    for text in ("2019/2/28 11:25:05", "2019-2-28 11:25:05", "2019年2月28日 11:25:05"):
        line = json.dumps({"id": 1, "text": "停水", "published_at": text}).encode()
        assert parse_post(line, NOW).published_at == datetime(2019, 2, 28, 3, 25, 5, tzinfo=UTC)


def test_the_kind_is_taken_from_the_source_where_it_names_one() -> None:
    assert parse_post('{"id": 1, "text": "停水", "source": "forum"}'.encode(), NOW).kind == "forum"
    assert parse_post('{"id": 1, "text": "停水", "source": "hz"}'.encode(), NOW).kind == "message"


def test_a_lone_surrogate_does_not_break_the_output() -> None:
    bad, rows, _ = run(b'{"id": 1, "text": "a\\ud800b"}')
    assert bad == 0
    assert rows[0]["text"] == "a?b"


def test_an_answer_comes_before_the_input_ends() -> None:
    """A writer that sends one line and waits gets its answer."""
    reading, writing = os.pipe()
    answered = threading.Event()

    def answer(posts: Sequence[Post]) -> Iterable[dict[str, Any]]:
        answered.set()
        return echo(posts)

    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", buffering=0) as sink:
        thread = threading.Thread(target=run_filter, args=(answer, NOW, source, io.StringIO(), io.StringIO()))
        thread.start()
        sink.write('{"id": 1, "text": "停水"}\n'.encode())
        came = answered.wait(10)
        sink.close()
        thread.join(10)
    assert came
