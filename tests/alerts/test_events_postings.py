"""The index from grams to rows, and what is read of a text."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.grouping_features import load_background, read_grams
from alerts.grouping_postings import INDEXED, Postings
from tests.alerts.telling import tell


def found(postings: Postings, grams: list[int]) -> dict[int, set[int]]:
    rows = defaultdict[int, set[int]](set)
    for which, found_rows in postings.behind(np.array(grams), np.arange(len(grams))):
        for at, row in zip(which.tolist(), found_rows.tolist(), strict=True):
            assert row not in rows[grams[at]], "told twice"
            rows[grams[at]].add(row)
    return dict(rows)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), steps=st.integers(1, 60))
def test_rows_that_come_and_go_and_are_used_again(seed: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    postings, kept = Postings(), dict[int, np.ndarray[tuple[int], np.dtype[np.uint32]]]()
    for _ in range(steps):
        leaving = [row for row in kept if rng.random() < 0.3]
        if leaving:
            postings.remove(np.array(leaving), np.stack([kept.pop(row) for row in leaving]))
        coming = [row for row in range(12) if row not in kept and rng.random() < 0.5]
        if coming:
            ids = rng.integers(0, 30, (len(coming), INDEXED)).astype(np.uint32)
            ids[:, :3] *= rng.random() < 0.5
            unique = np.stack([np.pad(one := np.unique(row), (INDEXED - len(one), 0)) for row in ids])
            postings.add(np.array(coming), unique)
            kept.update(zip(coming, unique, strict=True))
        expected = {gram: {row for row, ids in kept.items() if gram in ids} for gram in range(1, 30)}
        assert found(postings, list(range(1, 30))) == {gram: rows for gram, rows in expected.items() if rows}
        assert postings.held(np.arange(1, 30)).tolist() == [len(expected[gram]) for gram in range(1, 30)]


def test_posts_without_grams_come_and_go() -> None:
    postings = Postings()
    nothing = np.zeros((2, INDEXED), dtype=np.uint32)
    postings.add(np.arange(2), nothing)
    assert found(postings, [1, 2]) == {}
    postings.remove(np.arange(2), nothing)
    assert found(postings, [1, 2]) == {}


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("ＡＢＣ１２３号楼", "abc123号楼"),
        ("临栖雅苑…停水", "临栖雅苑...停水"),
        ("面积９０㎡", "面积90m2"),
        ("e\u0301cole 停课", "école 停课"),
        ("ﾄﾗｯｸ堵路", "トラック堵路"),
        ("İstanbul路", "i\u0307stanbul路"),
        ("\u2f08民路", "人民路"),
    ],
)
def test_letters_of_another_width_or_form_are_the_same(text: str, same: str) -> None:
    assert unicodedata.normalize("NFKC", text).lower() == unicodedata.normalize("NFKC", same).lower()
    first, second = read_grams([tell("a", text, text), tell("b", same, same)], load_background()).ids
    assert (first == second).all()
    assert first.any()


def test_a_text_reads_the_same_whatever_is_read_with_it() -> None:
    posts = [tell("a", "临栖雅苑停水", "停水三天㎡"), tell("b", "", ""), tell("c", "枫桥路", "１２３路公交\ud800")]
    together = read_grams(posts, load_background())
    for at, one in enumerate(posts):
        alone = read_grams([replace(one)], load_background())
        assert (alone.ids[0] == together.ids[at]).all()
        assert (alone.tf[0] == together.tf[at]).all()
