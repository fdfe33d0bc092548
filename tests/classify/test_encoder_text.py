"""The line that the encoder reads, and where each of its characters stands in the post."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from classify.encoder.text import NOWHERE, read_line, shorten


def test_title_kind_and_text_make_one_line() -> None:
    assert read_line("路灯不亮", "晚上走路很危险", "message", "query: ").text == "query: 留言: 路灯不亮。晚上走路很危险"
    assert read_line("为什么停水？", "三天了", "", "").text == "为什么停水?三天了"
    assert read_line("", "ＡＢＣ１２", "unknown", "").text == "abc12"


def test_anonymous_places_are_blanked() -> None:
    line = read_line("", "A市B3区西地省C12县的路", "", "")
    assert line.text == "某市某区某省某县的路"
    assert [line.at[2], line.at[4]] == [("text", 2, 4), ("text", 5, 7)]


@given(st.text(max_size=60), st.text(max_size=200))
def test_every_character_knows_where_it_came_from(title: str, text: str) -> None:
    line = read_line(title, text, "forum", "query: ")
    assert len(line.text) == len(line.at)
    for field, start, end in line.at:
        assert 0 <= start <= end <= len(title if field == "title" else text)
    in_order = [(field == "text", start) for field, start, end in line.at if end > start]
    assert in_order == sorted(in_order)


def test_what_was_put_in_stands_nowhere() -> None:
    line = read_line("甲", "乙", "news", "query: ")
    assert [one is NOWHERE for one in line.at] == [True] * (len(line.text) - 3) + [False, True, False]


def test_a_long_post_keeps_its_beginning_and_its_end() -> None:
    assert shorten(range(10), 10) == list(range(10))
    assert shorten(range(100), 8) == [0, 1, 2, 3, 4, 5, 98, 99]
