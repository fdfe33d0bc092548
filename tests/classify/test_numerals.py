"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.numerals import number

CASES = {
    "5": 5,
    "1,200": 1200,
    "2.3亿": 230_000_000,
    "300余万": 3_000_000,
    "1300多万": 13_000_000,
    "三十余": 30,
    "十多万": 100_000,
    "百余": 100,
    "一百二十三": 123,
    "三千零五": 3005,
    "两": 2,
    "十几": 10,
    "几十": 20,
    "数百": 200,
    "三五": 3,
    "一亿二千万": 120_000_000,
}


@pytest.mark.parametrize(("words", "value"), CASES.items())
def test_the_least_that_the_words_promise(words: str, value: float) -> None:
    assert number(words) == value


@pytest.mark.parametrize("words", ["", "甲", "..", "一x"])
def test_what_is_no_number_has_no_value(words: str) -> None:
    assert number(words) is None


@given(st.integers(0, 9999))
def test_chinese_and_arabic_spelling_agree(value: int) -> None:
    assert number(_spell(value)) == value == number(str(value))


def _spell(value: int) -> str:
    digits, out, gap = "零一二三四五六七八九", "", False
    for unit, size in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit = value // size % 10
        if digit:
            out += ("零" if gap and out else "") + digits[digit] + unit
        gap = digit == 0
    return out or "零"
