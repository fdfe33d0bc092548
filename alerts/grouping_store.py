"""The posts that stand for the live events, searchable by the rare grams they share with a new post.

Each kept post is a row of two arrays (gram ids and frequencies); an inverted index leads from a gram to the rows that
hold it. A search walks the rarest grams of the new post first and stops after a fixed number of index entries, so its
cost does not grow with the window. Nothing here depends on the order in which rows came: a store filled again from
signatures answers as the one that was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alerts.grouping_features import BUCKETS, KEPT, TITLE_BIT, Background, Grams

INDEXED = 40  # grams of a kept post that lead to it
WALKED = 1200  # index entries a search may touch
EVIDENCE = 6.0  # natural-log rarity from which a shared gram speaks for a name

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like each of n kept posts a new post is; all arrays (n,).

    `cosine` of all grams; `title` of title grams; `title_in` and `title_out`: the share (0 to 1, by squared rarity) of
    the title's grams that the other post holds anywhere, the larger and the smaller of both directions; `evidence`: the
    rarity above EVIDENCE of the shared grams, summed.
    """

    cosine: F32
    title: F32
    title_in: F32
    title_out: F32
    evidence: F32


class Store:
    """Rows are numbered; a freed row is used again."""

    def __init__(self, background: Background, rows: int = 1024) -> None:
        self._ids = np.zeros((rows, KEPT), dtype=np.uint32)
        self._tf = np.zeros((rows, KEPT), dtype=np.uint8)
        self._free = list(range(rows - 1, -1, -1))
        self._df = background.df.astype(np.int32)
        self._background = background
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
        for gram in self._leading(grams):
            self._rows_of.setdefault(gram, []).append(row)
        return row

    def remove(self, row: int) -> None:
        grams = self.grams(row)
        for gram in self._leading(grams):
            rows = self._rows_of[gram]
            rows.remove(row)
            if not rows:
                del self._rows_of[gram]
        self._count(grams, -1)
        self._free.append(row)

    def grams(self, row: int) -> Grams:
        return Grams(self._ids[row].copy(), self._tf[row].copy())

    def search(self, grams: Grams) -> dict[int, float]:
        """Rows that share rare grams with the post -> the squared rarity shared (a rough likeness)."""
        ids = grams.ids[grams.ids > 0]
        rarity = self._rarity(ids)
        found: dict[int, float] = {}
        left = WALKED
        order = np.lexsort((ids, -rarity))
        for gram, weight in zip(ids[order].tolist(), np.square(rarity[order]).tolist(), strict=True):
            rows = self._rows_of.get(gram, ())
            left -= len(rows)
            if left < 0:
                break
            for row in rows:
                found[row] = found.get(row, 0.0) + weight
        return found

    def compare(self, grams: Grams, rows: Sequence[int]) -> Likeness:
        """The likeness of the post to each of the rows, in their order."""
        kept = np.asarray(rows, dtype=np.int64)
        ids, tf = self._ids[kept], self._tf[kept]
        self._at[grams.ids] = np.arange(1, KEPT + 1, dtype=np.uint8)
        self._at[0] = 0
        place = self._at[ids]
        self._at[grams.ids] = 0
        return _likeness(_Side(grams.tf, self._rarity(grams.ids)), _Side(tf, self._rarity(ids)), place)

    def _rarity(self, ids: npt.NDArray[np.uint32]) -> F32:
        """Natural log of posts over posts holding the gram, training collection and window together; 0 for padding."""
        rarity: F32 = np.log((self._posts + 1) / (self._df[ids] + 1).astype(np.float32)).astype(np.float32)
        return np.where(ids > 0, rarity, np.float32(0))

    def _leading(self, grams: Grams) -> list[int]:
        known = self._background.df[grams.ids] * np.where(grams.tf & TITLE_BIT, 0.5, 1.0)
        order = np.lexsort((grams.ids, known + (grams.ids == 0) * 1e9))[:INDEXED]
        return [gram for gram in grams.ids[order].tolist() if gram]

    def _count(self, grams: Grams, step: int) -> None:
        self._df[grams.ids] += step
        self._df[0] = 0
        self._posts += step

    def _grow(self) -> None:
        rows = len(self._ids)
        self._ids = np.concatenate([self._ids, np.zeros_like(self._ids)])
        self._tf = np.concatenate([self._tf, np.zeros_like(self._tf)])
        self._free = list(range(2 * rows - 1, rows - 1, -1))


@dataclass(frozen=True, slots=True)
class _Side:
    """Frequencies and rarity of one post (KEPT,) or of n posts (n, KEPT)."""

    tf: npt.NDArray[np.uint8]
    rarity: F32

    @property
    def titled(self) -> F32:
        return (self.tf >= TITLE_BIT).astype(np.float32)

    @property
    def weight(self) -> F32:
        often = (self.tf & (TITLE_BIT - 1)).astype(np.float32) / np.float32(16)
        return often * self.rarity * (1 + np.float32(0.5) * self.titled)


def _likeness(new: _Side, old: _Side, place: npt.NDArray[np.uint8]) -> Likeness:
    """`place` (n, KEPT): 1 + position in the new post of each gram of the old posts, 0 where it has none."""
    shared = (place > 0).astype(np.float32)
    at = np.maximum(place, 1) - 1
    new_title, old_title = new.titled[at] * shared, old.titled
    square = np.square(old.rarity)
    both = square * new_title * old_title
    new_titles = np.square(new.rarity) * new.titled
    old_titles = square * old_title
    out = _share((square * new_title).sum(axis=1), new_titles.sum())
    into = _share((old_titles * shared).sum(axis=1), old_titles.sum(axis=1))
    dot = (old.weight * new.weight[at] * shared).sum(axis=1)
    lengths = np.sqrt(np.square(old.weight).sum(axis=1) * np.square(new.weight).sum())
    title_lengths = np.sqrt(old_titles.sum(axis=1) * new_titles.sum())
    evidence = (np.maximum(old.rarity - np.float32(EVIDENCE), 0) * shared).sum(axis=1)
    return Likeness(
        cosine=_share(dot, lengths),
        title=_share(both.sum(axis=1), title_lengths),
        title_in=np.maximum(out, into),
        title_out=np.minimum(out, into),
        evidence=evidence.astype(np.float32),
    )


def _share(part: npt.NDArray[np.floating], whole: npt.NDArray[np.floating] | np.floating) -> F32:
    shares: F32 = np.where(whole > 0, part / np.maximum(whole, np.float32(1e-9)), 0).astype(np.float32)
    return shares
