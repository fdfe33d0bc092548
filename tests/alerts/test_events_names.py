"""Names in texts, and when two posts name different things."""

from __future__ import annotations

import pytest

from alerts.grouping_features import load_background
from alerts.grouping_names import agree, names_in

NONE: set[str] = set()


@pytest.mark.parametrize(
    ("title", "text", "pairs", "numbers"),
    [
        ("枫桥路小学门口堵车", "", {"枫桥"}, NONE),
        ("207路公交等太久", "", NONE, {"207路"}),
        ("我们小区停水", "", NONE, NONE),
        ("", "临栖雅苑停水三天", {"临栖"}, NONE),
        ("", "没有名字的抱怨", NONE, NONE),
        ("停水三天", "临栖雅苑停水三天", {"临栖"}, NONE),
    ],
)
def test_names(title: str, text: str, pairs: set[str], numbers: set[str]) -> None:
    found = names_in(title, text, load_background())
    assert pairs <= found.pairs
    assert bool(found.pairs) == bool(pairs)
    assert found.numbers == numbers


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("枫桥路小学堵车", "海棠实验小学堵车", -1.0),
        ("枫桥路小学堵车", "枫桥路小学食堂", 1.0),
        ("207路公交", "123路公交", -1.0),
        ("207路公交", "20路公交", -1.0),
        ("闻堤小学停水", "闻提小学停水", 0.5),  # may be a slip of the pen
        ("枫桥路小学堵车", "油价又涨了", 0.0),
    ],
)
def test_agree(first: str, second: str, expected: float) -> None:
    one, other = names_in(first, "", load_background()), names_in(second, "", load_background())
    assert agree(one, other) == agree(other, one) == expected
