"""How text becomes search terms, for every archive: posts and queries are cut by the same rules, here and nowhere else.

A token is one Han or kana character, or a run of other letters and digits (ktv, 12345, 5g); everything else separates.
Case and full-width forms do not matter. A query is words that must all occur; a word, like a phrase in quotes, occurs
where its tokens stand next to each other within the title or within the text, whatever separators lie between them.

The index terms of a text are its pairs of neighbouring tokens and its last token: two-character words are what people
look for in Chinese, and a pair finds them at once. A single token is found as the beginning of a term, so single
characters need no terms of their own, which halves the index. A run is followed by "_" (which no token holds), so that
the beginning "12345_" never finds 123456.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import add

Word = tuple[str, ...]  # the tokens of one word or phrase of a query

MAX_TOKENS = 128  # of one query; what lies beyond is not looked for, so a pasted article costs no more than this

_HAN = "\u4e00-\u9fff\u3400-\u4dbf\u3005\u3007\u3041-\u309f\uf900-\ufaff\U00020000-\U0003fffd"
_RUN = rf"[^\W_{_HAN}]"
_GAP = rf"(?:[^\w{_HAN}]|_)"
_TOKEN = re.compile(rf"[{_HAN}]|{_RUN}+")
_RUNS = re.compile(rf"{_RUN}+")
_QUOTED = re.compile(r'"([^"]*)"')
_QUOTES = {ord(quote): '"' for quote in "“”„‟＂「」『』"}
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ]")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def fold(text: str) -> str:
    """Lower case and half-width letters and digits, one for one: offsets in the result are offsets in the text."""
    narrow = text.translate(_NARROW) if _WIDE.search(text) else text
    lower = narrow.lower()
    if len(lower) == len(narrow):
        return lower
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in narrow)


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(fold(text))


def index_terms(text: str) -> list[str]:
    """The terms of a text in order, as many as its tokens: each token with its successor, the last one alone."""
    return _terms(tokens(text))


def phrase_terms(word: Word) -> list[str]:
    """The terms that follow each other in a text where a word of two or more tokens occurs."""
    return _terms(word)[:-1]


def term_prefix(word: Word) -> str:
    """What a term begins with where a word of one token occurs."""
    return _MARKED[word[0]]


def _terms(singles: Sequence[str]) -> list[str]:
    return list(map(add, map(_MARKED.__getitem__, singles), [*singles[1:], ""]))


class _Marked(dict[str, str]):
    """A token as it begins a term: a run with "_" behind it. Only single characters are remembered: there are few."""

    def __missing__(self, token: str) -> str:
        marked = token + "_" if _RUNS.match(token) else token
        if len(token) == 1:
            self[token] = marked
        return marked


_MARKED = _Marked()


def parse(query: str) -> list[Word]:
    """The words and phrases of a query, none empty, none twice; any text is allowed.

    Quotes of any kind make a phrase; one that is never closed counts as a space.
    """
    found: dict[Word, None] = {}
    left = MAX_TOKENS
    for n, part in enumerate(_QUOTED.split(query.translate(_QUOTES))):
        for piece in [part] if n % 2 else part.replace('"', " ").split():
            word = tuple(tokens(piece)[:left])
            if word and word not in found:
                found[word] = None
                left -= len(word)
    return list(found)


class Finder:
    """Finds the words of a query in original texts, by the same rules as the index."""

    def __init__(self, query: str) -> None:
        self._patterns = [_pattern(word) for word in parse(query)]

    def matches(self, title: str, text: str) -> bool:
        """Whether every word occurs in the title or in the text; a query without a word occurs nowhere."""
        fields = fold(title), fold(text)
        return bool(self._patterns) and all(any(map(pattern.search, fields)) for pattern in self._patterns)

    def spans(self, text: str) -> tuple[tuple[int, int], ...]:
        """The (start, end) offsets of what was found of any word, in order; spans that touch or overlap are joined."""
        folded = fold(text)
        joined: list[tuple[int, int]] = []
        for start, end in sorted(found.span(1) for pattern in self._patterns for found in pattern.finditer(folded)):
            if joined and start <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(joined[-1][1], end)
            else:
                joined.append((start, end))
        return tuple(joined)


def _pattern(word: Word) -> re.Pattern[str]:
    """The tokens with only separators between them; a run must not go on at either side. Overlaps are found too."""
    is_run = [_RUNS.fullmatch(token) is not None for token in word]
    parts = [word[0]]
    for n, token in enumerate(word[1:]):
        parts += [_GAP + ("+" if is_run[n] and is_run[n + 1] else "*"), token]
    before = rf"(?<!{_RUN})" if is_run[0] else ""
    after = rf"(?!{_RUN})" if is_run[-1] else ""
    return re.compile(rf"{before}(?=({''.join(parts)}){after})")
