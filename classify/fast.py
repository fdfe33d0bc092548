"""The fast model: linear heads over hashed character n-grams, a whole batch in one sparse product."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from classify.clean import fold_all
from classify.features import Batch, Floats, Rows, matrix, normalise, read_batch, rows_of
from classify.human import GRAVE_FROM, HUMAN_SHARE, Bar, bar_of, expected_costs
from classify.phrases import Ints, best_runs, padded, spread
from classify.severity import Field, Found, SeverityReader, to_facts
from classify.weights import HEADS, Weights, load_weights
from configs.severity import SeverityRules, load_severity
from stream.messages import Facts, Judgement, Place, Post, Reason, Scored

AnyFloats = TypeVar("AnyFloats", NDArray[np.float32], NDArray[np.float64])

SHIPPED = Path(__file__).with_name("model")
PHRASES = (3, 2, 1, 1, 1)  # at most so many phrases as reasons of each head
CHUNK = 512  # posts of one product: few enough for the caches
_TOPICS = 3  # at most so many topics of one post
_LEAST = 0.05  # and none below this score, but the first
_NO_WORDS = "没有可辨认的字词，按资料中最常见的答案"


@dataclass(frozen=True, slots=True)
class Reading:
    """A chunk of posts as the fast model has read it: scores (posts, labels) and the numbers of harm that each states."""

    posts: Sequence[Post]
    batch: Batch
    rows: list[Rows]
    scores: Floats
    found: list[list[Found]]


class FastModel:
    """Judges a batch; the place and the near copies are found by `classify/judge.py`. `human_share` of posts like the development
    ones goes to people, and each for whose topic no phrase speaks."""

    def __init__(self, weights: Weights, reader: SeverityReader, human_share: float = HUMAN_SHARE) -> None:
        self.name = weights.meta.name
        self.bar = bar_of(weights.meta.costs, human_share, weights.meta.review)
        self._weights = weights
        self._reader = reader
        self._lookup = weights.lookup()
        self.columns = weights.columns()
        self.labels = weights.meta.labels
        self._dense = padded(weights.table * weights.scale)[:-1]
        self._padded = padded(weights.table)
        self._keys = [label for head in HEADS for label in weights.meta.labels[head]]
        self.names = [f"{head}:{label}" for head in HEADS for label in weights.meta.labels[head]]

    @classmethod
    def load(
        cls, folder: Path = SHIPPED, rules: SeverityRules | None = None, human_share: float = HUMAN_SHARE
    ) -> FastModel:
        """Raises FileNotFoundError or ValueError (Chinese) if the folder holds no model of this format."""
        return cls(load_weights(folder), SeverityReader(rules or load_severity()), human_share)

    def judge(self, posts: Sequence[Post]) -> list[Judgement]:
        """One judgement per post, in order; every answer has a reason."""
        judged: list[Judgement] = []
        with no_collecting():
            for start in range(0, len(posts), CHUNK):
                reading = self.read(posts[start : start + CHUNK])
                chosen, expected = self.choose(reading.scores)
                judged += self.answer(reading, reading.scores, chosen, expected, self.reasons(reading, chosen))
        return judged

    def scores(self, titles: Sequence[str], texts: Sequence[str], kinds: Sequence[str] = ()) -> Floats:
        """Calibrated probabilities of every label, shape (posts, labels); each head's columns sum to 1.

        `kinds` may be left out.
        """
        return self._score(read_batch(titles, texts), kinds)[0]

    def _score(self, batch: Batch, kinds: Sequence[str]) -> tuple[Floats, list[Rows]]:
        weights = self._weights
        rows = rows_of(batch, self._lookup, weights.meta.bits)
        features = normalise(matrix(batch, rows, len(weights.buckets)), weights.idf)
        base = (features @ self._dense)[:, : len(weights.bias)] + weights.bias
        mixed = np.hstack((base, one_hot(kinds, weights.meta.kinds, batch.size))) @ weights.mix + weights.mix_bias
        return np.exp(log_softmax(mixed, tuple(self.columns.values()))), rows

    def read(self, posts: Sequence[Post]) -> Reading:
        """At most CHUNK posts with their scores, and the numbers of harm that they state."""
        batch = read_batch([post.title for post in posts], [post.text for post in posts])
        scores, rows = self._score(batch, [post.kind for post in posts])
        return Reading(posts, batch, rows, scores, self._found(posts))

    def choose(self, scores: Floats, cuts: Sequence[float] = ()) -> tuple[Ints, Floats]:
        """The chosen column of each head, shape (posts, heads), and the expected severity, 1 to 4. `cuts`: else the model's own."""
        expected = (scores[:, self.columns["severity"]] @ np.arange(1, 5)).astype(np.float32)
        chosen = [scores[:, part].argmax(axis=1) + part.start for part in self.columns.values()]
        levels = np.searchsorted(np.array(cuts or self._weights.meta.cuts, np.float32), expected, side="right")
        chosen[4] = levels + self.columns["severity"].start
        return np.stack(chosen, axis=1), expected

    def reasons(self, reading: Reading, chosen: Ints) -> list[list[Reason]]:
        """Per post the phrases that spoke most for the chosen label of each head."""
        posts, batch = reading.posts, reading.batch
        runs = best_runs(batch, spread(batch, reading.rows, self._padded, chosen), [n + (n > 1) for n in PHRASES])
        label = chosen[runs.post, runs.head]
        told = zip(
            runs.head.tolist(),
            runs.post.tolist(),
            label.tolist(),
            batch.title[runs.start].tolist(),
            batch.at[runs.start].tolist(),
            (batch.at[runs.end - 1] + 1).tolist(),
            (runs.weight * self._weights.scale[label] / 6).tolist(),
            strict=True,
        )
        out: list[list[Reason]] = [[] for _ in posts]
        room, last = 0, (-1, -1)
        seen: set[str] = set()
        for head, post, column, title, start, end, weight in told:
            if last != (head, post):
                room, seen, last = PHRASES[head], set(), (head, post)
            field: Field = "title" if title else "text"
            phrase = (posts[post].title if title else posts[post].text)[start:end]
            if room and phrase not in seen:
                seen.add(phrase)
                room -= 1
                out[post].append(Reason(self.names[column], phrase, field, start, end, weight))
        return out

    def answer(
        self,
        reading: Reading,
        scores: Floats,
        chosen: Ints,
        expected: Floats,
        reasons: list[list[Reason]],
        bar: Bar | None = None,
    ) -> list[Judgement]:
        """One judgement per post from scores (posts, labels) and reasons, be they this model's or another's."""
        topics, found, bar = self._topics(scores), reading.found, bar or self.bar
        costs = zip(*(each.tolist() for each in expected_costs(scores, self.columns)), strict=True)
        told = zip(
            reading.posts,
            chosen.tolist(),
            np.take_along_axis(scores, chosen, axis=1).tolist(),
            expected.tolist(),
            costs,
            strict=True,
        )
        return [
            self._answer(post, columns, values, mean, topics[index], found[index], reasons[index], cost, bar)
            for index, (post, columns, values, mean, cost) in enumerate(told)
        ]

    def _answer(
        self,
        post: Post,
        columns: list[int],
        values: list[float],
        mean: float,
        topics: tuple[Scored, ...],
        found: list[Found],
        reasons: list[Reason],
        costs: tuple[float, float],
        bar: Bar,
    ) -> Judgement:
        """One judgement. What is no public matter, and praise, has facts but no floor and no grade."""
        names = [self.names[column] for column in columns]
        keys = [self._keys[column] for column in columns]
        level, grade = int(keys[4]), None
        spoken = any(reason.answer == names[0] for reason in reasons)
        if found and keys[0] != "none" and keys[2] != "pos":
            grade = self._reader.grade(found)
            floor, rules = self._reader.floor(found)
            if floor > level:
                reasons = [reason for reason in reasons if reason.answer != names[4]]
                names[4], level, mean = f"severity:{floor}", floor, max(mean, float(floor))
            reasons = reasons + [rule for rule in rules if rule.answer == names[4]]
        cost = costs[0] + (costs[1] if level < GRAVE_FROM else 0)
        return Judgement(
            post.id,
            topics,
            Scored(keys[1], values[1]),
            Scored(keys[2], values[2]),
            Scored(keys[3], values[3]),
            level,
            mean,
            _NOWHERE,
            self.name,
            grade,
            to_facts(found) if found else _NO_FACTS,
            reasons=_complete(reasons, names),
            needs_human=not spoken or bar.reached(cost, topics[0].score),
        )

    def _found(self, posts: Sequence[Post]) -> list[list[Found]]:
        titles, texts = [post.title for post in posts], [post.text for post in posts]
        folded = fold_all([*titles, *texts])
        in_titles = self._reader.read(folded[: len(posts)], titles, "title")
        in_texts = self._reader.read(folded[len(posts) :], texts, "text")
        return [first + second for first, second in zip(in_titles, in_texts, strict=True)]

    def _topics(self, scores: Floats) -> list[tuple[Scored, ...]]:
        part = scores[:, self.columns["topic"]]
        keys = self._weights.meta.labels["topic"]
        order = np.argsort(-part, axis=1)[:, :_TOPICS]
        values = np.take_along_axis(part, order, axis=1)
        return [
            tuple(Scored(keys[k], v) for n, (k, v) in enumerate(zip(ks, vs, strict=True)) if n == 0 or v >= _LEAST)
            for ks, vs in zip(order.tolist(), values.tolist(), strict=True)
        ]


def one_hot(kinds: Sequence[str], known: Sequence[str], posts: int) -> Floats:
    """Shape (posts, known kinds); a row of zeros for a kind that is not known or not given."""
    if not kinds:
        return np.zeros((posts, len(known)), np.float32)
    hot: Floats = np.equal(np.array(kinds)[:, None], np.array(known)).astype(np.float32)
    return hot


@contextmanager
def no_collecting() -> Iterator[None]:
    """Thousands of small values are made, none in a cycle: to look for cycles among them costs a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def log_softmax(logits: AnyFloats, heads: Sequence[slice]) -> AnyFloats:
    """Log-probabilities of every head's columns, same shape and type."""
    out = np.empty_like(logits)
    for part in heads:
        top = logits[:, part] - logits[:, part].max(axis=1, keepdims=True)
        out[:, part] = top - np.log(np.exp(top).sum(axis=1, keepdims=True))
    return out


def _complete(reasons: list[Reason], answers: Sequence[str]) -> tuple[Reason, ...]:
    """The reasons, with one that says so for each answer that no phrase spoke for."""
    given = {reason.answer for reason in reasons}
    if given.issuperset(answers):
        return tuple(reasons)
    return (*reasons, *(Reason(answer, "", rule=_NO_WORDS) for answer in answers if answer not in given))


_NO_FACTS = Facts()
_NOWHERE = Place()
