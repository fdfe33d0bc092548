"""Whether a post belongs to an event: a small network over likenesses, with two rules that it cannot overrule.

The network (one hidden layer, weights in `grouping_weights.json`, made by `alerts/grouping_train.py`) was fitted on
labelled pairs of messages. The rules: counties that both texts name must agree, texts that name different things
(`grouping_objects`) stay apart, be they in the same sentences, and but for near copies the shared grams must hold a
concrete name (`evidence`) and neither post may be a general question, so that such a question gathers nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from math import sqrt
from pathlib import Path

import numpy as np

from alerts.grouping_features import Background
from alerts.grouping_likeness import COLUMNS, F32, I64
from alerts.grouping_names import Names, agree, is_telling, names_in
from alerts.grouping_objects import Levels, differ, levels_of, objects_in
from stream.messages import Judged

NEAR_COPY = 0.8  # cosine from which a post is a near copy
LEAST_EVIDENCE = 2.0
NAME_EVIDENCE = 1.7  # log(1 + summed rarity) of the shared grams
NEVER = np.float32(-20)
OTHER_NAME = np.float32(1.5)  # log-odds taken off when the names differ
OTHER_THING = np.float32(8)  # log-odds taken off when the things that are named differ
SLIP = 0.6  # cosine below which a name that differs in one letter may be a slip of the pen
WEIGHTS = Path(__file__).parent / "grouping_weights.json"

_ALL, _EVIDENCE = COLUMNS.index("all"), COLUMNS.index("evidence")
_NAMES_DIFFER = len(COLUMNS) + 3  # the first fact, after the three roots
THINGS_DIFFER, _GENERAL = -2, -1  # after what the network sees
_ROOTED = [COLUMNS.index(name) for name in ("all", "problem", "name")]
_DIVISION = re.compile(r"[A-Z]\d{0,2}[区县]")
_TOPICS = 3

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Context:
    """What is compared beside the grams: districts or counties the post names, its likeliest topics, and other names.

    `topics` maps each, likeliest first, to the square root of its probability; empty when nothing is known. `objects`: see
    `grouping_objects`. `general`: a question that names nothing.
    """

    divisions: frozenset[str]
    topics: Mapping[str, float]
    names: Names
    objects: tuple[str, ...] = ()
    general: bool = False
    first: str = field(init=False)  # likeliest topic
    things: Levels = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", next(iter(self.topics), ""))
        object.__setattr__(self, "things", levels_of(self.objects))


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
    post, place = judged.post, judged.judgement.place
    coded = _DIVISION.findall(f"{post.title} {post.text[:300]}")
    named = [place.code] if place.basis == "text" and place.county else []
    best = judged.judgement.topics[:_TOPICS]
    known = {one.key: round(sqrt(one.score), 3) for one in best} if best[0].key != "none" else {}
    names = names_in(post.title, post.text, background)
    objects = objects_in(post.title, post.text, lambda pair: is_telling(pair, background))
    general = judged.judgement.intent.key == "ask" and not (coded or objects or names.pairs or names.numbers)
    return Context(frozenset(named + coded[:4]), known, names, objects, general)


def inputs(likeness: F32, contexts: Iterable[tuple[Context, Context]]) -> tuple[F32, I64]:
    """What the network sees of n pairs (the likeness, roots of its cosines, how places and topics agree), then whether
    things differ (see `differ`) and whether either is a general question: (n, inputs + 2). And the grams that tell of what
    each names where things differ: (n, 2).

    `contexts`: of the new and of the old post of each pair.
    """
    agreed = [
        (
            agree(new.names, old.names),
            _places(new, old),
            *_topics(new, old),
            *differ(new.things, old.things),
            new.general or old.general,
        )
        for new, old in contexts
    ]
    table = np.fromiter(chain.from_iterable(agreed), np.float64, 8 * len(agreed)).reshape(-1, 8)
    names, places, likely, first, apart, our, their, general = table.T
    facts = [np.maximum(-names, 0), np.maximum(names, 0), np.maximum(-places, 0), np.maximum(places, 0), likely, first]
    roots = np.sqrt(np.maximum(likeness[:, _ROOTED], 0))
    seen = np.stack([*facts, apart, general], axis=1).astype(np.float32)
    return np.concatenate([likeness, roots, seen], axis=1), np.stack([our, their], axis=1).astype(np.int64)


def weigh(rows: F32, network: Network) -> F32:
    """Probability (n,) that the posts of each pair tell of the same event; `rows`: see `inputs`."""
    # input by input, in this order: a matrix product would round differently for different n
    hidden = np.zeros((len(rows), len(network.bias)), dtype=np.float32)
    for column, weights in zip(rows[:, :THINGS_DIFFER].T, network.hidden, strict=True):
        hidden += column[:, None] * weights
    hidden = np.tanh(hidden + network.bias)
    odds = (hidden * network.out).sum(axis=1) + np.float32(network.shift) - OTHER_NAME * rows[:, _NAMES_DIFFER]
    apart = (rows[:, THINGS_DIFFER] == 1) | ((rows[:, THINGS_DIFFER] > 0) & (rows[:, _ALL] >= SLIP))
    odds = odds - OTHER_THING * apart
    named = ((rows[:, _EVIDENCE] >= LEAST_EVIDENCE) & (rows[:, _GENERAL] == 0)) | near_copies(rows)
    probability: F32 = np.reciprocal(1 + np.exp(-np.where(named, odds, NEVER)), dtype=np.float32)
    return probability


def names_the_same(rows: F32) -> Flags:
    """Whether a name is the same, or rare grams are shared as a name has them and no name speaks against it; and no
    thing that is named differs."""
    differs, agreed = rows[:, _NAMES_DIFFER], rows[:, _NAMES_DIFFER + 1]
    shared: Flags = (agreed == 1) | ((differs == 0) & (rows[:, _EVIDENCE] >= NAME_EVIDENCE))
    shared &= rows[:, THINGS_DIFFER] <= 0
    return shared


def near_copies(rows: F32) -> Flags:
    """Whether the words are nearly the same, the names too."""
    alike: Flags = (rows[:, _ALL] >= NEAR_COPY) & (rows[:, _NAMES_DIFFER] == 0)
    alike &= rows[:, THINGS_DIFFER] <= 0
    return alike


def _places(new: Context, old: Context) -> float:
    """1: a district or county is the same, -1: both name others, 0: unknown."""
    if not new.divisions or not old.divisions:
        return 0.0
    return -1.0 if new.divisions.isdisjoint(old.divisions) else 1.0


def _topics(new: Context, old: Context) -> tuple[float, float]:
    """How likely the topic is the same, less a half; whether the likeliest is (1, else -1). Both 0 where unknown."""
    theirs = old.topics
    if not new.topics or not theirs:
        return 0.0, 0.0
    overlap = -0.5
    for key, root in new.topics.items():
        if key in theirs:
            overlap += root * theirs[key]
    return overlap, 1.0 if new.first == old.first else -1.0
