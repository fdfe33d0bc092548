"""Folding keeps every character where it stood."""

from hypothesis import given
from hypothesis import strategies as st

from classify.clean import fold, fold_all

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
