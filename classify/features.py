"""Hashed character 1- to 3-grams of a whole batch, with array operations only: no Python step per character.

A batch is one array of folded code points. Every post is laid out as START title MIDDLE text END, so that an n-gram knows
whether it begins or ends a field. Anonymised place tokens (A市, A3区, 西地省) become one placeholder, digits one digit.
The hash mixes as MurmurHash3 does (Appleby, public domain: rotate, multiply by 5, add; xor-shift at the end).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from classify.clean import BMP, Codes, breaks, chars_table, code_points, table

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
Rows = NDArray[np.int32]

START, MIDDLE, END, PLACE = 2, 3, 4, 1
SIZES = (1, 2, 3)
TITLE_WEIGHT = 2  # a title's n-grams count twice (chosen by cross-validation on the training posts)

_MULTIPLIERS = (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35)
_LOG_TF = (1 + np.log(np.arange(1, 4097, dtype=np.float32))).astype(np.float32)  # sublinear term frequency


@dataclass(frozen=True, slots=True)
class Batch:
    """All characters that count, in order. Every array has one entry per character; `size` is the number of posts.

    `codes` folded code points, `post` the post's index, `title` whether it stands in the title, `at` its offset in the
    field as written (separators: 0), `word` whether it can be part of a phrase (no separator, no punctuation).
    """

    codes: Codes
    post: NDArray[np.uint32]
    title: Mask
    at: NDArray[np.int32]
    word: Mask
    size: int


@cache
def _fold_table() -> Codes:
    """The folding table, with separators kept, spaces dropped and every digit folded to 0."""
    folded = table().copy()
    folded[folded == ord(" ")] = 0
    folded[(folded >= ord("0")) & (folded <= ord("9"))] = ord("0")
    folded[[START, MIDDLE, END]] = START, MIDDLE, END
    folded.flags.writeable = False
    return folded


@cache
def _word_table() -> Mask:
    words = np.array([chr(code).isalnum() for code in range(BMP)])
    words.flags.writeable = False
    return words


def read_batch(titles: Sequence[str], texts: Sequence[str]) -> Batch:
    """Lay the posts out as one array. Titles and texts may be empty; invisible characters and spaces are left out."""
    docs = [f"\x02{title}\x03{text}\x04" for title, text in zip(titles, texts, strict=True)]
    raw = code_points("".join(docs))
    codes = _fold_table()[np.minimum(raw, BMP - 1)]
    high = raw >= BMP
    codes[high] = raw[high]
    lengths = np.fromiter(map(len, docs), np.int64, len(docs))
    heads = np.fromiter(map(len, titles), np.int64, len(docs))
    post = np.repeat(np.arange(len(docs), dtype=np.uint32), lengths)
    place = np.arange(len(raw)) - np.repeat(np.cumsum(lengths) - lengths, lengths)  # the offset in the laid-out post
    head = np.repeat(heads, lengths)
    title = place <= head
    at = np.where(title, place - 1, place - head - 2).astype(np.int32)
    _mask_places(codes)
    kept = np.flatnonzero(codes)
    kept = np.delete(kept, breaks(codes[kept], [len(kept)]))
    codes = codes[kept]
    return Batch(codes, post[kept], title[kept], at[kept], _word_table()[np.minimum(codes, BMP - 1)], len(docs))


def _mask_places(codes: Codes) -> None:
    """Fold A市, A3区, B12县, 西地省 in place: the letter becomes PLACE and the digits fall out."""
    if len(codes) < 4:
        return
    letter = (codes >= ord("a")) & (codes <= ord("z"))
    digit = codes == ord("0")
    unit = chars_table(_UNITS)[np.minimum(codes, BMP - 1)]
    for digits in range(4):
        last = len(codes) - digits - 1
        hit = letter[:last] & unit[digits + 1 :]
        for step in range(1, digits + 1):
            hit = hit & digit[step : step + last]
        starts = np.flatnonzero(hit)
        codes[starts] = PLACE
        for step in range(1, digits + 1):
            codes[starts + step] = 0
    west = np.flatnonzero((codes[:-2] == ord("西")) & (codes[1:-1] == ord("地")) & (codes[2:] == ord("省")))
    codes[west], codes[west + 1] = PLACE, 0


_UNITS = "市区县省镇乡村"


def hashes(batch: Batch, size: int, bits: int) -> tuple[NDArray[np.uint32], Mask]:
    """Bucket (0 to 2^bits) of the n-gram that starts at each character, and whether it lies within one post.

    Both have shape (characters - size + 1,).
    """
    count = max(len(batch.codes) - size + 1, 0)
    mixed = np.full(count, size * 0x632BE5AB & 0xFFFFFFFF, np.uint32)
    for step in range(size):
        mixed ^= batch.codes[step : step + count] * np.uint32(_MULTIPLIERS[step])
        mixed = (mixed << np.uint32(13)) | (mixed >> np.uint32(19))
        mixed *= np.uint32(5)
        mixed += np.uint32(0xE6546B64)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed >>= np.uint32(32 - bits)
    return mixed, batch.post[:count] == batch.post[size - 1 :]


def rows_of(batch: Batch, lookup: Rows, bits: int) -> list[Rows]:
    """For each n-gram size: the model's row of the n-gram at each character, -1 where it is not known or not within a post."""
    found = []
    for size in SIZES:
        hashed, within = hashes(batch, size, bits)
        row = lookup.take(hashed.astype(np.intp))
        row[~within] = -1
        found.append(row)
    return found


def matrix(batch: Batch, rows: Sequence[Rows], columns: int) -> csc_matrix[np.float32]:
    """Sublinear term frequencies (1 + ln n), shape (posts, columns), by column: a column's weights are then read once.

    `rows` come from `rows_of`. Raises ValueError if posts x columns does not fit 32 bits.
    """
    shift = max(batch.size - 1, 1).bit_length()
    if columns << shift > 1 << 32:
        raise ValueError(f"too many posts in one batch: {batch.size} with {columns} columns")
    keys = []
    for row in rows:
        known = np.flatnonzero(row >= 0)
        key = (row[known].astype(np.uint32) << np.uint32(shift)) | batch.post[known]
        keys.append(key)
        keys += [key[batch.title[known]]] * (TITLE_WEIGHT - 1)
    ordered = np.sort(np.concatenate(keys))
    first = (
        np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if ordered.size else np.empty(0, np.int64)
    )
    counts = np.diff(first, append=len(ordered))
    unique = ordered[first]
    data = _LOG_TF[np.minimum(counts, len(_LOG_TF)) - 1]
    held = np.bincount(unique >> np.uint32(shift), minlength=columns)
    starts = np.concatenate(([0], np.cumsum(held))).astype(np.int32)
    posts = (unique & np.uint32((1 << shift) - 1)).astype(np.int32)
    return csc_matrix((data, posts, starts), shape=(batch.size, columns))


def normalise(counted: csc_matrix[np.float32], idf: Floats) -> csc_matrix[np.float32]:
    """Each column times its idf, then each row to length 1 (an empty row stays empty)."""
    held = np.diff(counted.indptr)
    some = np.flatnonzero(held)  # most columns are in no post of a batch
    data = counted.data * np.repeat(idf[some], held[some])
    squares = np.bincount(counted.indices, weights=data * data, minlength=counted.shape[0])
    length = np.sqrt(np.maximum(squares, 1e-12)).astype(np.float32)
    return csc_matrix((data / length[counted.indices], counted.indices, counted.indptr), shape=counted.shape)
