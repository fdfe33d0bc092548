from __future__ import annotations

import pytest

from stream.archive import Query, Sort
from stream.errors import MinshengError
from stream.fields import Mark, read_mark, write_mark


@pytest.mark.parametrize(
    ("sort", "mark"),
    [
        ("newest", (float("inf"), "a")),
        ("newest", (float("nan"), "a")),
        ("oldest", (1.5, "a")),
        ("newest", (2**63, "a")),
        ("newest", (True, "a")),
        ("severity", (1, -(10**30), "a")),
        ("oldest", (1, "\ud800")),
        ("relevance", (float("nan"), "a")),
        ("relevance", (10**40, "a")),
        ("newest", (1,)),
    ],
)
def test_a_mark_that_no_database_can_compare_with_is_refused(sort: Sort, mark: Mark) -> None:
    with pytest.raises(MinshengError, match="翻页标记"):
        read_mark(Query(text="a", sort=sort, after=write_mark(sort, mark)))


@pytest.mark.parametrize(
    ("sort", "mark"), [("newest", (-5, "a")), ("severity", (3, 5, "")), ("relevance", (1.25, "中"))]
)
def test_a_mark_is_read_as_it_was_written(sort: Sort, mark: Mark) -> None:
    assert read_mark(Query(text="a", sort=sort, after=write_mark(sort, mark))) == mark
