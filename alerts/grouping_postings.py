"""Which rows hold a gram among their leading ones: an inverted index in sorted arrays.

Rows are indexed a batch at a time, each batch a run of its own; runs of like size are merged, so that there are about
log2(rows) of them and a row is moved as often. A row that leaves stays in its run until half of the run has left; a row
number that is used again belongs to another run, so what the old run says of it no longer counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alerts.grouping_features import BUCKETS, ID_BITS

INDEXED = 40  # grams of a kept post that lead to it

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]

_ROW_BITS = 63 - ID_BITS
_ROW_MASK = (1 << _ROW_BITS) - 1


@dataclass(frozen=True, slots=True)
class Run:
    """`rows[starts[i] : starts[i + 1]]` hold the i-th of `grams`, which are sorted; `posts` rows in all."""

    number: int
    posts: int
    grams: I64
    starts: I64
    rows: I32

    def find(self, grams: I64) -> tuple[I64, I64]:
        """Where in `rows` those of each gram start, and how many they are."""
        if not len(self.grams):
            return np.zeros(grams.shape, dtype=np.int64), np.zeros(grams.shape, dtype=np.int64)
        at = np.searchsorted(self.grams, grams)
        at[at == len(self.grams)] = 0
        counts = self.starts[at + 1] - self.starts[at]
        counts[self.grams[at] != grams] = 0
        return self.starts[at], counts

    def keys(self) -> I64:
        """Gram and row of each entry, in one number."""
        grams = np.repeat(self.grams, np.diff(self.starts))
        return grams << _ROW_BITS | self.rows


class Postings:
    def __init__(self) -> None:
        self._runs: list[Run] = []
        self._left: dict[int, int] = {}  # live rows of each run, by its number
        self._run_of = np.full(0, -1, dtype=np.int32)
        self._held = np.zeros(BUCKETS, dtype=np.int32)
        self._made = 0

    def add(self, rows: I64, ids: U32) -> None:
        """Index the leading grams (n, INDEXED) of new rows (n,); a post without grams needs no entry."""
        told = ids.any(axis=1)
        rows, ids = rows[told], ids[told]
        if not len(rows):
            return
        self._reach(int(rows.max()) + 1)
        self._count(ids, 1)
        self._push(make_run(self._next(), rows, ids.astype(np.int64)))
        while len(self._runs) > 1 and self._size(-2) <= 2 * self._size(-1):
            second, first = self._runs.pop(), self._runs.pop()
            self._push(self._merge([first, second]))

    def remove(self, rows: I64, ids: U32) -> None:
        """`ids` as they were given to `add`."""
        told = ids.any(axis=1)
        rows, ids = rows[told], ids[told]
        self._count(ids, -1)
        numbers, counts = np.unique(self._run_of[rows], return_counts=True)
        self._run_of[rows] = -1
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            self._left[number] -= count
        for run in [run for run in self._runs if 2 * self._left[run.number] < run.posts]:
            self._compact(run)

    def held(self, ids: I64) -> I32:
        """How many rows each gram leads to."""
        counts: I32 = self._held.take(ids)
        return counts

    def behind(self, grams: I64, which: I64) -> Iterator[tuple[I64, I64]]:
        """In portions: index into `which` and row, for every row that `grams[which]` lead to; `grams` are sorted."""
        for run in self._runs:
            asked, rows = expand(run, grams, which)
            alive = self._run_of[rows] == run.number
            yield asked[alive], rows[alive]

    def _count(self, ids: U32, step: int) -> None:
        np.add.at(self._held, ids.ravel(), np.int32(step))  # far slower with a number of another type
        self._held[0] = 0

    def _size(self, at: int) -> int:
        return self._left[self._runs[at].number]

    def _next(self) -> int:
        self._made += 1
        return self._made

    def _reach(self, rows: int) -> None:
        if rows > len(self._run_of):
            more = np.full(2 * rows, -1, dtype=np.int32)
            more[: len(self._run_of)] = self._run_of
            self._run_of = more

    def _push(self, run: Run) -> None:
        self._run_of[run.rows] = run.number
        self._left[run.number] = run.posts
        self._runs.append(run)

    def _merge(self, runs: list[Run]) -> Run:
        """One run of the rows that are left of some."""
        keys, posts = [], 0
        for run in runs:
            alive = self._run_of[run.rows] == run.number
            keys.append(run.keys()[alive])
            posts += self._left.pop(run.number)
        return _sorted_run(self._next(), posts, np.concatenate(keys))

    def _compact(self, run: Run) -> None:
        at = self._runs.index(run)
        if not self._left[run.number]:
            del self._left[run.number], self._runs[at]
            return
        smaller = self._merge([run])
        del self._runs[at]
        self._push(smaller)
        self._runs.insert(at, self._runs.pop())


def make_run(number: int, rows: I64, ids: I64) -> Run:
    keys = (ids << _ROW_BITS | rows[:, None])[ids > 0]
    return _sorted_run(number, len(rows), keys)


def expand(run: Run, grams: I64, which: I64) -> tuple[I64, I64]:
    """Index into `which` and row, for every row of the run that `grams[which]` lead to."""
    starts, counts = run.find(grams)
    starts, counts = starts[which], counts[which]
    before = np.cumsum(counts) - counts
    at = np.arange(counts.sum()) + np.repeat(starts - before, counts)
    return np.repeat(np.arange(len(which)), counts), run.rows[at].astype(np.int64)


def _sorted_run(number: int, posts: int, keys: I64) -> Run:
    keys = np.sort(keys)
    grams = keys >> _ROW_BITS
    starts = np.flatnonzero(np.diff(grams, prepend=-1, append=-1))  # and the end; none of no keys
    rows = (keys & _ROW_MASK).astype(np.int32)
    return Run(number, posts, grams[starts[:-1]], starts, rows)
