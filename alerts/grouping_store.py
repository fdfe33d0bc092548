"""The posts that stand for the live events, searchable by the rare grams they share with new posts.

Each kept post is a row of two arrays (gram ids and frequencies); an inverted index leads from a gram to the rows that
hold it. A search walks the rarest grams of a new post first and stops after a fixed number of index entries, so its
cost does not grow with the window. New posts are taken a chunk at a time: all of a chunk are searched and compared in
one go, against the kept posts and against each other, with the counts of grams as they were before the chunk. Nothing
here depends on the order in which rows came: a store filled again from signatures answers as the one that was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt

from alerts.grouping_features import BUCKETS, KEPT, Background, Grams
from alerts.grouping_likeness import F32, likeness, weigh_grams
from alerts.grouping_postings import INDEXED, Postings, expand, make_run

WALKED = 600  # index entries that the search for one post may touch
OTHERS = 6  # new posts, at most, that count among those that hold a gram, when new posts are compared with each other
TELLING = 3.0  # rarity from which a gram is searched for; commoner ones lead to too many to tell anything

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]

_SUM_BITS = 26
TOLD = (1 << _SUM_BITS) - 1  # shared by a pair that is compared whatever it shares
_FINE = 100  # parts of the unit of squared rarity: whole numbers give the same sum in any order
_MOST = (1 << 16) - 1
_BITS = 32  # of a row number; above it an index of a new post
_HALF = 1 << (_BITS - 1)
_KEY_BITS = 27


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs to compare: `new` the index of a new post, ascending; `old` the row of a kept post; most alike first.

    An earlier new post q stands in `old` as ~q, a negative number. `shared`: see `Store.search`, in hundredths.
    """

    new: I64
    old: I64
    shared: I64

    def __len__(self) -> int:
        return len(self.new)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked up: for each new post (`new`, ascending) some grams and the squared rarity of each, in _FINE parts.

    `grams[which]` are the grams; `grams` are sorted and each stands there once.
    """

    new: I64
    grams: I64
    which: I64
    weight: I64


class Chunk:
    """New posts, and how many earlier ones of them hold a gram: at most OTHERS, as many as may stand for one event."""

    def __init__(self, grams: Grams) -> None:
        """At most 200 posts, so that the sums below fit their types."""
        self.grams, self.ids = grams, grams.ids.astype(np.int64)
        ordered = np.sort(grams.ids[grams.ids > 0])
        often = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        self._column = np.zeros(BUCKETS, dtype=np.int16)
        self._column[often] = np.arange(1, len(often) + 1)
        holds = np.zeros((len(grams), len(often) + 1), dtype=np.uint8)
        holds[np.arange(len(grams))[:, None], self._column.take(self.ids)] = 1
        holds[:, 0] = 0
        self._before = np.zeros_like(holds)
        for post in range(1, len(holds)):  # row by row: a cumulative sum down the columns takes four times as long
            np.add(self._before[post - 1], holds[post - 1], out=self._before[post])
        np.minimum(self._before, np.uint8(OTHERS), out=self._before)

    def __len__(self) -> int:
        return len(self.grams)

    def earlier(self, post: I64, ids: I64) -> U8:
        """`ids` (n, KEPT): the grams of one post each; how many posts before `post` (n,) hold them."""
        starts = (post * self._before.shape[1])[:, None]
        counts: U8 = self._before.take(starts + self._column.take(ids))
        return counts


class Store:
    """Rows are numbered; a freed row is used again."""

    def __init__(self, background: Background, rows: int = 1024) -> None:
        self._ids = np.zeros((rows, KEPT), dtype=np.uint32)
        self._tf = np.zeros((rows, KEPT), dtype=np.uint8)
        self._keys = np.zeros(rows, dtype=np.int64)
        self._free = list(range(rows - 1, -1, -1))
        self._df = background.df.copy()
        self._posts = background.posts
        self._postings = Postings()

    def __len__(self) -> int:
        return len(self._ids) - len(self._free)

    def add(self, grams: Grams, keys: Sequence[int]) -> list[int]:
        """Keep posts; returns their rows. `keys` (8 bytes each) decide between posts that share as much."""
        while len(self._free) < len(grams):
            self._grow()
        rows = [self._free.pop() for _ in keys]
        at = np.array(rows, dtype=np.int64)
        self._ids[at], self._tf[at] = grams.ids, grams.tf
        self._keys[at] = [key >> 1 for key in keys]
        self._count(grams.ids, 1)
        self._postings.add(at, grams.ids[:, :INDEXED])
        return rows

    def remove(self, rows: Sequence[int]) -> None:
        at = np.array(rows, dtype=np.int64)
        ids = self._ids[at]
        self._postings.remove(at, ids[:, :INDEXED])
        self._count(ids, -1)
        self._free += rows

    def grams(self, rows: Sequence[int]) -> Grams:
        return Grams(self._ids, self._tf).take(rows)

    def search(self, new: Chunk, limit: int, least: float = 0.0) -> Pairs:
        """For each new post those that share most with it: at most `limit` kept posts and `limit` earlier new ones.

        They share a squared rarity of `least` or more.
        """
        ids, order = new.ids, np.arange(len(new))
        counts = new.earlier(order, ids)
        rare = self._rarity(ids, counts)
        kept = _closest(*self._shared_with_kept(ids, rare), self._keys, limit, least)
        earlier = _closest(*self._shared_with_earlier(ids, rare, counts), order, limit, least)
        return join([kept, Pairs(earlier.new, ~earlier.old, earlier.shared)])

    def compare(self, new: Chunk, pairs: Pairs) -> F32:
        """How like the posts of each pair are: (n, len(COLUMNS)).

        A gram is as rare as it is when the new post comes: the earlier ones of the chunk count, itself does not.
        """
        ours = weigh_grams(new.ids, new.grams.tf, self._rarity(new.ids, new.earlier(np.arange(len(new)), new.ids)))
        (ids, tf), within = self._olds(new, pairs.old), pairs.old < 0
        earlier = new.earlier(pairs.new, ids)
        earlier[within] = earlier[within].clip(1)  # the earlier post of the pair is one of them
        return likeness(ours, weigh_grams(ids, tf, self._rarity(ids, earlier)), pairs.new)

    def olds(self, new: Chunk, old: I64) -> I64:
        """The gram ids of the older posts of pairs (n,): (n, KEPT)."""
        return self._olds(new, old)[0]

    def _olds(self, new: Chunk, old: I64) -> tuple[I64, U8]:
        """The grams of the older posts of pairs (n,), ids and frequencies."""
        kept, within = np.maximum(old, 0), old < 0
        ids, tf = self._ids.take(kept, axis=0).astype(np.int64), self._tf.take(kept, axis=0)
        ids[within], tf[within] = new.ids[~old[within]], new.grams.tf[~old[within]]
        return ids, tf

    def _shared_with_kept(self, ids: I64, rare: F32) -> tuple[I64, I64, I64]:
        asked = self._ask(ids, rare, self._postings.held(ids), WALKED)
        return _add_up(asked, self._postings.behind(asked.grams, asked.which))

    def _shared_with_earlier(self, ids: I64, rare: F32, counts: U8) -> tuple[I64, I64, I64]:
        asked = self._ask(ids, rare, counts, ids.size)
        which, earlier = expand(make_run(0, np.arange(len(ids)), ids[:, :INDEXED]), asked.grams, asked.which)
        before = earlier < asked.new[which]
        return _add_up(asked, [(which[before], earlier[before])])

    def _ask(self, ids: I64, rare: F32, held: I32 | U8, most: int) -> _Asked:
        """The telling grams that lead somewhere, rarest first, until they lead to more than `most` rows."""
        post, place = np.nonzero((rare >= TELLING) & (held > 0))
        key = np.sort((post << _BITS | self._df[ids[post, place]]) << 8 | place)
        post, place = key >> (_BITS + 8), key & 255
        walked = np.cumsum(held[post, place], dtype=np.int64)
        start = np.searchsorted(post, np.arange(len(ids)))
        near = walked - np.append(0, walked)[start][post] <= most
        post, place = post[near], place[near]
        weight = np.rint(_FINE * np.square(rare[post, place])).astype(np.int64)
        grams, which = np.unique(ids[post, place], return_inverse=True)
        return _Asked(post, grams, which, weight.clip(0, _MOST))

    def _rarity(self, ids: I64, more: U8) -> F32:
        """Natural log of all posts over those that hold the gram, training collection, window and `more` together."""
        held = (self._df.take(ids) + more).astype(np.float32)
        held += np.float32(0.5)
        rare: F32 = np.float32(log(self._posts + 1)) - np.log(held, out=held)
        return np.maximum(rare, np.float32(0), out=rare)

    def _count(self, ids: U32, step: int) -> None:
        np.add.at(self._df, ids.ravel(), np.int32(step))  # far slower with a number of another type
        self._df[0] = 0
        self._posts += step * len(ids)

    def _grow(self) -> None:
        rows = len(self._ids)
        self._ids = np.concatenate([self._ids, np.zeros_like(self._ids)])
        self._tf = np.concatenate([self._tf, np.zeros_like(self._tf)])
        self._keys = np.concatenate([self._keys, np.zeros_like(self._keys)])
        self._free = [*range(2 * rows - 1, rows - 1, -1), *self._free]


def join(pairs: Sequence[Pairs]) -> Pairs:
    """All pairs, each once, in the order of the new posts, then of what they share; on a tie as they are given."""
    new, old, shared = (np.concatenate([getattr(one, name) for one in pairs]) for name in ("new", "old", "shared"))
    first = np.sort(np.unique(new << _BITS | (old + _HALF), return_index=True)[1])
    order = first[np.argsort(new[first] << _SUM_BITS | _least_first(shared[first]), kind="stable")]
    return Pairs(new[order], old[order], shared[order])


def _add_up(asked: _Asked, found: Iterable[tuple[I64, I64]]) -> tuple[I64, I64, I64]:
    """(new, old, what they share), each pair once, from the entries found: (index into `asked.which`, old)."""
    keys = [(asked.new[which] << _BITS | old) << 16 | asked.weight[which] for which, old in found]
    key = np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *keys]))
    pair = key >> 16
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    if not len(starts):
        return starts, starts, starts
    pair = pair[starts]
    return pair >> _BITS, pair & (1 << _BITS) - 1, np.add.reduceat(key & _MOST, starts)


def _closest(new: I64, old: I64, shared: I64, keys: I64, limit: int, least: float) -> Pairs:
    likely = shared >= least * _FINE
    new, old, shared = new[likely], old[likely], shared[likely]
    order = np.argsort((new << _SUM_BITS | _least_first(shared)) << _KEY_BITS | keys[old] & (1 << _KEY_BITS) - 1)
    new, old, shared = new[order], old[order], shared[order]
    best = np.arange(len(new)) - np.searchsorted(new, new) < limit
    return Pairs(new[best], old[best], shared[best])


def _least_first(shared: I64) -> I64:
    """Numbers that fall as `shared` grows."""
    return TOLD - shared
