"""The words of accusations as patterns that are quick to look for find what the plain choice of the words finds."""

from __future__ import annotations

import random
import re

import pytest

from alerts.accused_clauses import _SENTENCES
from alerts.accused_words import _LETTER, CLASSES, _opened, any_of, words
from tests.alerts.test_accused_tables import rows

TEXTS = [text for name in ("accusing", "mentioning") for table in ("first", "second") for _, text in rows(name, table)]


@pytest.mark.parametrize("kind", CLASSES)
def test_words_brought_together_by_their_first_letter_find_what_each_finds(kind: str) -> None:
    listed = getattr(words(), kind)
    quick, plain = re.compile(any_of(listed)), [re.compile(word) for word in listed]
    for text in TEXTS:
        found = {match.start() for match in quick.finditer(text)}
        each = {match.start() for word in plain for match in word.finditer(text)}
        assert found <= each
        assert bool(found) == bool(each)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_class_begins_with_letters_so_that_a_search_need_not_try_each_word_everywhere(kind: str) -> None:
    assert all(_LETTER.match(one) for word in getattr(words(), kind) for one in _opened(word))


@pytest.mark.parametrize(
    ("word", "pattern"),
    [
        ("(?:我|他们)?的信", "我(?:的信)|他(?:们的信)|的(?:信)"),
        ("的?(?:信|电话)", "的(?:(?:信|电话))|信(?:)|电(?:话)"),
        ("[两三]+次", "[两三]+次"),
        ("(?<!特)别", "(?<!特)别"),
        ("(?:一|二)+次", "(?:一|二)+次"),
    ],
)
def test_a_word_that_begins_in_several_ways_stands_under_each_first_letter(word: str, pattern: str) -> None:
    assert any_of([word]) == pattern


def test_sentences_end_at_stops_and_at_two_spaces() -> None:
    plain, rng = re.compile(r"[。！？；!?;\n…]+|\s{2,}"), random.Random(7)
    for _ in range(5000):
        text = "".join(rng.choices("甲a，。！… \n\t;", k=12))
        assert _SENTENCES.split(text) == plain.split(text)
