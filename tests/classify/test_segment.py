"""Key words of a post."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from classify.segment import keywords

TEXT = "物业停水三天，物业电话没人接，老人提水上楼。物业说水泵坏了，联系【手机号】，2026年11月25日 ABC 12345"


def test_the_most_frequent_word_comes_first() -> None:
    assert keywords(TEXT, 5)[0] == "物业"
    assert "停水" in keywords(TEXT, 5)


def test_no_stop_words_numbers_or_single_characters() -> None:
    found = keywords(TEXT, 50)
    assert not {"电话", "手机号", "没人", "12345", "ABC", "年", "说"} & set(found)
    assert all(re.fullmatch(r"[\u4e00-\u9fff]{2,}", word) for word in found)


def test_at_most_n_and_always_the_same() -> None:
    assert len(keywords(TEXT, 2)) == 2
    assert keywords(TEXT, 6) == keywords(TEXT, 6)
    assert keywords("", 5) == keywords("。。。", 5) == ()


@given(st.text(max_size=80), st.integers(0, 8))
def test_words_stand_in_the_text(text: str, n: int) -> None:
    found = keywords(text, n)
    assert len(found) == len(set(found)) <= n
    assert all(word in text for word in found)
