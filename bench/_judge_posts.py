"""The posts that `bench.judge` has judged: put together from invented ones."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from stream.messages import Post

ROOT = Path(__file__).parent.parent
LABELLED = ROOT / "tests" / "fixtures" / "judge" / "written.jsonl.gz"
MORE = ROOT / "app" / "demo" / "noise.jsonl.gz"  # without office and severity: for the vocabulary and the posts
CHARACTERS = 280
DAY = datetime(2026, 11, 1, tzinfo=UTC)


def read_rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def compose(rows: Sequence[dict[str, Any]], count: int) -> list[Post]:
    """Posts of exactly CHARACTERS characters (title and text together), each of several invented ones."""
    draw = random.Random(280)
    return [_compose(number, partial(draw.choice, rows)) for number in range(count)]


def compose_alike(rows: Sequence[dict[str, Any]], count: int) -> list[Post]:
    """The same, each of several invented ones of one topic and office."""
    draw = random.Random(281)
    alike: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        alike[row["topic"], row["office"]].append(row)
    posts = []
    for number in range(count):
        first = draw.choice(rows)
        posts.append(_compose(number, partial(draw.choice, alike[first["topic"], first["office"]])))
    return posts


def _compose(number: int, another: Callable[[], dict[str, Any]]) -> Post:
    title, text = "", ""
    while len(title) + len(text) < CHARACTERS:
        row = another()
        title = title or row["title"]
        text += row["text"]
    return Post(f"bench-{number}", "bench", "message", title, text[: CHARACTERS - len(title)], DAY, DAY)
