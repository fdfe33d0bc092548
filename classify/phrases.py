"""Which phrases of a post spoke for an answer: what its n-grams weigh, spread over characters, gathered into runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from classify.features import Batch, Rows

LONGEST = 12  # characters of one phrase
_SHARES = {
    2: 3,
    3: 2,
}  # the sixths of an n-gram's weight for each of its characters; single characters tell a reader little
_FADES = 24  # a phrase's characters speak at least this part of the post's strongest character

Ints = NDArray[np.int64]
Says = NDArray[np.int16]
Table = TypeVar("Table", NDArray[np.int8], NDArray[np.float32])


@dataclass(frozen=True, slots=True)
class Phrases:
    """The best runs, by head and post and then best first. Offsets are into the batch's characters (end exclusive).

    `weight` is in sixths of the table's int8 steps.
    """

    head: Ints
    post: Ints
    start: Ints
    end: Ints
    weight: Ints


def spread(batch: Batch, rows: list[Rows], table: NDArray[np.int8], chosen: Ints) -> Says:
    """What each character says for the chosen label of each head, int16 of shape (heads, characters).

    `table` comes from `padded`; `chosen` (posts, heads) are its columns. An n-gram's weight is shared equally by its
    characters. The idf is left out: it tells how rare an n-gram is, not what it speaks for.
    """
    wide = table.shape[1]
    flat, label = table.ravel(), np.repeat(chosen, _lengths(batch), axis=0)
    says = np.zeros(label.shape, np.int16)
    for size, share in _SHARES.items():
        row = rows[size - 1]
        start = row * np.int64(wide)  # -1, not known: counted from the end, the row of noughts
        held = flat.take(start[:, None] + label[: len(row)]) * np.int16(share)
        for step in range(size):
            says[step : step + len(row)] += held
    return np.ascontiguousarray(says.T)


def padded(table: Table) -> Table:
    """The table with rows of whole cache lines (64 bytes) and one more row, all zero, for unknown n-grams."""
    line = 64 // table.itemsize
    wide = -(-table.shape[1] // line) * line
    room = np.zeros((len(table) + 1) * wide + line, table.dtype)
    start = -room.ctypes.data % 64 // table.itemsize
    rows = room[start : start + (len(table) + 1) * wide].reshape(-1, wide)
    rows[: len(table), : table.shape[1]] = table
    return rows


def best_runs(batch: Batch, says: Says, most: Sequence[int]) -> Phrases:
    """The best runs of each post and head, at most `most[head]` of them."""
    heads, count = says.shape
    heard = np.where(batch.word, says, np.int16(0))
    lengths = _lengths(batch)
    first = np.cumsum(lengths) - lengths
    peak = np.maximum.reduceat(heard, first, axis=1) // _FADES if count else np.zeros((heads, batch.size), np.int16)
    inside = heard > np.repeat(np.maximum(peak, 0), lengths, axis=1)
    starts, ends = _runs(inside.ravel())
    said = np.concatenate(([0], np.cumsum(heard, dtype=np.int64)))
    weight = said[ends] - said[starts]
    slot = starts // max(count, 1) * batch.size + batch.post[starts % max(count, 1)]
    order = _order((slot << 24) + ((1 << 23) - weight))
    begins = np.searchsorted(slot, np.arange(heads * batch.size))  # runs come in order of their slots
    rank = np.arange(len(order)) - begins[slot[order]]
    limit = np.repeat(np.asarray(most), batch.size)
    kept = order[rank < limit[slot[order]]]
    starts, ends = _widen(batch.word, starts[kept] % max(count, 1), (ends[kept] - 1) % max(count, 1) + 1)
    return Phrases(slot[kept] // batch.size, slot[kept] % batch.size, starts, ends, weight[kept])


def _lengths(batch: Batch) -> Ints:
    """How many characters each post has in the batch; its separators count, so it is never nought."""
    return np.diff(np.searchsorted(batch.post, np.arange(batch.size + 1)))  # posts stand in order


def _runs(inside: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Starts and ends of runs of `inside`, cut after LONGEST. Separators are never inside: no run leaves its field."""
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1  # the first and the last character are separators
    starts, ends = edges[::2], edges[1::2]
    return starts, np.minimum(ends, starts + LONGEST)


def _order(keys: Ints) -> Ints:
    """Their places in ascending order, of equals the first first: sorted with the places in the lowest bits, which is many times
    quicker than to sort places."""
    bits = len(keys).bit_length()
    placed = (keys << bits) | np.arange(len(keys))
    placed.sort()
    return placed & ((1 << bits) - 1)


def _widen(word: NDArray[np.bool_], starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """A single character takes in its neighbour, so that it can be read."""
    single = ends - starts == 1
    right = single & word[np.minimum(ends, len(word) - 1)]
    left = single & ~right & word[np.maximum(starts - 1, 0)]
    return starts - left, ends + right
