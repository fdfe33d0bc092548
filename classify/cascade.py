"""The cascade: the fast model reads every post; the encoder reads those it is unsure of, and what may be grave.

Where both have read a post their probabilities are averaged: they err differently. Which posts the encoder reads is set by
`Gate`, fitted on the development sets (see the model card).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classify.encoder.reasons import reasons_of
from classify.encoder.serve import Encoder, TokenSays
from classify.fast import CHUNK, PHRASES, FastModel, Reading, no_collecting
from classify.features import Floats
from classify.human import HUMAN_SHARE, bar_of
from classify.phrases import Ints
from classify.weights import HEADS
from stream.messages import Judgement, Post, Reason

Mode = Literal["cascade", "transformer"]
GATE = "gate.json"
FORMAT = 2
BOTH = "+"  # stands in the name of what judged when both models read a post
SURE_OF = ("topic", "office", "sentiment", "intent")


@dataclass(frozen=True, slots=True)
class Gate:
    """`sure`: the encoder reads a post unless the fast model's best scores of SURE_OF, multiplied, are as much.

    `grave`: it also reads a post whose probability of severity 3 or 4 lies between these two. `harm`: it also reads a post that
    states a number of harm, unless that probability is as much. `blend`: the encoder's part in the average; `cuts`: the severity
    expectations from which 2, 3 and 4 begin in it.
    `costs`: quantiles of what the cascade's judgements of the development posts may be expected to cost (see
    classify/human.py); where there are none, a post whose topic scores below `review` goes to a person.
    """

    sure: float
    grave: tuple[float, float]
    harm: float
    blend: float
    cuts: tuple[float, float, float]
    review: float
    format: int = FORMAT
    costs: tuple[float, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> Gate:
        """Raises FileNotFoundError or ValueError (Chinese)."""
        path = folder / GATE
        if not path.is_file():
            raise FileNotFoundError(f"{path} 不存在，请重新运行 train --base")
        held = json.loads(path.read_text(encoding="utf-8"))
        if held.get("format") != FORMAT:
            raise ValueError(f"{path}: format = {held.get('format')}，只认得 {FORMAT}，请重新训练")
        listed = {name: tuple(held.get(name, ())) for name in ("grave", "cuts", "costs")}
        return cls(**{**held, **listed})

    def save(self, folder: Path) -> None:
        (folder / GATE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A chunk's probabilities (posts, labels), the columns chosen of them (posts, heads) and the expected severities; the places
    of the posts that the encoder read, and what its tokens said of each."""

    scores: Floats
    chosen: Ints
    expected: Floats
    doubted: NDArray[np.int64]
    tokens: list[TokenSays]


class Cascade:
    """`mode` "transformer": the encoder reads every post. `busy`: asked before each batch; while it says so the fast model answers
    alone, and its name stands on the judgement. `human_share` of posts like the development ones goes to people."""

    def __init__(
        self,
        fast: FastModel,
        encoder: Encoder,
        gate: Gate,
        mode: Mode = "cascade",
        busy: Callable[[], bool] = lambda: False,
        human_share: float = HUMAN_SHARE,
    ) -> None:
        self.name = f"{encoder.meta.name}{BOTH}{fast.name}"
        self._fast = fast
        self._encoder = encoder
        self._gate = gate
        self._mode = mode
        self._busy = busy
        self._bar = bar_of(gate.costs, human_share, gate.review)

    def judge(self, posts: Sequence[Post]) -> list[Judgement]:
        """One judgement per post, in order; every answer has a reason."""
        judged: list[Judgement] = []
        alone = self._busy()
        for start in range(0, len(posts), CHUNK):
            with no_collecting():
                judged += self._judge_chunk(self._fast.read(posts[start : start + CHUNK]), alone)
        return judged

    def _judge_chunk(self, reading: Reading, alone: bool) -> list[Judgement]:
        fast, weighed = self._fast, self.weigh(reading, alone=alone)
        chosen, doubted = weighed.chosen, weighed.doubted.tolist()
        reasons = fast.reasons(reading, chosen)
        for place, told in zip(doubted, weighed.tokens, strict=True):
            reasons[place] += self._own_reasons(reading.posts[place], told, chosen[place].tolist(), reasons[place])
        bar = fast.bar if alone else self._bar
        judged = fast.answer(reading, weighed.scores, chosen, weighed.expected, reasons, bar)
        for place in doubted:
            judged[place] = replace(judged[place], model=self.name)
        return judged

    def weigh(self, reading: Reading, *, alone: bool = False) -> Weighed:
        """What a chunk is judged by. `alone`: the fast model answers for all."""
        fast, scores = self._fast, reading.scores
        chosen, expected = fast.choose(scores)
        doubted = np.empty(0, np.int64) if alone else np.flatnonzero(self.doubts(reading))
        tokens: list[TokenSays] = []
        if doubted.size:
            said, tokens = self._encoder.read(*_fields([reading.posts[i] for i in doubted.tolist()]))
            scores = scores.copy()
            scores[doubted] = self._gate.blend * said + (1 - self._gate.blend) * scores[doubted]
            chosen[doubted], expected[doubted] = fast.choose(scores[doubted], self._gate.cuts)
        return Weighed(scores, chosen, expected, doubted, tokens)

    def _own_reasons(self, post: Post, said: TokenSays, chosen: Sequence[int], given: Sequence[Reason]) -> list[Reason]:
        """Phrases of the encoder for the answers for which no n-gram of the fast model speaks.

        Where one does it is the better reason for the encoder's answer too: without it that falls by more.
        """
        names, told = self._fast.names, {reason.answer for reason in given}
        heads = [place for place, column in enumerate(chosen) if names[column] not in told]
        parts = [self._fast.columns[HEADS[place]] for place in heads]
        return reasons_of(post, said, names, parts, [chosen[i] for i in heads], [PHRASES[i] for i in heads])

    def doubts(self, reading: Reading) -> NDArray[np.bool_]:
        """Which posts of a chunk the encoder is to read."""
        if self._mode == "transformer":
            return np.ones(len(reading.posts), np.bool_)
        return doubts(self._gate, reading.scores, [bool(found) for found in reading.found], self._fast.columns)


def doubts(gate: Gate, scores: Floats, harm: Sequence[bool], columns: dict[str, slice]) -> NDArray[np.bool_]:
    """Which posts the encoder is to read, from the fast model's scores (posts, labels) and whether each states harm."""
    best = [scores[:, columns[head]].max(axis=1) for head in SURE_OF]
    unsure = np.prod(best, axis=0) < gate.sure
    serious = scores[:, columns["severity"]][:, 2:].sum(axis=1)
    undecided = (serious > gate.grave[0]) & (serious < gate.grave[1])
    found: NDArray[np.bool_] = unsure | undecided | (np.array(harm, np.bool_) & (serious < gate.harm))
    return found


def _fields(posts: Sequence[Post]) -> tuple[list[str], list[str], list[str]]:
    return [post.title for post in posts], [post.text for post in posts], [post.kind for post in posts]
