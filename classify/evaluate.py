"""Scoring answers against labelled posts, with the measures that the labels' guide defines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from classify.train import kappa
from stream.messages import Judged, Kind, Post

FILES = ("posts_dev.jsonl", "written_dev.jsonl")
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)  # the labelled files say no time, and no answer depends on it

Judge = Callable[[Sequence[Post]], Sequence[Judged]]


def evaluate(judge: Judge, data: Path) -> dict[str, dict[str, float]]:
    """Scores per labelled file of `data` (its labels/ folder, or itself).

    Raises FileNotFoundError (Chinese) if there is none.
    """
    return {path.stem: evaluate_file(judge, path) for path in find_sets(data)}


def find_sets(data: Path) -> list[Path]:
    """The development sets of `data` (its labels/ folder, or itself). Raises FileNotFoundError (Chinese) if there is none."""
    found = [path for name in FILES for path in (data / "labels" / name, data / name) if path.is_file()]
    if not found:
        raise FileNotFoundError(f"{data}: 没有 {' 或 '.join(FILES)}，请指明资料所在的文件夹")
    return found


def evaluate_file(judge: Judge, path: Path) -> dict[str, float]:
    """Topic, office and intent accuracy, macro-F1 of topic and sentiment (classes of five and more), severity kappa,
    and the recall of severity 3 and above. Where two annotators differed ("a|b") either is right."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    answers = [judged.judgement for judged in judge([to_post(row) for row in rows])]
    said = {
        "topic": [answer.topic for answer in answers],
        "office": [answer.office.key for answer in answers],
        "sentiment": [answer.sentiment.key for answer in answers],
        "intent": [answer.intent.key for answer in answers],
        "severity": [str(answer.severity) for answer in answers],
    }
    gold = {head: _settle([str(row[head]) for row in rows], keys) for head, keys in said.items()}
    levels, truth = np.array(said["severity"], int), np.array(gold["severity"], int)
    return {
        "posts": len(rows),
        "topic_accuracy": _accuracy(gold["topic"], said["topic"]),
        "topic_macro_f1": macro_f1(gold["topic"], said["topic"]),
        "office_accuracy": _accuracy(gold["office"], said["office"]),
        "sentiment_macro_f1": macro_f1(gold["sentiment"], said["sentiment"]),
        "intent_accuracy": _accuracy(gold["intent"], said["intent"]),
        "severity_kappa": round(kappa(truth, levels), 4),
        "grave_recall": _recall(truth >= 3, levels >= 3),
    }


def macro_f1(gold: Sequence[str], said: Sequence[str], least: int = 5) -> float:
    """The mean F1 of the classes that occur at least `least` times."""
    scores = []
    for key in sorted(set(gold)):
        if gold.count(key) >= least:
            hit = sum(g == s == key for g, s in zip(gold, said, strict=True))
            scores.append(2 * hit / (gold.count(key) + said.count(key)))
    return round(sum(scores) / len(scores), 4) if scores else 0.0


def to_post(row: dict[str, Any]) -> Post:
    """A row of a labelled file as a post."""
    source = str(row.get("source", ""))
    kind: Any = source if source in get_args(Kind) else "message"
    return Post(str(row["id"]), source or "labels", kind, row.get("title", ""), row["text"], _EPOCH, _EPOCH)


def _settle(gold: Sequence[str], said: Sequence[str]) -> list[str]:
    return [key if key in row.split("|") else row.split("|")[0] for row, key in zip(gold, said, strict=True)]


def _accuracy(gold: Sequence[str], said: Sequence[str]) -> float:
    return round(sum(g == s for g, s in zip(gold, said, strict=True)) / max(len(gold), 1), 4)


def _recall(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    return round(float((truth & said).sum() / max(int(truth.sum()), 1)), 4)
