"""Texts and words of queries as Elasticsearch is given them, so that its index holds the terms of `stream/terms.py`.

The server's `standard` tokenizer would cut 86.5, a_b, アパート or a rare character by rules of its own. So it is given our
tokens, spelled so that it takes each for one: common Han and kana characters as they are (it parts them itself), runs of
Latin letters and digits with "_" behind them and a blank, everything else as a digest in the same form. Its `shingle`
filter then makes the pairs of neighbours, as `index_terms` does.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from itertools import pairwise

from stream.terms import Word, term_prefix, tokens

# The characters that the tokenizer takes for a token of their own, each version of Unicode alike.
_ALONE = re.compile("[\u3041-\u3096\u3400-\u4db5\u4e00-\u9fef\U00020000-\U0002a6d6]")
_PLAIN = re.compile("[a-z0-9]{1,200}")  # it cuts what is longer than 255


def spell_text(text: str) -> str:
    return "".join(map(_SPELLED.__getitem__, tokens(text)))


def spell_word(word: Word) -> list[str]:
    """The terms that follow each other in a text where the word occurs."""
    spelled = [_SPELLED[token].rstrip() for token in word]
    return [left + right for left, right in pairwise(spelled)] or spelled


def _spell(token: str) -> str:
    if _ALONE.fullmatch(token):
        return token
    if _PLAIN.fullmatch(token):
        return term_prefix((token,)) + " "
    return f"_{blake2b(token.encode(), digest_size=8).hexdigest()}_ "


class _Spelled(dict[str, str]):
    """Only single characters are remembered: there are few."""

    def __missing__(self, token: str) -> str:
        spelled = _spell(token)
        if len(token) == 1:
            self[token] = spelled
        return spelled


_SPELLED = _Spelled()
