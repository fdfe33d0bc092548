"""The reasons are what the answers rest on: without their phrases an answer's score falls, by more than without as much other text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from classify.cascade import Cascade, Gate
from classify.encoder.serve import Encoder
from classify.fast import SHIPPED, FastModel
from classify.features import Floats
from stream.messages import Judgement, Post, Reason
from tests.classify.tiny import invented

NOW = datetime(2026, 11, 25, tzinfo=UTC)
FAST = FastModel.load()
DRAWS = 3
POSTS = [
    Post(row["id"], "t", row["source"], row["title"], row["text"], NOW, NOW)
    for row in invented(400)
    if 40 <= len(row["text"]) <= 160
][:60]
Score = Callable[[Sequence[Post]], Floats]
Spans = list[tuple[str, int, int]]


def without(post: Post, spans: Spans) -> Post:
    kept = {"title": list(post.title), "text": list(post.text)}
    for field, start, end in spans:
        kept[field][start:end] = [""] * (end - start)
    return replace(post, title="".join(kept["title"]), text="".join(kept["text"]))


def elsewhere(post: Post, spans: Spans, draw: np.random.Generator) -> Spans:
    """Spans of the same lengths at random places of the text that no other span takes."""
    free, found = np.ones(len(post.text), bool), []
    for _, start, end in sorted(spans, key=lambda span: span[1] - span[2]):
        places = [i for i in range(len(post.text) - (end - start) + 1) if free[i : i + end - start].all()]
        if places:
            at = int(draw.choice(places))
            free[at : at + end - start] = False
            found.append(("text", at, at + end - start))
    return found


def falls(score: Score, judged: Sequence[Judgement], head: str) -> tuple[float, float]:
    """By how much an answer's score falls, on average: without its reasons, and without as much random text."""
    draw, part = np.random.default_rng(0), FAST.columns[head]
    before = score(POSTS)[:, part]
    column = before.argmax(axis=1)
    answers = [f"{head}:{FAST.labels[head][i]}" for i in column.tolist()]
    spans = [spans_of(one.reasons, answer) for one, answer in zip(judged, answers, strict=True)]
    asked = [without(post, its) for post, its in zip(POSTS, spans, strict=True)]
    random = [
        without(post, elsewhere(post, its, draw)) for _ in range(DRAWS) for post, its in zip(POSTS, spans, strict=True)
    ]
    rows = np.arange(len(POSTS))
    first, told, other = before[rows, column], score(asked)[rows, column + part.start], score(random)[:, part]
    return float((first - told).mean()), float(
        (np.tile(first, DRAWS) - other[np.arange(len(other)), np.tile(column, DRAWS)]).mean()
    )


def spans_of(reasons: Sequence[Reason], answer: str) -> Spans:
    return [
        (one.field, one.start, one.end) for one in reasons if one.answer == answer and one.phrase and not one.source
    ]


def fast_score(posts: Sequence[Post]) -> Floats:
    return FAST.scores([one.title for one in posts], [one.text for one in posts], [one.kind for one in posts])


@pytest.mark.parametrize("head", ["topic", "office", "sentiment", "intent"])
def test_the_fast_models_reasons_carry_its_answers(head: str) -> None:
    told, random = falls(fast_score, FAST.judge(POSTS), head)
    assert told > 2 * random
    assert told > 0.03


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(SHIPPED / "encoder", threads=1)


@pytest.mark.parametrize("head", ["topic", "office"])
def test_the_encoders_reasons_carry_its_answers(encoder: Encoder, head: str) -> None:
    def score(posts: Sequence[Post]) -> Floats:
        return encoder.read([one.title for one in posts], [one.text for one in posts], [one.kind for one in posts])[0]

    alone = replace(Gate.load(SHIPPED / "encoder"), blend=1.0)
    told, random = falls(score, Cascade(FAST, encoder, alone, "transformer").judge(POSTS), head)
    assert told > 1.5 * random
    assert told > 0.05
