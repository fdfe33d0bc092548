"""Words of a text, behind one function so that the segmenter can be changed."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import rjieba

from configs.lexicon import load_lexicon

_HAN = re.compile(r"[\u3400-\u9fff]{2,}")
_BRACKETED = re.compile(r"【[^】]{0,8}】")  # masks and headings of news
_MUCH = 600  # characters read; what a post is about stands at its beginning


@cache
def shipped_stop_words() -> frozenset[str]:
    return frozenset(load_lexicon().stop_words)


def words(text: str) -> list[str]:
    """The text's words in order, punctuation included."""
    return list(rjieba.cut(text))


def is_word(text: str) -> bool:
    """Whether the dictionary has it as one word."""
    return list(rjieba.cut(text, False)) == [text]


def keywords(text: str, n: int, stop_words: frozenset[str] | None = None) -> tuple[str, ...]:
    """At most n Chinese words: the most frequent, then the longest, then the first; no stop words, no single characters."""
    stop = shipped_stop_words() if stop_words is None else stop_words
    found = Counter(
        word for word in rjieba.cut(_BRACKETED.sub(" ", text[:_MUCH])) if len(word) > 1 and word not in stop
    )
    kept = [
        (-count, -len(word), place, word) for place, (word, count) in enumerate(found.items()) if _HAN.fullmatch(word)
    ]
    return tuple(word for *_, word in sorted(kept)[:n])
