"""Learning from teachers: the mean answers of trained encoders to posts that nobody labelled, and to those that somebody did.

That is how a small encoder comes near several large ones (Hinton et al. 2015).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from classify.compare import read_labelled
from classify.encoder.serve import Encoder
from classify.encoder.tasks import Labels, Lessons
from classify.features import Floats
from classify.pii import mask
from classify.weights import HEADS

TRUST = 0.5  # the teachers' part in the target of a post that has labels
SHARE = 20_000  # posts without labels that one epoch sees
CHUNK = 512


@dataclass(frozen=True, slots=True)
class Source:
    """A CSV file of `data` with texts; `title` is the column of the title, which is also read alone, or ""."""

    file: str
    text: str
    kind: str
    title: str = ""


SOURCES = (
    Source("hotline/留言_无标签.csv", "留言详情", "message", "留言主题"),
    Source("other/label7_train.csv", "text", "message"),
    Source("other/smp2020_train.csv", "text", "social"),
    Source("other/osm2022_train.csv", "text", "comment"),
    Source("other/covid_weibo7.csv", "text", "social"),
    Source("other/news_titles.csv", "text", "news"),
)
Fields = tuple[str, str, str]  # title, text, kind


def read_unlabelled(data: Path) -> list[Fields]:
    """The texts of the SOURCES that are there, each once, personal numbers masked; development posts are left out."""
    seen = {one.post.text.strip() for one in read_labelled(data)}
    found: list[Fields] = []
    for source in SOURCES:
        for title, text in _rows(data / source.file, source):
            if text and text not in seen:
                seen.add(text)
                found.append((mask(title), mask(text), source.kind))
            if title and title not in seen:
                seen.add(title)
                found.append(("", mask(title), ""))
    return found


def _rows(path: Path, source: Source) -> list[tuple[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return [
            (row[source.title].strip() if source.title else "", row[source.text].strip())
            for row in csv.DictReader(lines)
        ]


class Teachers:
    """Raises FileNotFoundError or ValueError (Chinese) when a folder holds no encoder, or one with other labels."""

    def __init__(self, folders: Sequence[Path], labels: Labels) -> None:
        wanted = {head: list(labels[head]) for head in HEADS}
        self._encoders = [Encoder.load(folder) for folder in folders]
        for folder, one in zip(folders, self._encoders, strict=True):
            if one.meta.labels != wanted:
                raise ValueError(f"{folder}: 它的标签与训练资料的不同，不能当老师，请先用同一份资料训练它")

    def say(self, fields: Sequence[Fields]) -> Floats:
        """Their mean probabilities (posts, labels of the five heads)."""
        parts = [self._mean(fields[start : start + CHUNK]) for start in range(0, len(fields), CHUNK)]
        return np.vstack(parts)

    def _mean(self, fields: Sequence[Fields]) -> Floats:
        titles, texts, kinds = zip(*fields, strict=True)
        mean: Floats = np.mean([one.read(titles, texts, kinds)[0] for one in self._encoders], axis=0, dtype=np.float32)
        return mean


def with_teachers(main: Lessons, teachers: Teachers) -> Lessons:
    """The labelled posts, whose targets are halfway between the labels and what the teachers say."""
    said = teachers.say(list(zip(main.titles, main.texts, main.kinds, strict=True)))
    wanted = main.wanted.copy()
    wanted[:, : said.shape[1]] = TRUST * said + (1 - TRUST) * wanted[:, : said.shape[1]]
    return replace(main, wanted=wanted)


def taught_lessons(fields: Sequence[Fields], teachers: Teachers, labels: Mapping[str, Sequence[str]]) -> Lessons:
    """Posts without labels, whose targets are what the teachers say."""
    said = teachers.say(fields)
    wanted = np.zeros((len(fields), sum(map(len, labels.values()))), np.float32)
    wanted[:, : said.shape[1]] = said
    given = np.zeros((len(fields), len(labels)), np.bool_)
    given[:, : len(HEADS)] = True
    titles, texts, kinds = zip(*fields, strict=True)
    return Lessons(titles, texts, kinds, wanted, given, SHARE)
