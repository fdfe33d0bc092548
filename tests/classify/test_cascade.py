"""Which posts the encoder reads, and how its answers and the fast model's become one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from classify.cascade import GATE, SURE_OF, Cascade, Gate, Mode, doubts
from classify.encoder.serve import EncoderMeta, TokenSays
from classify.encoder.text import read_line
from classify.fast import FastModel
from classify.features import Floats
from stream.messages import Post

DAY = datetime(2026, 11, 1, tzinfo=UTC)
NEVER = Gate(sure=0.0, grave=(1.0, 1.0), harm=1.1, blend=1.0, cuts=(1.5, 2.5, 3.5), review=0.4)
FAST = FastModel.load()


class Sayer:
    """An encoder that is sure of one label of each head, whatever it reads, and notes what that was."""

    def __init__(self, **sure_of: str) -> None:
        self.meta = EncoderMeta("encoder-test", "none", dict(FAST.labels), {}, "", 64, 0)
        self.read_texts: list[str] = []
        self._sure_of = sure_of

    def read(self, titles: Sequence[str], texts: Sequence[str], kinds: Sequence[str]) -> tuple[Floats, list[TokenSays]]:
        self.read_texts += texts
        row = np.full(sum(map(len, FAST.labels.values())), 0.01, np.float32)
        for head, label in self._sure_of.items():
            row[FAST.columns[head].start + FAST.labels[head].index(label)] = 0.9
        lines = [read_line(*one, "") for one in zip(titles, texts, kinds, strict=True)]
        said = [
            TokenSays(
                line, [(i, i + 1) for i in range(len(line.text))], np.tile(row / len(line.text), (len(line.text), 1))
            )
            for line in lines
        ]
        return np.tile(row, (len(texts), 1)), said


def post(text: str, number: int = 0) -> Post:
    return Post(f"p{number}", "test", "message", "", text, DAY, DAY)


SURE = post("工地拖欠农民工工资三个月，老板一直不给钱，我们要讨薪", 1)
UNSURE = post("同问，怎么还没动静", 2)
HARM = post("昨天脚手架倒了，两人死亡，五人受伤", 3)


def cascade(sayer: Sayer, gate: Gate, mode: Mode = "cascade", busy: bool = False) -> Cascade:
    return Cascade(FAST, sayer, gate, mode, lambda: busy)  # type: ignore[arg-type]


def test_the_encoder_reads_what_the_fast_model_is_unsure_of() -> None:
    sayer = Sayer(topic="culture")
    assert sureness(UNSURE) + 0.01 < sureness(SURE)
    judged = cascade(sayer, replace(NEVER, sure=sureness(UNSURE) + 0.01)).judge([SURE, UNSURE])
    assert sayer.read_texts == [UNSURE.text]
    assert [one.topic for one in judged] == ["wages", "culture"]
    assert [one.model for one in judged] == [FAST.name, f"encoder-test+{FAST.name}"]


def sureness(one: Post) -> float:
    found = FAST.scores([""], [one.text], [one.kind])[0]
    return float(np.prod([found[FAST.columns[head]].max() for head in SURE_OF]))


def test_the_encoder_reads_what_states_harm_however_sure_the_fast_model_is() -> None:
    sayer = Sayer(topic="safety")
    cascade(sayer, NEVER).judge([SURE, HARM])
    assert sayer.read_texts == [HARM.text]


def sure_but_of_severity(*grave: float) -> Floats:
    """Scores of posts of which the fast model is sure, with these probabilities of severity 3."""
    rows = np.zeros((len(grave), sum(map(len, FAST.labels.values()))), np.float32)
    for head in SURE_OF:
        rows[:, FAST.columns[head].start] = 1.0
    rows[:, FAST.columns["severity"].start + 2] = grave
    return rows


def test_the_encoder_reads_what_may_be_grave() -> None:
    rows = sure_but_of_severity(0.05, 0.5, 0.95)
    assert doubts(replace(NEVER, grave=(0.1, 0.9)), rows, [False] * 3, FAST.columns).tolist() == [False, True, False]


def test_where_harm_is_stated_the_encoder_reads_what_is_not_yet_known_to_be_grave() -> None:
    rows = sure_but_of_severity(0.05, 0.9, 0.97)
    assert doubts(replace(NEVER, harm=0.95), rows, [True] * 3, FAST.columns).tolist() == [True, True, False]


def test_under_load_the_fast_model_answers_alone_and_says_so() -> None:
    sayer = Sayer(topic="culture")
    judged = cascade(sayer, replace(NEVER, sure=1.1), busy=True).judge([SURE, UNSURE])
    assert sayer.read_texts == []
    assert {one.model for one in judged} == {FAST.name}
    assert judged == FAST.judge([SURE, UNSURE])


def test_as_transformer_it_reads_everything() -> None:
    sayer = Sayer(topic="culture")
    judged = cascade(sayer, NEVER, "transformer").judge([SURE, UNSURE])
    assert [one.topic for one in judged] == ["culture", "culture"]
    assert sayer.read_texts == [SURE.text, UNSURE.text]


def test_both_models_probabilities_are_averaged() -> None:
    half = replace(NEVER, blend=0.5)
    (judged,) = cascade(Sayer(topic="wages"), half, "transformer").judge([SURE])
    fast = FAST.judge([SURE])[0].topics[0].score
    assert judged.topic == "wages"
    assert judged.topics[0].score == pytest.approx(0.5 * 0.9 + 0.5 * fast, abs=1e-3)


def test_a_floor_read_from_the_text_holds_whatever_the_encoder_says() -> None:
    (judged,) = cascade(Sayer(topic="safety", office="yingji", sentiment="neg", severity="1"), NEVER).judge([HARM])
    assert judged.severity == 4
    assert any(reason.answer == "severity:4" and reason.source for reason in judged.reasons)


def test_a_doubtful_answer_of_both_goes_to_a_person() -> None:
    certain, doubtful = (
        cascade(Sayer(topic="culture"), replace(NEVER, review=review), "transformer").judge([UNSURE])[0]
        for review in (0.5, 0.95)
    )
    assert (certain.needs_human, doubtful.needs_human) == (False, True)


def test_every_answer_has_a_reason_and_every_phrase_stands_where_it_says() -> None:
    (judged,) = cascade(Sayer(topic="wages", office="renshe"), NEVER, "transformer").judge([SURE])
    told = {reason.answer for reason in judged.reasons}
    assert {f"topic:{judged.topic}", f"office:{judged.office.key}", f"intent:{judged.intent.key}"} <= told
    for reason in judged.reasons:
        assert reason.phrase == (SURE.title if reason.field == "title" else SURE.text)[reason.start : reason.end]


def test_a_gate_is_kept_and_read_again(tmp_path: Path) -> None:
    gate = Gate(0.4, (0.2, 0.8), 0.9, 0.6, (1.4, 2.5, 3.4), 0.45)
    gate.save(tmp_path)
    assert Gate.load(tmp_path) == gate


def test_a_gate_that_is_missing_or_of_another_form_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=GATE):
        Gate.load(tmp_path)
    (tmp_path / GATE).write_text(json.dumps({"format": 99}), encoding="utf-8")
    with pytest.raises(ValueError, match="format = 99"):
        Gate.load(tmp_path)
