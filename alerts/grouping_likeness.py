"""How like posts are: cosines and shared rarity of their grams, for many pairs of posts at once.

Sums are added up in the order of the grams of the older post, so a pair has the same likeness, to the last bit,
whatever other pairs are compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from alerts.grouping_features import BUCKETS, KEPT, TITLE_BIT, TITLE_WEIGHT

RARE = 5.0  # rarity from which a gram is likely part of a name; below it tells what the problem is
COMMON = 1.5  # rarity below which a gram tells nothing

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]

_PROBLEM, _NAME = 1, 2  # levels of rarity; 0 is common
_PLACES = np.arange(1, KEPT + 1, dtype=np.uint8)

# The columns of `likeness`, each 0 to 1 but the last: cosines of all grams, of those of the problem (COMMON to RARE)
# and of names (RARE on); the same of title grams alone; whether both have a title; the share of one title's rare grams
# that the other post holds anywhere, in the better and in the worse direction; ln(1 + evidence), the evidence being the
# rarity above RARE of the shared grams, summed.
COLUMNS = ("all", "problem", "name", "title", "title_problem", "title_name", "titled", "held", "held_back", "evidence")


@dataclass(frozen=True, slots=True)
class Weighed:
    """Grams with what they weigh, all (n, KEPT); rows are posts.

    `kind` is twice the level of rarity, plus 1 in the title; `square` sums squared weights by it: (n, 3, 2).
    """

    ids: I64
    rare: F32
    weight: F32
    kind: U8
    square: F64


def weigh_grams(ids: I64, tf: U8, rare: F32) -> Weighed:
    """`rare`: natural log of all posts over those that hold the gram, (n, KEPT)."""
    kind = (rare >= COMMON).view(np.uint8) + (rare >= RARE).view(np.uint8)
    kind += kind
    kind += tf // TITLE_BIT
    weight = (tf & (TITLE_BIT - 1)).astype(np.float32) * np.float32(1 / 16) * rare
    group = np.arange(0, 6 * len(kind), 6)[:, None] + kind
    square = _totals(group.ravel(), np.square(weight).ravel(), 6 * len(kind))
    return Weighed(ids, rare, weight, kind, square.reshape(-1, 3, 2))


def likeness(new: Weighed, old: Weighed, which: I64) -> F32:
    """How like the posts new[which[i]] and old[i] are, for each i; `which` ascends: (n, columns)."""
    pair, old_at, new_at = _shared(new.ids, old.ids, which)
    old_kind, old_weight, new_weight = old.kind.ravel()[old_at], old.weight.ravel()[old_at], new.weight.ravel()[new_at]
    group = pair * 12 + (old_kind << 1 | new.kind.ravel()[new_at] & 1)
    named = np.flatnonzero(old_kind >= 2 * _NAME)  # few; of the others only the products are asked for

    def total(at: npt.NDArray[np.int64] | slice, values: F32) -> F64:
        """Summed over the shared grams: (n, level, in the old title, in the new title)."""
        return _totals(group[at], values, 12 * len(which)).reshape(-1, 3, 2, 2)

    dots = total(slice(None), old_weight * new_weight)
    into, back = total(named, np.square(old_weight[named])), total(named, np.square(new_weight[named]))
    over = old.rare.ravel()[old_at[named]] - np.float32(RARE)
    evidence = _totals(pair[named], over, len(which))
    return _columns(dots, into, back, evidence, new.square[which], old.square)


def _shared(new: I64, old: I64, which: I64) -> tuple[I64, I64, I64]:
    """Each gram that a pair shares: (the pair, where it stands in `old`, where in `new`, both flat)."""
    place = np.empty(old.shape, dtype=np.uint8)
    at = np.zeros(BUCKETS, dtype=np.uint8)  # gram -> 1 + its place in the new post
    starts = np.flatnonzero(np.diff(which, prepend=-1)).tolist()
    for start, end in pairwise([*starts, len(which)]):
        ids = new[which[start]]
        at[ids] = _PLACES
        at[0] = 0
        place[start:end] = at.take(old[start:end])
        at[ids] = 0
    old_at = np.flatnonzero(place != 0)
    pair = old_at // KEPT
    return pair, old_at, which[pair] * KEPT + place.ravel()[old_at] - 1


def _columns(dots: F64, into: F64, back: F64, evidence: F64, new: F64, old: F64) -> F32:
    """From sums by level and title, over the shared grams (n, 3, 2, 2) and over all of either post (n, 3, 2).

    `into` and `back` are only read at the level of names.
    """
    held = into[:, _NAME, 1].sum(axis=1) / _safe(old[:, _NAME, 1])
    held_back = back[:, _NAME, :, 1].sum(axis=1) / _safe(new[:, _NAME, 1])
    columns = [*_cosines(_boosted(_boosted(dots, 1), 1), _boosted(old, 2), _boosted(new, 2))]
    columns += _cosines(dots[:, :, 1, 1], old[:, :, 1], new[:, :, 1])
    titled = (old[:, :, 1].sum(axis=1) > 0) & (new[:, :, 1].sum(axis=1) > 0)
    columns += [titled, np.maximum(held, held_back), np.minimum(held, held_back), np.log1p(evidence)]
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
