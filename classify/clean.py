"""Cleaning: one folded form of a text in which every character still stands where it stood.

NFKC (Unicode annex 15) may change a text's length; reasons must point into the text as written. So characters are folded
one by one: to their NFKC lower-case form where that is one character, to nothing where they are invisible, else kept.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Index = NDArray[np.int64]

DROPPED = 0  # the table's value of an invisible character
BMP = 0x10000
_IDEOGRAPHS = range(0x4E00, 0xA000)  # unchanged by NFKC, and most of every text
_PUNCTUATION = str.maketrans({"，": ",", "。": "。", "“": '"', "”": '"', "‘": "'", "’": "'", "—": "-", "–": "-"})


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is the folded form; `at[i]` is where its character i stood in the original (None: the same place)."""

    text: str
    at: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's (start, end) of a span of the folded text."""
        if self.at is None or start >= end:
            return start, end
        return self.at[start], self.at[end - 1] + 1


@cache
def table() -> Codes:
    """Code point (BMP) -> folded code point, uint32 of shape (65536,); 0 where the character is invisible."""
    codes = np.arange(BMP, dtype=np.uint32)
    for code in range(BMP):
        if code not in _IDEOGRAPHS and not 0xD800 <= code < 0xE000:
            codes[code] = _fold_one(chr(code))
    codes.flags.writeable = False
    return codes


def _fold_one(char: str) -> int:
    if char in "\t\n\r\v\f\x85\u2028\u2029":
        return ord(" ")
    if unicodedata.category(char) in ("Cc", "Cf") or char in "\ufe0e\ufe0f\u3164":
        return DROPPED
    folded = unicodedata.normalize("NFKC", char).translate(_PUNCTUATION).lower()
    return ord(folded) if len(folded) == 1 else ord(char)


def code_points(text: str) -> Codes:
    """The text's code points, uint32 of shape (len(text),); a lone surrogate counts as U+FFFD."""
    return np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)


def fold_codes(codes: Codes) -> Codes:
    """Folded code points of the same shape (0: invisible); those beyond the BMP stay as they are."""
    if not codes.size or codes.max() < BMP:
        return table()[codes]
    folded = codes.copy()
    low = codes < BMP
    folded[low] = table()[codes[low]]
    return folded


def fold_all(texts: Sequence[str]) -> list[Folded]:
    """Every text folded, in one pass over the whole batch."""
    folded = fold_codes(code_points("".join(texts)))
    kept = np.flatnonzero(folded)
    ends = np.cumsum([0, *map(len, texts)])
    bounds = np.searchsorted(kept, ends)
    plain = folded[kept].tobytes().decode("utf-32-le", "replace")
    whole = (np.diff(bounds) == np.diff(ends)).tolist()
    spans = zip(bounds.tolist(), bounds[1:].tolist(), ends.tolist(), whole, strict=False)
    return [
        Folded(plain[first:last], None if same else tuple((kept[first:last] - start).tolist()))
        for first, last, start, same in spans
    ]


def fold(text: str) -> Folded:
    """One text folded; invisible characters fall out and the places of the others are kept."""
    return fold_all([text])[0]
