"""How the encoder is run: batches side by side, answers in order, no work that grows with the square of a post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from classify.encoder.serve import BATCH_TOKENS, Encoder, EncoderMeta
from classify.features import Floats

META = EncoderMeta("encoder-test", "none", {"topic": ["a", "b"]}, {}, "", 160, 0)


class Coded:
    """A line's tokens, one for each character; `asked` counts how often a list of them was made."""

    def __init__(self, line: str) -> None:
        self._line = line
        self.asked = 0

    @property
    def ids(self) -> list[int]:
        self.asked += 1
        return [ord(char) for char in self._line]

    @property
    def offsets(self) -> list[tuple[int, int]]:
        self.asked += 1
        return [(i, i + 1) for i in range(len(self._line))]


class Tokenizer:
    def __init__(self) -> None:
        self.coded: list[Coded] = []

    def encode_batch(self, lines: Sequence[str]) -> list[Coded]:
        self.coded = [Coded(line) for line in lines]
        return self.coded


class Session:
    """Each token of 甲 speaks for the first label, every other one for the second."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, wanted: None, given: Mapping[str, Any]) -> list[Floats]:
        ids, mask = given["ids"], given["mask"]
        self.shapes.append(ids.shape)
        first = (ids == ord("甲")).astype(np.float32)
        each: Floats = np.stack([first, 1 - first], axis=2) * mask[:, :, None]
        return [each]


def encoder(threads: int = 2) -> tuple[Encoder, Session, Tokenizer]:
    session, tokenizer = Session(), Tokenizer()
    return Encoder(session, tokenizer, META, threads), session, tokenizer  # type: ignore[arg-type]


def test_answers_stand_in_the_order_of_the_posts_whatever_runs_side_by_side() -> None:
    one, session, _ = encoder()
    texts = [("甲" if i % 3 else "乙") * (1 + i * 7 % 50) for i in range(200)]
    scores, said = one.read([""] * 200, texts, [""] * 200)
    assert len(session.shapes) > 2
    assert (scores.argmax(axis=1) == [0 if i % 3 else 1 for i in range(200)]).all()
    assert [len(found.spans) for found in said] == [len(text) for text in texts]


def test_a_run_holds_no_more_tokens_than_it_may_unless_a_post_alone_does() -> None:
    one, session, _ = encoder()
    one.read([""] * 40, ["甲" * 100] * 40, [""] * 40)
    assert sum(posts for posts, _ in session.shapes) == 40
    assert all(posts * tokens <= BATCH_TOKENS for posts, tokens in session.shapes)


def test_the_tokens_of_a_post_are_listed_once_however_long_it_is() -> None:
    one, _, tokenizer = encoder()
    one.read([""], ["甲" * 150], [""])
    short = tokenizer.coded[0].asked
    one.read([""], ["甲乙" * 4], [""])
    assert short == tokenizer.coded[0].asked <= 4


def test_no_posts_get_no_answers() -> None:
    scores, said = encoder()[0].read([], [], [])
    assert (scores.shape, said) == ((0, 2), [])
