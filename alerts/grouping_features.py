"""What the event grouping sees of a post: hashed pairs of neighbouring characters of title and text, the rarest kept.

A whole batch is hashed at once with NumPy. How rare a pair is comes from `Background`: how many posts of a training
collection hold it. The grouping adds the counts of its own window to these, so that a name that only one event of the
window uses stays rare however often that event is told.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stream.messages import Judged

ID_BITS = 20
BUCKETS = 1 << ID_BITS  # ids of grams
KEPT = 160  # grams kept per post
READ = 700  # characters of the text that are read; what a post is about is said early
TITLE_BIT = 128  # set in the frequency of a gram that stands in the title
TITLE_WEIGHT = 3.0
BATCH = 1024  # posts hashed at once: their number, weight, gram and frequency share 63 bits

U32 = npt.NDArray[np.uint32]
U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

_BACKGROUND = Path(__file__).parent / "grouping_background.npz"
_WEIGHT_BITS = 18
_FOLDED = 0x20000  # code points below are folded one by one; beyond are ideographs that stay as they are
_ODD = 0x110000  # no code point


@dataclass(frozen=True, slots=True)
class Grams:
    """The kept grams of n posts, a row each, heaviest first, padded with id 0: (n, KEPT).

    `tf` is 16·(1 + ln count), at most 127, plus TITLE_BIT for grams of the title.
    """

    ids: U32
    tf: U8

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Sequence[int]) -> Grams:
        """Some of the posts, in the order of `rows`."""
        at = np.array(rows, dtype=np.intp)
        return Grams(self.ids[at], self.tf[at])


def stack(blocks: Sequence[Grams]) -> Grams:
    """The posts of all blocks, in order."""
    none = np.zeros((0, KEPT))
    ids = np.concatenate([none.astype(np.uint32), *(one.ids for one in blocks)])
    return Grams(ids, np.concatenate([none.astype(np.uint8), *(one.tf for one in blocks)]))


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Document counts of a training collection: `df` per gram id (BUCKETS,), `posts` in all."""

    df: npt.NDArray[np.int32]
    posts: int


@lru_cache(maxsize=1)
def load_background() -> Background:
    """The shipped counts."""
    with np.load(_BACKGROUND, allow_pickle=False) as stored:
        df = np.zeros(BUCKETS, dtype=np.int32)
        df[np.cumsum(stored["gaps"])] = np.rint(np.expm1(stored["log_df"].astype(np.float64) / 20))
        return Background(df=df, posts=int(stored["posts"]))


def save_background(texts: Iterable[tuple[str, str]], path: Path = _BACKGROUND, least: int = 2) -> None:
    """Count grams over (title, text) pairs; write those of `least` posts or more, as 20·ln(1 + df) in one byte each."""
    df, posts = np.zeros(BUCKETS, dtype=np.int64), 0
    for title, text in texts:
        df[np.unique(_hash_all([_reading(title, text)])[0])] += 1
        posts += 1
    kept = np.flatnonzero(df >= least)
    gaps = np.diff(kept, prepend=0).astype(np.uint32)
    logs = np.rint(20 * np.log1p(df[kept])).clip(0, 255).astype(np.uint8)
    np.savez_compressed(path, gaps=gaps, log_df=logs, posts=np.int64(posts))


def read_grams(judged: Sequence[Judged], background: Background) -> Grams:
    """The kept grams of the posts, in order."""
    starts = range(0, len(judged), BATCH)
    return stack([_read_batch(judged[start : start + BATCH], background) for start in starts])


def _read_batch(judged: Sequence[Judged], background: Background) -> Grams:
    ids, owner, tf = _count_all([_reading(one.post.title, one.post.text) for one in judged])
    often = (tf & (TITLE_BIT - 1)) / 16
    weight = often * rarity(background.df[ids], background.posts) * np.where(tf >= TITLE_BIT, TITLE_WEIGHT, 1.0)
    lightness = (1 << _WEIGHT_BITS) - 1 - np.rint(weight * 1000).astype(np.int64).clip(0, (1 << _WEIGHT_BITS) - 1)
    key = np.sort((((owner << _WEIGHT_BITS | lightness) << ID_BITS) | ids) << 8 | tf)
    owner = key >> (8 + ID_BITS + _WEIGHT_BITS)
    place = np.arange(len(key)) - np.searchsorted(owner, np.arange(len(judged)))[owner]
    kept = place < KEPT
    key, owner, place = key[kept], owner[kept], place[kept]
    all_ids = np.zeros((len(judged), KEPT), dtype=np.uint32)
    all_tf = np.zeros((len(judged), KEPT), dtype=np.uint8)
    all_ids[owner, place] = (key >> 8) & (BUCKETS - 1)
    all_tf[owner, place] = key & 255
    return Grams(all_ids, all_tf)


@lru_cache(maxsize=1 << 16)
def gram_id(pair: str) -> int:
    """The id of one pair of characters, lower case."""
    first, second = np.array([[ord(pair[0])], [ord(pair[1])]], dtype=np.uint32)
    return int(_ids(first, second)[0])


def rarity(df: npt.NDArray[np.int32], posts: int) -> npt.NDArray[np.float32]:
    """Natural log of `posts` over how many of them hold a gram (inverse document frequency, smoothed by a half)."""
    held = df.astype(np.float32) + np.float32(0.5)
    rare: npt.NDArray[np.float32] = np.maximum(np.log(np.float32(posts + 1) / held), np.float32(0))
    return rare


def _count_all(pairs: Sequence[tuple[str, str]]) -> tuple[I64, I64, I64]:
    """Each different gram of each post: (id, index of the post, frequency with TITLE_BIT)."""
    ids, owner, in_title = _hash_all(pairs)
    key = np.sort(((owner << ID_BITS) | ids) << 1 | ~in_title)
    gram = key >> 1
    starts = np.flatnonzero(np.diff(gram, prepend=-1))
    counts = np.diff(np.append(starts, len(gram)))
    titled = (key[starts] & 1) == 0
    tf = np.rint(16 * (1 + np.log(counts))).astype(np.int64).clip(1, TITLE_BIT - 1) | np.where(titled, TITLE_BIT, 0)
    gram = gram[starts]
    return gram & (BUCKETS - 1), gram >> ID_BITS, tf


def _reading(title: str, text: str) -> tuple[str, str]:
    return title, text.strip()[:READ]


def _hash_all(pairs: Sequence[tuple[str, str]]) -> tuple[I64, I64, npt.NDArray[np.bool_]]:
    """All grams of all posts: (id, index of the post, whether in the title); a gram never crosses punctuation."""
    points, part = _read_points([part for pair in pairs for part in pair])
    wordy = _is_wordy(points)
    whole = np.flatnonzero(wordy[:-1] & wordy[1:])
    where = part[whole]
    return _ids(points[whole], points[whole + 1]).astype(np.int64), where // 2, where % 2 == 0


def _read_points(parts: list[str]) -> tuple[U32, I64]:
    """The code points of all parts in NFKC and lower case, and the part of each; every part ends with a 0."""
    points, part = _points(parts)
    odd = set(part[_fold(points) == _ODD].tolist())
    if odd:
        parts = [unicodedata.normalize("NFKC", one).lower() if i in odd else one for i, one in enumerate(parts)]
        points, part = _points(parts)
    folded = _fold(points)
    return np.where(folded == _ODD, points, folded), part


def _points(parts: list[str]) -> tuple[U32, I64]:
    points = np.frombuffer("\0".join([*parts, ""]).encode("utf-32-le", "replace"), dtype=np.uint32)
    lengths = np.fromiter((len(part) + 1 for part in parts), dtype=np.int64, count=len(parts))
    return points, np.repeat(np.arange(len(parts), dtype=np.int64), lengths)


def _fold(points: U32) -> U32:
    """Each code point as NFKC and lower case make it; _ODD where that takes more than the code point alone."""
    folded: U32 = np.where(points < _FOLDED, _folding()[np.minimum(points, _FOLDED - 1)], points)
    return folded


@lru_cache(maxsize=1)
def _folding() -> U32:
    table = np.arange(_FOLDED, dtype=np.uint32)
    for point in (*range(0x3400), *range(0xA000, 0xAC00), *range(0xD7A4, 0xD800), *range(0xE000, _FOLDED)):
        table[point] = _fold_one(chr(point))
    return table


def _fold_one(character: str) -> int:
    """Several characters that are no part of a word (… becomes ...) are as good as one."""
    folded = unicodedata.normalize("NFKC", character).lower()
    if unicodedata.combining(character):
        return _ODD
    if len(folded) == 1:
        return ord(folded)
    return _ODD if _is_wordy(np.array([ord(one) for one in folded], dtype=np.uint32)).any() else 0


def _ids(first: U32, second: U32) -> U32:
    """The ids of pairs of code points; 0 is kept for padding."""
    hashed = first * np.uint32(0x9E3779B1) + second * np.uint32(0x85EBCA77)
    hashed = (hashed ^ (hashed >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    hashed ^= hashed >> np.uint32(13)
    ids: U32 = np.maximum(hashed & np.uint32(BUCKETS - 1), np.uint32(1))
    return ids


def _is_wordy(points: U32) -> npt.NDArray[np.bool_]:
    cjk = (points >= 0x3400) & (points <= 0x9FFF)
    digit = (points >= 48) & (points <= 57)
    latin = (points >= 97) & (points <= 122)
    wordy: npt.NDArray[np.bool_] = cjk | digit | latin | (points >= 0x20000)
    return wordy
