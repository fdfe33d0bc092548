"""The runs of characters that speak for an answer, on a table made for the test."""

from __future__ import annotations

import numpy as np
import pytest

from classify.features import read_batch, rows_of
from classify.phrases import best_runs, padded, spread

BITS = 16
EVERY = np.arange(1 << BITS, dtype=np.int32)


def runs_of(texts: list[str], words: dict[str, int], most: int = 9) -> list[tuple[int, str]]:
    """(post, phrase) of the best runs of one head whose only label the two-letter `words` speak for."""
    table = np.zeros((1 << BITS, 1), np.int8)
    for word, weight in words.items():
        row = rows_of(read_batch([""], [word]), EVERY, BITS)[1]
        table[row[2]] = weight  # behind the marks of title and text
    batch = read_batch([""] * len(texts), texts)
    says = spread(batch, rows_of(batch, EVERY, BITS), padded(table), np.zeros((len(texts), 1), np.int64))
    found = best_runs(batch, says, [most])
    spans = zip(found.post.tolist(), batch.at[found.start].tolist(), batch.at[found.end - 1].tolist(), strict=True)
    return [(post, texts[post][start : end + 1]) for post, start, end in spans]


def test_the_phrase_that_weighs_most_comes_first_and_of_equals_the_first_in_the_post() -> None:
    told = runs_of(["停水的小区，停电的小区，欠薪的工地", "停电"], {"停水": 20, "停电": 20, "欠薪": 90})
    assert told == [(0, "欠薪"), (0, "停水"), (0, "停电"), (1, "停电")]


def test_only_so_many_are_taken_of_each_post() -> None:
    told = runs_of(["停水的小区，停电的小区", "停电的小区，停水的小区"], {"停水": 20, "停电": 30}, most=1)
    assert told == [(0, "停电"), (1, "停电")]


def test_posts_without_a_word_have_none() -> None:
    assert runs_of(["", "路灯"], {"停水": 20}) == []


@pytest.mark.parametrize("kind", [np.int8, np.float32])
@pytest.mark.parametrize("columns", [1, 16, 63, 64, 65])
def test_padded_rows_begin_at_cache_lines_and_the_last_is_empty(kind: type[np.int8], columns: int) -> None:
    table = np.arange(3 * columns).reshape(3, columns).astype(kind)
    rows = padded(table)
    assert rows.ctypes.data % 64 == 0
    assert rows.strides[0] % 64 == 0
    assert np.array_equal(rows[:3, :columns], table)
    assert not rows[3].any()
    assert not rows[:, columns:].any()
