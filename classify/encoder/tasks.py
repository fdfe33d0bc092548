"""What the encoder learns from: posts with the labels of the five heads, and side tasks that only teach it to read."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify.features import Floats
from classify.labelled import Examples
from classify.pii import mask
from classify.train import targets
from classify.weights import HEADS

Labels = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class SideTask:
    """A labelled file of `data`/other: its label column, the kind of its posts, and how many rows of it each epoch sees."""

    name: str
    file: str
    column: str
    kind: str
    share: int


SIDE_TASKS = (
    SideTask("area7", "label7_train.csv", "label7", "message", 1000),
    SideTask("negative2", "osm2022_train.csv", "sentiment2", "comment", 1500),
)


@dataclass(frozen=True, slots=True)
class Lessons:
    """Posts with targets: `wanted` (posts, labels of all heads) are probabilities, `given` (posts, heads) which heads count.

    `share` is how many of them one epoch sees (None: all).
    """

    titles: Sequence[str]
    texts: Sequence[str]
    kinds: Sequence[str]
    wanted: Floats
    given: NDArray[np.bool_]
    share: int | None = None


def read_side_tasks(data: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Texts and labels of each side task whose file is there, personal numbers masked."""
    found = {}
    for task in SIDE_TASKS:
        path = data / "other" / task.file
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as lines:
                rows = list(csv.DictReader(lines))
            found[task.name] = ([mask(row["text"]) for row in rows], [row[task.column] for row in rows])
    return found


def labels_of(main: Labels, side: Mapping[str, tuple[Sequence[str], Sequence[str]]]) -> dict[str, list[str]]:
    """The labels of every head: those of the main heads as the fast model has them, then the side tasks'."""
    return {head: list(main[head]) for head in HEADS} | {name: sorted(set(said)) for name, (_, said) in side.items()}


def main_lessons(examples: Examples, labels: Labels) -> Lessons:
    """The labelled posts; a second topic has its share of the target."""
    said = targets(examples, {head: labels[head] for head in HEADS})
    wanted = np.zeros((len(examples), sum(map(len, labels.values()))), np.float32)
    wanted[:, : said.shape[1]] = said
    given = np.zeros((len(examples), len(labels)), np.bool_)
    given[:, : len(HEADS)] = True
    return Lessons(examples.titles, examples.texts, examples.kinds, wanted, given)


def side_lessons(name: str, texts: Sequence[str], said: Sequence[str], labels: Labels) -> Lessons:
    """The posts of one side task; only its own head counts."""
    task = next(one for one in SIDE_TASKS if one.name == name)
    place = list(labels).index(name)
    start = sum(len(keys) for keys in list(labels.values())[:place])
    wanted = np.zeros((len(texts), sum(map(len, labels.values()))), np.float32)
    wanted[np.arange(len(texts)), [start + labels[name].index(one) for one in said]] = 1
    given = np.zeros((len(texts), len(labels)), np.bool_)
    given[:, place] = True
    return Lessons([""] * len(texts), texts, [task.kind] * len(texts), wanted, given, task.share)
