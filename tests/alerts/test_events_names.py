"""Names in texts, and when two posts name different things."""

from __future__ import annotations

import pytest

from alerts.grouping_names import agree, names_in


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("枫桥路小学门口堵车", "", {"路:枫桥", "小学:桥路"}),
        ("207路公交等太久", "", {"路:207"}),
        ("我们小区停水", "", set()),
        ("", "临栖雅苑停水三天", {"雅苑:临栖", "苑:栖雅"}),
        ("", "没有名字的抱怨", set()),
        ("有标题就只看标题", "临栖雅苑停水三天", set()),
    ],
)
def test_names(title: str, text: str, expected: set[str]) -> None:
    assert names_in(title, text) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("枫桥路小学堵车", "海棠实验小学堵车", -1.0),
        ("枫桥路小学堵车", "枫桥路小学食堂", 1.0),
        ("207路公交", "123路公交", -1.0),
        ("207路公交", "20路公交", -1.0),
        ("滨河苑停水", "滨江苑停水", 0.5),  # may be a slip of the pen
        ("枫桥路小学堵车", "临栖雅苑停水", 0.0),
        ("枫桥路小学堵车", "油价又涨了", 0.0),
    ],
)
def test_agree(first: str, second: str, expected: float) -> None:
    one, other = names_in(first, ""), names_in(second, "")
    assert agree(one, other) == agree(other, one) == expected
