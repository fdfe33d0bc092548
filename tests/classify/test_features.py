"""Hashed n-grams of a batch: the same for a post whatever stands beside it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classify.features import Floats, hashes, matrix, normalise, read_batch, rows_of

BITS = 16
EVERY = np.arange(1 << BITS, dtype=np.int32)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)


def features(titles: list[str], texts: list[str]) -> Floats:
    batch = read_batch(titles, texts)
    return np.asarray(matrix(batch, rows_of(batch, EVERY, BITS), 1 << BITS).todense())


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
def test_a_post_has_the_same_features_alone_and_in_a_batch(posts: list[tuple[str, str]]) -> None:
    together = features([title for title, _ in posts], [text for _, text in posts])
    for place, (title, text) in enumerate(posts):
        assert np.array_equal(together[place], features([title], [text])[0])


def test_width_case_spaces_and_invisible_characters_change_nothing() -> None:
    assert np.array_equal(features([""], ["ＡBC 拖欠\u200b工资"]), features([""], ["abc拖欠工资"]))


def test_anonymous_places_look_alike_and_digits_too() -> None:
    assert np.array_equal(features([""], ["A3区欠薪12元"]), features([""], ["K12区欠薪98元"]))


def test_a_word_in_the_title_counts_more_than_in_the_text() -> None:
    batch = read_batch(["停水"], ["停电"])
    hashed, _ = hashes(batch, 2, BITS)
    found = features(["停水"], ["停电"])[0]
    codes = batch.codes.tolist()
    assert found[hashed[codes.index(ord("水")) - 1]] > found[hashed[codes.index(ord("电")) - 1]] > 0


def test_every_row_has_length_one_and_a_post_without_known_words_none() -> None:
    batch = read_batch(["", ""], ["工地拖欠工资", "啊"])
    known = np.full(1 << BITS, -1, np.int32)
    hashed, _ = hashes(batch, 2, BITS)
    known[hashed[2:4]] = 7
    found = normalise(matrix(batch, rows_of(batch, known, BITS), 8), np.ones(8, np.float32))
    lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    assert np.allclose(lengths, [1, 0], atol=1e-5)


def test_offsets_lead_back_to_the_text_as_written() -> None:
    title, text = "关于 停\u200b水", "Ａ3区 😀停电"
    batch = read_batch([title], [text])
    for code, is_title, at in zip(batch.codes.tolist(), batch.title.tolist(), batch.at.tolist(), strict=True):
        if code in (ord("水"), ord("电"), ord("😀")):
            assert (title if is_title else text)[at] == chr(code)
