"""Whether a post belongs to an event: a small network over likenesses, with two rules that it cannot overrule.

The network (one hidden layer, weights in `grouping_weights.json`, made by `alerts/grouping_train.py`) was fitted on
labelled pairs of messages. The rules: counties that both texts name must agree, and but for near copies the shared
grams must hold a concrete name (`evidence`), so that a general question gathers nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path

import numpy as np

from alerts.grouping_features import Background
from alerts.grouping_names import Names, agree, names_in
from alerts.grouping_store import COLUMNS, F32
from stream.messages import Judged

NEAR_COPY = 0.8  # cosine from which a post is a near copy
LEAST_EVIDENCE = 2.0
NAME_EVIDENCE = 1.7  # log(1 + summed rarity) of the shared grams
NEVER = np.float32(-20)
OTHER_NAME = np.float32(1.5)  # log-odds taken off when the names differ
WEIGHTS = Path(__file__).parent / "grouping_weights.json"

_ALL, _EVIDENCE = COLUMNS.index("all"), COLUMNS.index("evidence")
_NAMES_DIFFER = len(COLUMNS) + 3  # the first of `_agree`, after the three roots
_ROOTED = [COLUMNS.index(name) for name in ("all", "problem", "name")]
_DIVISION = re.compile(r"[A-Z]\d{0,2}[区县]")
_TOPICS = 3


@dataclass(frozen=True, slots=True)
class Context:
    """What is compared beside the grams: districts or counties the post names, its likeliest topics, and other names.

    `topics` maps each, likeliest first, to the square root of its probability; empty when nothing is known.
    """

    divisions: frozenset[str]
    topics: Mapping[str, float]
    names: Names


@dataclass(frozen=True, slots=True)
class Network:
    """`hidden` (inputs, h), `bias` (h,), `out` (h,), `shift`: log-odds = tanh(x·hidden + bias)·out + shift."""

    hidden: F32
    bias: F32
    out: F32
    shift: float
    join: float  # probability from which a post joins


@lru_cache(maxsize=1)
def load_network() -> Network:
    """The shipped weights."""
    stored = json.loads(WEIGHTS.read_text("utf-8"))
    arrays = {name: np.asarray(stored[name], dtype=np.float32) for name in ("hidden", "bias", "out")}
    return Network(shift=float(stored["shift"]), join=float(stored["join"]), **arrays)


def context_of(judged: Judged, background: Background) -> Context:
    """Letter-coded districts, as anonymised hotline files have them, count as named places."""
    place = judged.judgement.place
    coded = _DIVISION.findall(f"{judged.post.title} {judged.post.text[:300]}")
    named = [place.code] if place.basis == "text" and place.county else []
    best = judged.judgement.topics[:_TOPICS]
    known = {one.key: round(sqrt(one.score), 3) for one in best} if best[0].key != "none" else {}
    return Context(frozenset(named + coded[:4]), known, names_in(judged.post.title, judged.post.text, background))


def inputs(likeness: F32, new: Context, old: Sequence[Context]) -> F32:
    """What the network sees (n, inputs): the likeness, roots of its cosines, and how places and topics agree."""
    facts = np.array([_agree(new, one) for one in old], dtype=np.float32)
    return np.concatenate([likeness, np.sqrt(np.maximum(likeness[:, _ROOTED], 0)), facts], axis=1)


def weigh(likeness: F32, new: Context, old: Sequence[Context], network: Network) -> F32:
    """Probability (n,) that the new post and each kept post tell of the same event."""
    rows = inputs(likeness, new, old)
    # one row at a time in the same order of additions: a matrix product would round differently for different n
    hidden = np.tanh((rows[:, :, None] * network.hidden).sum(axis=1) + network.bias)
    odds = (hidden * network.out).sum(axis=1) + np.float32(network.shift) - OTHER_NAME * rows[:, _NAMES_DIFFER]
    named = (likeness[:, _EVIDENCE] >= LEAST_EVIDENCE) | near_copies(likeness)
    probability: F32 = np.reciprocal(1 + np.exp(-np.where(named, odds, NEVER)), dtype=np.float32)
    return probability


def names_the_same(likeness: F32, new: Context, old: Sequence[Context]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a name is the same, or rare grams are shared as a name has them and no name speaks against it."""
    names = np.array([agree(new.names, one.names) for one in old], dtype=np.float32)
    shared: np.ndarray[tuple[int], np.dtype[np.bool_]] = (names == 1) | (
        (names >= 0) & (likeness[:, _EVIDENCE] >= NAME_EVIDENCE)
    )
    return shared


def near_copies(likeness: F32) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    copies: np.ndarray[tuple[int], np.dtype[np.bool_]] = likeness[:, _ALL] >= NEAR_COPY
    return copies


def _agree(new: Context, old: Context) -> tuple[float, ...]:
    """(names differ, names agree, places differ, places agree, same topic likely, same topic first ±1).

    0 where unknown; the likelihood of the same topic is taken less a half.
    """
    names = agree(new.names, old.names)
    differ, same = 0.0, 0.0
    if new.divisions and old.divisions:
        same = 0.0 if new.divisions.isdisjoint(old.divisions) else 1.0
        differ = 1.0 - same
    if not new.topics or not old.topics:
        return max(-names, 0.0), max(names, 0.0), differ, same, 0.0, 0.0
    overlap = sum([root * old.topics.get(key, 0.0) for key, root in new.topics.items()])
    first = 1.0 if next(iter(new.topics)) == next(iter(old.topics)) else -1.0
    return max(-names, 0.0), max(names, 0.0), differ, same, overlap - 0.5, first
