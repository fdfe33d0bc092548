"""Numbers as people write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.clean import fold
from classify.numerals import NUMBER, number

CASES = {
    "5": 5,
    "1,200": 1200,
    "1,200万": 12_000_000,
    "2.3亿": 230_000_000,
    "1.2千万": 12_000_000,
    "300余万": 3_000_000,
    "1300多万": 13_000_000,
    "300w": 3_000_000,
    "50w+": 500_000,
    "3万5": 35_000,
    "3万5千": 35_000,
    "1亿3千万": 130_000_000,
    "1万2千3百": 12_300,
    "三十余": 30,
    "十多万": 100_000,
    "百余": 100,
    "一百二十三": 123,
    "三千零五": 3005,
    "两": 2,
    "俩": 2,
    "仨": 3,
    "十几": 10,
    "十几万": 100_000,
    "十几二十": 10,
    "二十几": 20,
    "几十": 20,
    "好几十": 20,
    "数百": 200,
    "三五": 3,
    "五六千": 5000,
    "三四十": 30,
    "两三百": 200,
    "十五六": 15,
    "百八十": 80,
    "百儿八十": 80,
    "百十来": 100,
    "八百多万": 8_000_000,
    "三万五": 35_000,
    "一百二": 120,
    "一百零五": 105,
    "十万八千": 108_000,
    "一万零三百": 10_300,
    "三个亿": 300_000_000,
    "2个多亿": 200_000_000,
    "半个亿": 50_000_000,
    "一亿二千万": 120_000_000,
    "壹拾万": 100_000,
    "廿": 20,
    "二〇二六": 2026,
}


@pytest.mark.parametrize(("words", "value"), CASES.items())
def test_the_least_that_the_words_promise(words: str, value: float) -> None:
    assert number(words) == value


@pytest.mark.parametrize("words", CASES)
def test_what_is_read_is_also_found(words: str) -> None:
    found = re.search(NUMBER, words)
    assert found
    assert number(found[0]) == CASES[words]


@pytest.mark.parametrize("words", ["", "甲", "..", "一x", "万一x"])
def test_what_is_no_number_has_no_value(words: str) -> None:
    assert number(words) is None


@given(st.integers(1, 99_999_999))
def test_every_spelling_of_a_number_is_the_same_number(value: int) -> None:
    for words in spellings(value):
        found = re.fullmatch(NUMBER, fold(words).text)
        assert found, words
        assert number(found[0]) == value, words


@given(st.integers(1, 9999), st.sampled_from(["多", "余", "来"]))
def test_more_than_a_number_is_at_least_it(value: int, more: str) -> None:
    assert number(f"{value}{more}") == number(f"{value}{more}万") / 10_000 == value  # type: ignore[operator]
    tens = value // 10 * 10
    if tens:
        assert number(f"{_spell(tens)}{more}") == tens


@given(st.text("0123456789.,一二三十百千万亿两几数零半俩廿壹拾wk余多来好儿+个", max_size=8))
def test_no_row_of_numerals_is_an_error_or_below_nought(words: str) -> None:
    assert (number(words) or 0) >= 0


FORMAL = str.maketrans("一二三四五六七八九十百千", "壹贰叁肆伍陆柒捌玖拾佰仟")
FULL_WIDTH = str.maketrans("0123456789.,", "０１２３４５６７８９．，")


def spellings(value: int) -> list[str]:
    """All the ways to write a whole number below a hundred million."""
    han, plain = spell(value), str(value)
    ways = [plain, f"{value:,}", plain.translate(FULL_WIDTH), han, han.translate(FORMAL), han.replace("万", "萬")]
    if value >= 10_000:
        part = f"{value / 10_000:.4f}".rstrip("0").rstrip(".")
        ways += [f"{part}万", f"{part}w", f"{part}W", f"{part}万".translate(FULL_WIDTH)]
    if value >= 10_000 and value % 10_000 == 0:
        ways.append(f"{_spell(value // 10_000)}万")
    if 1000 <= value < 10_000 and value % 1000 == 0:
        ways += [f"{value // 1000}千", f"{value // 1000}k"]
    if 20_000 <= value < 100_000 and value % 1000 == 0 and value % 10_000:
        ways += [
            f"{value // 10_000}万{value // 1000 % 10}千",
            f"{_spell(value // 10_000)}万{_spell(value // 1000 % 10)}",
        ]
    return ways


def spell(value: int) -> str:
    high, low = divmod(value, 10_000)
    if not high:
        return _spell(low)
    gap = "零" if 0 < low < 1000 else ""
    return f"{_spell(high)}万{gap}{_spell(low) if low else ''}"


def _spell(value: int) -> str:
    digits, out, gap = "零一二三四五六七八九", "", False
    for unit, size in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit = value // size % 10
        if digit:
            out += ("零" if gap and out else "") + digits[digit] + unit
        gap = digit == 0
    return out or "零"
