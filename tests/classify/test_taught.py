"""What an encoder learns from teachers: their mean answers, on posts with labels and on texts without."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classify.encoder import taught
from classify.encoder.tasks import labels_of, main_lessons
from classify.encoder.taught import Teachers, read_unlabelled, taught_lessons, with_teachers
from classify.fast import FastModel
from classify.labelled import to_examples
from classify.weights import HEADS
from tests.classify.tiny import invented, make_data

LABELS = labels_of(FastModel.load().labels, {})
WIDE = sum(map(len, LABELS.values()))


class Teacher:
    """Gives `share` to every first label, the rest to the second."""

    def __init__(self, share: float, labels: Any = LABELS) -> None:
        self.meta = type("Meta", (), {"labels": labels})
        self.share = share

    def read(self, titles: Sequence[str], texts: Sequence[str], kinds: Sequence[str]) -> tuple[Any, None]:
        scores, start = np.zeros((len(texts), WIDE), np.float32), 0
        for keys in LABELS.values():
            scores[:, start], scores[:, start + 1] = self.share, 1 - self.share
            start += len(keys)
        return scores, None


def teachers(monkeypatch: pytest.MonkeyPatch, *given: Teacher) -> Teachers:
    found = iter(given)
    monkeypatch.setattr(taught.Encoder, "load", lambda folder: next(found))
    return Teachers([Path("老师")] * len(given), LABELS)


def test_texts_without_labels_learn_the_mean_of_the_teachers(monkeypatch: pytest.MonkeyPatch) -> None:
    both = teachers(monkeypatch, Teacher(0.9), Teacher(0.5))
    lessons = taught_lessons([("", "路灯坏了", "comment"), ("题", "文", "")], both, LABELS)
    assert lessons.wanted[:, :2].tolist() == pytest.approx(np.array([[0.7, 0.3]] * 2))
    assert lessons.given.all()
    assert list(lessons.kinds) == ["comment", ""]


def test_labelled_posts_learn_halfway_between_label_and_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    examples = to_examples(invented(20))
    main = main_lessons(examples, LABELS)
    lessons = with_teachers(main, teachers(monkeypatch, Teacher(1.0)))
    assert lessons.wanted[:, 1 : len(LABELS["topic"])] == pytest.approx(main.wanted[:, 1 : len(LABELS["topic"])] / 2)
    assert lessons.wanted[:, 0] == pytest.approx(main.wanted[:, 0] / 2 + 0.5)
    assert len(HEADS) == lessons.given.shape[1]


def test_a_teacher_with_other_labels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="老师: 它的标签与训练资料的不同"):
        teachers(monkeypatch, Teacher(1.0, {"topic": ["a"]}))


def test_texts_are_read_once_masked_and_never_a_development_post(tmp_path: Path) -> None:
    data = make_data(tmp_path, learn=20, score=10)
    dev = invented(30)[-1]["text"]
    for folder in ("hotline", "other"):
        (data / folder).mkdir()
    (data / "hotline" / "留言_无标签.csv").write_text(
        "﻿留言编号,留言主题,留言详情\n1,路灯坏了,请打13812345678找我\n2,路灯坏了,又坏了\n", encoding="utf-8"
    )
    (data / "other" / "osm2022_train.csv").write_text(f'text,sentiment2\n又坏了,neg\n"{dev}",neg\n', encoding="utf-8")
    found = read_unlabelled(data)
    assert [(title, kind) for title, _, kind in found] == [("路灯坏了", "message"), ("", ""), ("路灯坏了", "message")]
    assert "13812345678" not in found[0][1]
    assert found[1][1] == "路灯坏了"
    assert read_unlabelled(make_data(tmp_path / "bare", learn=20, score=10)) == []
