"""Texts as sets of hashed character 3-grams, and their MinHash (Broder 1997), a whole batch with NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from classify.clean import BMP, Codes, code_points, fold_codes

BANDS, ROWS = 16, 3  # a pair of Jaccard similarity s shares a band with 1 - (1 - s^3)^16: 0.98 at 0.6, 0.35 at 0.3
_SIZE = BANDS * ROWS
_RANDOM = np.random.default_rng(20261125)
_FACTORS = _RANDOM.integers(1, 1 << 32, _SIZE, dtype=np.uint64).astype(np.uint32) | np.uint32(1)
_OFFSETS = _RANDOM.integers(0, 1 << 32, _SIZE, dtype=np.uint64).astype(np.uint32)

Set16 = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Shingled:
    """A batch. `letters[i]`: characters of text i that count; `whole[i]`: hash of all of them (64 bits);
    `sets[i]`: its 3-grams, 16 bits each, sorted, unique; `bands`: keys, uint32 of shape (texts, BANDS)."""

    letters: list[int]
    whole: list[int]
    sets: list[Set16]
    bands: NDArray[np.uint32]


@cache
def _counts() -> NDArray[np.bool_]:
    """Which code points (BMP) are letters or digits, bool of shape (65536,)."""
    return np.array([chr(code).isalnum() for code in range(BMP)])


def shingle(texts: Sequence[str]) -> Shingled:
    """Letters and digits only, folded (full-width, case); so marks, spaces and invisible characters make no difference."""
    letters, post = _letters(texts)
    lengths = np.bincount(post, minlength=len(texts))
    grams = _mix(letters[:-2] * np.uint32(0x9E3779B1) ^ _mix(letters[1:-1] * np.uint32(0x85EBCA77) ^ _mix(letters[2:])))
    inside = post[:-2] == post[2:]
    grams, owner = grams[inside], post[:-2][inside]
    return Shingled(
        lengths.tolist(), _whole(letters, lengths), _sets(grams, owner, len(texts)), _bands(grams, owner, len(texts))
    )


def _letters(texts: Sequence[str]) -> tuple[Codes, NDArray[np.int64]]:
    """The counting characters of all texts in a row, and the text that each belongs to; both at least of length 2."""
    codes = fold_codes(code_points("".join(texts)))
    post = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    counts = _counts()[np.minimum(codes, BMP - 1)]
    if codes.size and codes.max() >= BMP:
        counts = counts & (codes < BMP) | (codes >= 0x20000) & (codes < 0x40000)  # rare ideographs count, emoji do not
    codes, post = codes[counts], post[counts]
    if len(codes) < 2:
        return np.resize(codes, 0), np.resize(post, 0)
    return codes, post


def _mix(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The 32-bit finaliser of MurmurHash3: every bit of the input moves every bit of the output."""
    values = (values ^ (values >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    values = (values ^ (values >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return values ^ (values >> np.uint32(16))


def _whole(letters: Codes, lengths: NDArray[np.int64]) -> list[int]:
    ends = np.cumsum(lengths)
    raw = letters.tobytes()
    return [
        hash(raw[4 * (end - length) : 4 * end]) & 0xFFFFFFFFFFFFFFFF
        for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)
    ]


def _sets(grams: NDArray[np.uint32], owner: NDArray[np.int64], texts: int) -> list[Set16]:
    keys = np.sort((owner << 16) | (grams >> np.uint32(16)).astype(np.int64))
    keys = keys[np.diff(keys, prepend=-1) > 0]
    starts = np.searchsorted(keys, np.arange(texts + 1) << 16)
    short = (keys & 0xFFFF).astype(np.uint16)
    return [short[start:end] for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]


def _bands(grams: NDArray[np.uint32], owner: NDArray[np.int64], texts: int) -> NDArray[np.uint32]:
    least = np.zeros((texts, _SIZE), np.uint32)
    if not grams.size:
        return least[:, :BANDS]
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    filled = owner[starts]
    for place, (factor, offset) in enumerate(zip(_FACTORS, _OFFSETS, strict=True)):
        mixed = grams * factor + offset
        least[filled, place] = np.minimum.reduceat(mixed ^ (mixed >> np.uint32(15)), starts)
    rows = least.reshape(texts, BANDS, ROWS)
    keys = np.zeros((texts, BANDS), np.uint32)
    for row in range(ROWS):
        keys = _mix(keys * np.uint32(31) + rows[:, :, row])
    return keys
