"""Folding keeps every character where it stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.clean import fold, fold_all, fold_words

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


def test_width_case_and_punctuation_are_folded() -> None:
    assert fold("Ａ３区，“你好”！").text == 'a3区,"你好"!'


def test_invisible_characters_fall_out_and_offsets_still_hold() -> None:
    text = "拖\u200b欠\ufeff工资"
    folded = fold(text)
    assert folded.text == "拖欠工资"
    start, end = folded.span(folded.text.index("欠"), folded.text.index("资") + 1)
    assert text[start:end] == "欠\ufeff工资"


@given(TEXTS)
def test_each_folded_character_comes_from_its_own(text: str) -> None:
    folded = fold(text)
    for place in range(len(folded.text)):
        start, end = folded.span(place, place + 1)
        assert fold(text[start:end]).text == folded.text[place]


@given(st.lists(TEXTS, max_size=5))
def test_a_batch_folds_as_one_by_one(texts: list[str]) -> None:
    assert [one.text for one in fold_all(texts)] == [fold(text).text for text in texts]


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("欠.薪三个月", "欠薪三个月"),
        ("欠/薪", "欠薪"),
        ("农*民*工的工_资", "农民工的工资"),
        ("拖\u200b欠.薪", "拖欠薪"),
        ("停水.停电", "停水.停电"),  # 水停 is no word
        ("一.停水二.停电", "一.停水二.停电"),
        ("小区/学校", "小区/学校"),
        ("三十餘戶斷電", "三十余户断电"),
        ("著名乾隆", "著名乾隆"),  # as simplified texts write them
        ("⼯资⺠工", "工资民工"),
        ("加ВХ加ᴠх", "加bx加vx"),
        ("欠̶薪̶", "欠薪"),
        ("𝟏𝟑𝟖", "138"),
        ("1️⃣😡", "1😡"),
        ("欠\U000e0101薪", "欠薪"),
    ],
)
def test_tricks_of_writing_are_folded_away(written: str, folded: str) -> None:
    assert fold(written).text == folded
    assert fold_words(written).text == folded


def test_marks_are_joined_within_one_text_only() -> None:
    assert [one.text for one in fold_all(["欠.", "薪", ".薪", "欠.薪"])] == ["欠.", "薪", ".薪", "欠薪"]


def test_simplified_texts_are_never_changed() -> None:
    for first in range(0xB0, 0xF8):
        for second in range(0xA1, 0xFF):
            char = bytes((first, second)).decode("gb2312", "ignore")
            assert not char or fold(char).text == char


@given(TEXTS)
def test_the_quick_folding_finds_the_same_letters(text: str) -> None:
    letters = ["".join(char for char in one(text).text if char.isalnum()) for one in (fold, fold_words)]
    assert letters[0] == letters[1]
