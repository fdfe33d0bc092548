"""What the event grouping sees of a post: hashed character 2- and 3-grams of title and text, the rarest kept.

A whole batch is hashed at once with NumPy. How rare a gram is comes from `Background`: how many posts of a training
collection hold it. The grouping adds the counts of its own window to these, so that a name that only one event of the
window uses stays rare however often that event is told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from stream.messages import Judged

BUCKETS = 1 << 22  # ids of grams
KEPT = 80  # grams kept per post
READ = 700  # characters of the text that are read; what a post is about is said early
TITLE_BIT = 128

U32 = npt.NDArray[np.uint32]
U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

_BACKGROUND = Path(__file__).parent / "grouping_background.npz"
_GREETING = re.compile(r"(尊敬的)?[^，。！：:\s]{0,12}(您好|你好)[！!，,。：:]*")
_NAMES = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class Grams:
    """The kept grams of one post, padded to KEPT with id 0.

    `ids` ascend; `tf` is 1 to 127, plus TITLE_BIT for grams of the title.
    """

    ids: U32
    tf: U8


@dataclass(frozen=True, slots=True)
class Background:
    """Document counts of a training collection: `df` per gram id (BUCKETS,), `posts` in all."""

    df: F32
    posts: int


@lru_cache(maxsize=1)
def load_background() -> Background:
    with np.load(_BACKGROUND, allow_pickle=False) as stored:
        df = np.zeros(BUCKETS, dtype=np.float32)
        df[np.cumsum(stored["gaps"])] = np.expm1(stored["log_df"].astype(np.float32) / 20)
        return Background(df=df, posts=int(stored["posts"]))


def save_background(texts: Iterable[tuple[str, str]], path: Path = _BACKGROUND, least: int = 3) -> None:
    """Count grams over (title, text) pairs; write those of `least` posts or more, as 20·ln(1 + df) in one byte each."""
    df, posts = np.zeros(BUCKETS, dtype=np.int64), 0
    for title, text in texts:
        df[np.unique(_hash_all([_reading(title, text)])[0])] += 1
        posts += 1
    kept = np.flatnonzero(df >= least)
    gaps = np.diff(kept, prepend=0).astype(np.uint32)
    logs = np.rint(20 * np.log1p(df[kept])).clip(0, 255).astype(np.uint8)
    np.savez_compressed(path, gaps=gaps, log_df=logs, posts=np.int64(posts))


def read_grams(judged: Sequence[Judged], background: Background) -> list[Grams]:
    """The kept grams of each post, in order."""
    if not judged:
        return []
    pairs = [_reading(one.post.title, one.post.text) for one in judged]
    hashed, owner, in_title = _hash_all(pairs)
    order = np.lexsort((hashed, owner))
    hashed, owner, in_title = hashed[order], owner[order], in_title[order]
    first = np.ones(len(hashed), dtype=bool)
    first[1:] = (hashed[1:] != hashed[:-1]) | (owner[1:] != owner[:-1])
    starts = np.flatnonzero(first)
    if not len(starts):
        return [_empty() for _ in judged]
    counts = np.diff(np.append(starts, len(hashed)))
    titled = np.maximum.reduceat(in_title, starts)
    ids, owner = hashed[starts], owner[starts]
    weight = _rarity(ids, background) * (1 + np.log(counts)) * np.where(titled, 2.0, 1.0)
    tf = np.minimum(np.rint(16 * (1 + np.log(counts))), TITLE_BIT - 1).astype(np.uint8)
    tf |= np.where(titled, np.uint8(TITLE_BIT), np.uint8(0))
    bounds = np.searchsorted(owner, np.arange(len(judged) + 1))
    return [_keep(ids[a:b], tf[a:b], weight[a:b]) for a, b in pairwise(bounds.tolist())]


def _rarity(ids: U32, background: Background) -> F32:
    return np.log((background.posts + 1) / (background.df[ids] + 1)).astype(np.float32)


def _keep(ids: U32, tf: U8, weight: npt.NDArray[np.floating]) -> Grams:
    if len(ids) > KEPT:
        # whole order, ties by id: the same text always keeps the same grams
        best = np.sort(np.lexsort((ids, -weight))[:KEPT])
        ids, tf = ids[best], tf[best]
    grams = _empty()
    grams.ids[KEPT - len(ids) :] = ids
    grams.tf[KEPT - len(ids) :] = tf
    return grams


def _empty() -> Grams:
    return Grams(np.zeros(KEPT, dtype=np.uint32), np.zeros(KEPT, dtype=np.uint8))


def _reading(title: str, text: str) -> tuple[str, str]:
    body = _GREETING.sub("", text.strip()[: READ + 40])[:READ]
    return unicodedata.normalize("NFKC", title).lower(), unicodedata.normalize("NFKC", body).lower()


def _hash_all(pairs: Sequence[tuple[str, str]]) -> tuple[U32, npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """All grams of all posts: (hash, index of the post, whether in the title); a gram never crosses punctuation."""
    parts = [part for pair in pairs for part in pair]
    points = np.frombuffer("\0".join([*parts, ""]).encode("utf-32-le", "replace"), dtype=np.uint32)
    lengths = np.fromiter((len(part) + 1 for part in parts), dtype=np.int64, count=len(parts))
    part = np.repeat(np.arange(len(parts), dtype=np.int32), lengths)
    wordy = _is_wordy(points)
    two = wordy[:-1] & wordy[1:]
    three = two[:-1] & wordy[2:]
    mixed = [points * multiplier for multiplier in _NAMES]
    pair_hash = _mix(mixed[0][:-1] + mixed[1][1:])
    triple_hash = _mix(mixed[0][:-2] + mixed[1][1:-1] + mixed[2][2:] + np.uint32(0x27D4EB2F))
    hashed = np.concatenate([pair_hash[two], triple_hash[three]])
    where = np.concatenate([part[:-1][two], part[:-2][three]])
    return np.maximum(hashed % np.uint32(BUCKETS), 1), where // 2, where % 2 == 0


def _is_wordy(points: U32) -> npt.NDArray[np.bool_]:
    cjk = (points >= 0x3400) & (points <= 0x9FFF)
    digit = (points >= 48) & (points <= 57)
    latin = (points >= 97) & (points <= 122)
    wide: npt.NDArray[np.bool_] = cjk | digit | latin | (points >= 0x20000)
    return wide


def _mix(hashed: U32) -> U32:
    hashed = hashed ^ (hashed >> np.uint32(15))
    hashed = hashed * np.uint32(0x2C1B3C6D)
    mixed: U32 = hashed ^ (hashed >> np.uint32(13))
    return mixed
