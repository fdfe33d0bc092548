"""Whether a new model is worse than the one in use: both judge the same labelled posts.

How much of a difference is chance is told by the paired bootstrap (Efron and Tibshirani 1993, ch. 16; Koehn 2004 for its use
on two systems): the posts are drawn again with replacement, both models are scored on the same draw, and the middle 95 % of
the differences are the interval.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify.evaluate import Judge, find_sets, to_post
from classify.weights import HEADS
from stream.messages import Judgement, Post

MEASURES: Mapping[str, str] = {
    "topic": "事项准确率",
    "office": "单位准确率",
    "sentiment": "情感准确率",
    "intent": "诉求准确率",
    "kappa": "严重程度 kappa",
    "grave": "严重及以上召回率",
}
DRAWS = 2000
LEAST = 30  # a measure of fewer posts is shown and decides nothing
TOLERATED = 0.01  # by so much the mean of the measures may fall
_APART = ((np.arange(4)[:, None] - np.arange(4)) ** 2).astype(np.float64)  # quadratic weights of kappa

Counts = NDArray[np.float64]  # (draws, posts): how often each post was drawn
Score = Callable[[Counts], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A post and the right answers, head by head ("a|b": either is right); heads nobody labelled are left out. `part`: its set."""

    post: Post
    gold: Mapping[str, str]
    part: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of both models on `posts` posts; the interval is that of new - old."""

    measure: str
    posts: int
    old: float
    new: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        return self.new - self.old

    @property
    def decides(self) -> bool:
        return self.posts >= LEAST


@dataclass(frozen=True, slots=True)
class Comparison:
    """`name` of the set of posts, in Chinese, and what was measured on it."""

    name: str
    posts: int
    rows: tuple[Measured, ...]

    @property
    def mean_difference(self) -> float:
        """Of the measures that decide; 0 when none does."""
        found = [row.difference for row in self.rows if row.decides]
        return sum(found) / len(found) if found else 0.0


def read_labelled(data: Path) -> list[Labelled]:
    """The posts of all development sets in `data` (its labels/ folder, or itself).

    Raises FileNotFoundError (Chinese) if there is none.
    """
    rows = [
        (path.stem, json.loads(line))
        for path in find_sets(data)
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    return [Labelled(to_post(row), {head: str(row[head]) for head in HEADS}, part) for part, row in rows]


def compare(name: str, labelled: Sequence[Labelled], old: Judge, new: Judge, seed: int = 0) -> Comparison:
    """Both models on the same posts. Raises ValueError when there are no posts."""
    if not labelled:
        raise ValueError("no posts to compare on")
    posts = [one.post for one in labelled]
    said = [[_answers(judged.judgement) for judged in judge(posts)] for judge in (old, new)]
    drawn = np.random.default_rng(seed)
    rows = []
    for measure in MEASURES:
        head = measure if measure in HEADS else "severity"
        at = [n for n, one in enumerate(labelled) if head in one.gold]
        if not at:
            continue
        gold = [labelled[n].gold[head] for n in at]
        scores = [_score(measure, gold, [answers[n][head] for n in at]) for answers in said]
        rows.append(_measured(measure, len(at), scores, drawn))
    return Comparison(name, len(labelled), tuple(rows))


def worse(comparisons: Sequence[Comparison]) -> Iterator[str]:
    """In Chinese, every way in which the new model is worse; none: it may be used.

    A measure is worse when its whole interval lies below 0, so that chance does not explain it. And however chance may have
    it, the mean of the measures of one set must not fall by more than TOLERATED.
    """
    for one in comparisons:
        for row in one.rows:
            if row.decides and row.high < 0:
                yield (
                    f"{one.name}: {MEASURES[row.measure]} {row.old:.3f} → {row.new:.3f}，变差超出偶然"
                    f"(差的 95% 区间 {row.low:+.3f} 至 {row.high:+.3f})"
                )
        if one.mean_difference < -TOLERATED:
            yield f"{one.name}: 各项平均下降 {-one.mean_difference:.3f}，超过 {TOLERATED}"


def _answers(judgement: Judgement) -> dict[str, str]:
    return {
        "topic": judgement.topic,
        "office": judgement.office.key,
        "sentiment": judgement.sentiment.key,
        "intent": judgement.intent.key,
        "severity": str(judgement.severity),
    }


def _measured(measure: str, posts: int, scores: Sequence[Score], drawn: np.random.Generator) -> Measured:
    once = np.ones((1, posts))
    old, new = (float(score(once)[0]) for score in scores)
    counts = drawn.multinomial(posts, np.full(posts, 1 / posts), size=DRAWS).astype(np.float64)
    low, high = np.quantile(scores[1](counts) - scores[0](counts), (0.025, 0.975))
    return Measured(measure, posts, old, new, float(low), float(high))


def _score(measure: str, gold: Sequence[str], said: Sequence[str]) -> Score:
    """How well the answers do on posts drawn `counts` times; where annotators differed, an answer that one gave is right."""
    settled = [key if key in row.split("|") else row.split("|")[0] for row, key in zip(gold, said, strict=True)]
    if measure in HEADS:
        right = np.array([g == s for g, s in zip(settled, said, strict=True)], np.float64)
        return lambda counts: counts @ right / counts.sum(axis=1)
    truth, level = np.array(settled, int), np.array(said, int)
    if measure == "grave":
        grave, caught = (truth >= 3).astype(np.float64), ((truth >= 3) & (level >= 3)).astype(np.float64)
        return lambda counts: counts @ caught / np.maximum(counts @ grave, 1)
    cells = np.zeros((len(truth), 16))
    cells[np.arange(len(truth)), 4 * (truth - 1) + level - 1] = 1
    return lambda counts: _kappas((counts @ cells).reshape(-1, 4, 4))


def _kappas(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quadratic weighted kappa of each table of (truth, said) counts; 1 where nothing could disagree."""
    totals = tables.sum(axis=(1, 2))
    chance = np.einsum("di,dj,ij->d", tables.sum(axis=2), tables.sum(axis=1), _APART) / totals
    apart = (tables * _APART).sum(axis=(1, 2))
    return np.where(chance > 0, 1 - apart / np.where(chance > 0, chance, 1), 1.0)
