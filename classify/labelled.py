"""The labelled posts that models learn from: those of a data folder, those that come with the program, and `more`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classify.pii import mask
from classify.weights import HEADS

POSTS, INVENTED = "posts_train.jsonl", "written_train.jsonl"
OURS = Path(__file__).with_name("labels")  # invented posts, and labels of messages without their texts
REAL = 2.0  # how many invented posts a real one counts for: there are thrice as many invented ones, and real ones will come
MESSAGES, TEXTS, PREFIX = "messages.tsv", "留言_无标签.csv", "nolabel-"


@dataclass(frozen=True, slots=True)
class Examples:
    """Titles, texts, kinds and per head the label of each post; `second` is the second topic or "", `counts` is how much
    a post counts where heads of the fast model are fitted."""

    titles: list[str]
    texts: list[str]
    kinds: list[str]
    labels: dict[str, NDArray[np.str_]]
    second: list[str]
    counts: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.titles)


def read_all(data: Path, more: Sequence[Mapping[str, Any]] = ()) -> Examples:
    """The training files of `data` (its labels/ or itself), the invented posts of this program, the messages of
    `data`/hotline that are labelled here, and `more` rows of the same form.

    Raises FileNotFoundError or ValueError (Chinese, with file and line) if something cannot be read.
    """
    real = [*_rows(_find(data, POSTS)), *_messages(data), *more]
    invented = [_find(data, INVENTED), *sorted(OURS.glob("*.jsonl"))]
    return to_examples(real, [row for path in invented for row in _rows(path)])


def to_examples(real: Sequence[Mapping[str, Any]], invented: Sequence[Mapping[str, Any]] = ()) -> Examples:
    """Labelled posts (title, text, topic, topic2, office, sentiment, intent, severity); personal numbers masked."""
    rows = [*real, *invented]
    return Examples(
        titles=[mask(str(row.get("title", ""))) for row in rows],
        texts=[mask(str(row["text"])) for row in rows],
        kinds=[str(row.get("source", "")) for row in rows],
        labels={head: np.array([str(row[head]) for row in rows]) for head in HEADS},
        second=[str(row.get("topic2", "")).strip("-") for row in rows],
        counts=np.repeat(np.array([REAL, 1.0], np.float32), [len(real), len(invented)]),
    )


def _find(data: Path, name: str) -> Path:
    for path in (data / "labels" / name, data / name):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{data}: 没有 labels/{name}，请指明资料所在的文件夹")


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        row = json.loads(line)
        missing = [key for key in ("text", *HEADS) if key not in row]
        if missing:
            raise ValueError(f"{path}:{number}: 缺少字段 {', '.join(missing)}，请补上")
        yield row


def _messages(data: Path) -> list[dict[str, Any]]:
    """The messages that are labelled here, joined with their texts; none where the texts are not there."""
    texts = data / "hotline" / TEXTS
    if not texts.is_file():
        return []
    with texts.open(encoding="utf-8-sig", newline="") as lines:
        found = {f"{PREFIX}{row['留言编号']}": row for row in csv.DictReader(lines)}
    with (OURS / MESSAGES).open(encoding="utf-8", newline="") as lines:
        labels = list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"))
    return [
        {
            **row,
            "title": found[row["id"]]["留言主题"].strip(),
            "text": found[row["id"]]["留言详情"].strip(),
            "source": "message",
        }
        for row in labels
        if row["id"] in found
    ]
