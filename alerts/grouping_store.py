"""The posts that stand for the live events, searchable by the rare grams they share with a new post.

Each kept post is a row of two arrays (gram ids and frequencies); an inverted index leads from a gram to the rows that
hold it. A search walks the rarest grams of the new post first and stops after a fixed number of index entries, so its
cost does not grow with the window. Nothing here depends on the order in which rows came: a store filled again from
signatures answers as the one that was lost.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from alerts.grouping_features import BUCKETS, KEPT, TITLE_BIT, TITLE_WEIGHT, Background, Grams

INDEXED = 40  # grams of a kept post that lead to it
WALKED = 600  # index entries a search may touch
RARE = 5.0  # rarity from which a gram is likely part of a name; below it tells what the problem is
TELLING = 3.0  # rarity from which a gram is searched for; commoner ones lead to too many to tell anything
COMMON = 1.5  # rarity below which a gram tells nothing

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

_PROBLEM, _NAME = 1, 2  # levels of rarity; 0 is common
_PLACES = np.arange(1, KEPT + 1, dtype=np.uint8)
_TITLED = (np.arange(256) >= TITLE_BIT).astype(np.int64)
_OFTEN = ((np.arange(256) & (TITLE_BIT - 1)) / 16).astype(np.float32)

# The columns of `Store.compare`, each 0 to 1 but the last: cosines of all grams, of those of the problem (COMMON to
# RARE) and of names (RARE on); the same of title grams alone; whether both have a title; the share of one title's rare
# grams that the other post holds anywhere, in the better and in the worse direction; ln(1 + evidence), the evidence
# being the rarity above RARE of the shared grams, summed.
COLUMNS = ("all", "problem", "name", "title", "title_problem", "title_name", "titled", "held", "held_back", "evidence")


class Store:
    """Rows are numbered; a freed row is used again."""

    def __init__(self, background: Background, rows: int = 1024) -> None:
        self._ids = np.zeros((rows, KEPT), dtype=np.uint32)
        self._tf = np.zeros((rows, KEPT), dtype=np.uint8)
        self._free = list(range(rows - 1, -1, -1))
        self._background = background
        self._df = background.df.copy()
        self._log_held = _log_held(self._df)
        self._posts = background.posts
        self._rows_of: dict[int, list[int]] = {}
        self._at = np.zeros(BUCKETS, dtype=np.uint8)  # scratch: gram id -> 1 + its position in the new post

    def __len__(self) -> int:
        return len(self._ids) - len(self._free)

    def add(self, grams: Grams) -> int:
        """Keep a post; returns its row."""
        if not self._free:
            self._grow()
        row = self._free.pop()
        self._ids[row], self._tf[row] = grams.ids, grams.tf
        self._count(grams, 1)
        for gram in _leading(grams):
            insort(self._rows_of.setdefault(gram, []), row)
        return row

    def remove(self, row: int) -> None:
        grams = self.grams(row)
        for gram in _leading(grams):
            rows = self._rows_of[gram]
            del rows[bisect_left(rows, row)]
            if not rows:
                del self._rows_of[gram]
        self._count(grams, -1)
        self._free.append(row)

    def grams(self, row: int) -> Grams:
        return Grams(self._ids[row].copy(), self._tf[row].copy())

    def search(self, grams: Grams, limit: int) -> dict[int, float]:
        """The `limit` rows (more on a tie) that share most with the post -> the squared rarity that they share."""
        df = self._df[grams.ids]
        live = np.flatnonzero(df > self._background.df[grams.ids])
        ids = grams.ids[live][np.argsort(df[live], kind="stable")]
        rare = self._rarity(ids)
        walked, lengths = self._walk(ids[rare >= TELLING].tolist())
        if not walked:
            return {}
        weights = np.repeat(np.square(rare[: len(lengths)]), lengths)
        rows, at = np.unique(np.fromiter(walked, dtype=np.int64), return_inverse=True)
        shared = np.bincount(at, weights=weights)
        best = shared >= (np.partition(shared, -limit)[-limit] if len(shared) > limit else 0.0)
        return dict(zip(rows[best].tolist(), shared[best].tolist(), strict=True))

    def _walk(self, ids: Sequence[int]) -> tuple[list[int], list[int]]:
        """The rows behind each gram, rarest gram first, and how many each has; at most WALKED in all."""
        walked: list[int] = []
        lengths = []
        for gram in ids:
            rows = self._rows_of.get(gram, ())
            if len(walked) + len(rows) > WALKED:
                break
            walked += rows
            lengths.append(len(rows))
        return walked, lengths

    def compare(self, grams: Grams, rows: list[int]) -> F32:
        """How like the post is to each of the n rows: (n, len(COLUMNS))."""
        ids = np.concatenate([grams.ids[None], self._ids[rows]])
        tf = np.concatenate([grams.tf[None], self._tf[rows]])
        self._at[grams.ids] = _PLACES
        self._at[0] = 0
        place = self._at[ids[1:]]
        self._at[grams.ids] = 0
        return _likeness(_side(tf, self._rarity(ids)), place)

    def _rarity(self, ids: npt.NDArray[np.uint32]) -> F32:
        """Natural log of all posts over those that hold the gram, training collection and window together."""
        rare: F32 = np.float32(log(self._posts + 1)) - self._log_held[ids]
        return np.maximum(rare, np.float32(0))

    def _count(self, grams: Grams, step: int) -> None:
        self._df[grams.ids] += step
        self._df[0] = 0
        self._log_held[grams.ids] = _log_held(self._df[grams.ids])
        self._posts += step

    def _grow(self) -> None:
        rows = len(self._ids)
        self._ids = np.concatenate([self._ids, np.zeros_like(self._ids)])
        self._tf = np.concatenate([self._tf, np.zeros_like(self._tf)])
        self._free = list(range(2 * rows - 1, rows - 1, -1))


@dataclass(frozen=True, slots=True)
class _Sides:
    """The grams of n + 1 posts, the new one first, all (n + 1, KEPT).

    `group` numbers (post, level of rarity, whether in the title); `square` sums squared weights by it: (n + 1, 3, 2).
    """

    group: npt.NDArray[np.int64]
    rare: F32
    weight: F32
    square: F64


def _side(tf: U8, rare: F32) -> _Sides:
    group = np.arange(len(tf))[:, None] * 6 + _TITLED[tf]
    group += (rare >= COMMON) * 2
    group += (rare >= RARE) * 2
    weight = _OFTEN[tf] * rare
    square = _totals(group.ravel(), np.square(weight).ravel(), 6 * len(tf))
    return _Sides(group, rare, weight, square.reshape(-1, 3, 2))


def _likeness(sides: _Sides, place: U8) -> F32:
    """`place` (n, KEPT): 1 + position in the new post of each gram of the old posts, 0 where it has none."""
    flat = np.flatnonzero(place)
    at = place.ravel()[flat].astype(np.int64) - 1
    flat += KEPT
    group = (sides.group.ravel()[flat] - 6) * 2 + (sides.group[0, at] & 1)
    new_weight, old_weight = sides.weight[0, at], sides.weight.ravel()[flat]
    new, old = sides.square[:1], sides.square[1:]

    def total(values: F32) -> F64:
        """Summed over the shared grams: (n, level, in the old title, in the new title)."""
        return _totals(group, values, 12 * len(place)).reshape(-1, 3, 2, 2)

    dots = total(old_weight * new_weight)
    into = total(np.square(old_weight))[:, _NAME, 1].sum(axis=1) / _safe(old[:, _NAME, 1])
    back = total(np.square(new_weight))[:, _NAME, :, 1].sum(axis=1) / _safe(new[:, _NAME, 1])
    evidence = total(np.maximum(sides.rare.ravel()[flat] - np.float32(RARE), 0)).sum(axis=(1, 2, 3))
    columns = [*_cosines(_boosted(_boosted(dots, 1), 1), _boosted(old, 2), _boosted(new, 2))]
    columns += _cosines(dots[:, :, 1, 1], old[:, :, 1], new[:, :, 1])
    titled = (old[:, :, 1].sum(axis=1) > 0) & (new[:, :, 1].sum(axis=1) > 0)
    columns += [titled, np.maximum(into, back), np.minimum(into, back), np.log1p(evidence)]
    return np.stack(columns, axis=1).astype(np.float32)


def _boosted(sums: F64, power: int) -> F64:
    """Sums by (..., in text, in title) -> sums in which a gram of the title weighs more."""
    weighted: F64 = sums[..., 0] + sums[..., 1] * TITLE_WEIGHT**power
    return weighted


def _cosines(dots: F64, old: F64, new: F64) -> list[F64]:
    """From sums by level (n, 3): the cosine of all grams, of those of the problem, of those of names."""
    whole = dots.sum(axis=1) / _safe(np.sqrt(old.sum(axis=1) * new.sum(axis=1)))
    parts = dots / _safe(np.sqrt(old * new))
    return [whole, parts[:, _PROBLEM], parts[:, _NAME]]


def _totals(group: npt.NDArray[np.int64], values: F32, groups: int) -> F64:
    """Sums of the values by group (groups,), added in order, so that the same values always give the same sum."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.float64, copy=False)


def _safe(values: F64) -> F64:
    return np.maximum(values, 1e-9)


def _log_held(df: npt.NDArray[np.int32]) -> F32:
    held: F32 = np.log(df.astype(np.float32) + np.float32(0.5))
    return held


def _leading(grams: Grams) -> list[int]:
    return [gram for gram in grams.ids[:INDEXED].tolist() if gram]
