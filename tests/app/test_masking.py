"""`minsheng mask`: spans point into the text that came in, bad lines are told, the rest goes on."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from app.masking import mask_lines, parse_given
from stream.errors import MinshengError


def run(*lines: object) -> tuple[int, list[dict[str, Any]], str]:
    data = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    out, errors = io.StringIO(), io.StringIO()
    bad = mask_lines(io.BytesIO(data.encode()), out, errors)
    return bad, [json.loads(line) for line in out.getvalue().splitlines()], errors.getvalue()


def test_spans_are_code_points_of_the_text_that_came_in() -> None:
    text = "😀停水了，找张三1️⃣3️⃣8️⃣00138000，谢谢"
    bad, (row,), _ = run({"id": "a", "text": text})
    assert bad == 0
    assert row["text"] == "😀停水了，找【姓名】【手机号】，谢谢"
    assert [(text[one["start"] : one["end"]], one["kind"]) for one in row["spans"]] == [
        ("张三", "name"),
        ("1️⃣3️⃣8️⃣00138000", "mobile"),
    ]
    assert list(row) == ["id", "text", "spans"]


def test_a_title_is_masked_with_spans_of_its_own() -> None:
    _, (row,), _ = run({"id": 7, "text": "停水", "title": "打13800138000"})
    assert row == {
        "id": 7,
        "text": "停水",
        "spans": [],
        "title": "打【手机号】",
        "title_spans": [{"start": 1, "end": 12, "kind": "mobile"}],
    }


def test_bad_lines_are_told_by_number_and_the_rest_goes_on() -> None:
    bad, rows, told = run({"id": 1, "text": "停水"}, "", "nonsense", {"text": "停电"}, {"id": 3, "text": ""})
    assert bad == 2
    assert [row["id"] for row in rows] == [1, 3]
    assert [line.partition(":")[0] for line in told.splitlines()] == ["第 3 行", "第 4 行"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"[]", "JSON 对象"),
        (b'{"id": 1}', "字段 text"),
        (b'{"id": 1, "text": 5}', "字段 text"),
        (b'{"text": "a"}', "字段 id"),
        (b'{"id": 1, "text": "a", "title": 5}', "字段 title"),
    ],
)
def test_a_bad_line_names_its_field(line: bytes, says: str) -> None:
    with pytest.raises(MinshengError, match=says):
        parse_given(line)
