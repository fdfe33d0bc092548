"""How fast the fast model judges posts, beside scikit-learn's TF-IDF with linear SVMs.

Run: python -m bench.judge. Posts of exactly 280 characters are put together from invented ones. All sides run on one
core, five times in turn; the medians count.

fast_posts_per_s   the whole of `FastModel.judge`: topics with calibrated scores, office, sentiment, intent, severity
                   with facts and floor, and the phrases that speak for each answer
ratio_sklearn      the same outputs on both sides: the scores of all labels of the five heads (`FastModel.scores`) against
                   scikit-learn's TF-IDF (characters, 1 to 3, sublinear, 2^18 features at most) and five LinearSVC
ratio_whole        the whole of `judge`, reasons and facts included, against the same peer, which gives neither

The peer is fitted here on the same invented posts: its speed counts, not its answers.
"""

from __future__ import annotations

import gc
import gzip
import json
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # read when the libraries below are loaded

import numpy as np  # noqa: E402

from classify.fast import FastModel  # noqa: E402
from classify.weights import HEADS  # noqa: E402
from stream.messages import Post  # noqa: E402

ROOT = Path(__file__).parent.parent
LABELLED = ROOT / "tests" / "fixtures" / "judge" / "written.jsonl.gz"
MORE = ROOT / "app" / "demo" / "noise.jsonl.gz"  # without office and severity: for the vocabulary and the posts
CHARACTERS, POSTS, ROUNDS, BATCH = 280, 2000, 5, 512
DAY = datetime(2026, 11, 1, tzinfo=UTC)


def read_rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def compose(rows: Sequence[dict[str, Any]], count: int) -> list[Post]:
    """Posts of exactly CHARACTERS characters (title and text together), each of several invented ones."""
    draw = random.Random(280)
    posts = []
    for number in range(count):
        title, text = "", ""
        while len(title) + len(text) < CHARACTERS:
            row = draw.choice(rows)
            title = title or row["title"]
            text += row["text"]
        posts.append(Post(f"bench-{number}", "bench", "message", title, text[: CHARACTERS - len(title)], DAY, DAY))
    return posts


def build_peer(labelled: Sequence[dict[str, Any]], more: Sequence[dict[str, Any]]) -> Callable[[Sequence[Post]], None]:
    """scikit-learn's pipeline with the same outputs."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    texts = [f"{row['title']}\n{row['text']}" for row in (*labelled, *more)]
    reader = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 3), sublinear_tf=True, max_features=1 << 18, dtype=np.float32
    )
    features = reader.fit_transform(texts)[: len(labelled)]
    machines = [LinearSVC(tol=1e-2).fit(features, [str(row[head]) for row in labelled]) for head in HEADS]

    def judge(posts: Sequence[Post]) -> None:
        read = reader.transform([f"{post.title}\n{post.text}" for post in posts])
        for machine in machines:
            machine.decision_function(read)

    return judge


def rate(work: Callable[[Sequence[Post]], object], posts: Sequence[Post]) -> float:
    """Posts per second of wall time."""
    start = time.perf_counter()
    work(posts)
    return len(posts) / (time.perf_counter() - start)


def pin_to_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main() -> None:
    pin_to_one_core()
    labelled, more = read_rows(LABELLED), read_rows(MORE)
    posts = compose([*labelled, *more], POSTS)
    model, peer = FastModel.load(), build_peer(labelled, more)

    def scores(some: Sequence[Post]) -> None:
        for start in range(0, len(some), BATCH):
            part = some[start : start + BATCH]
            model.scores([post.title for post in part], [post.text for post in part])

    sides: dict[str, Callable[[Sequence[Post]], object]] = {"judge": model.judge, "scores": scores, "sklearn": peer}
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for work in sides.values():
        work(posts[:BATCH])
    gc.collect()
    gc.freeze()  # what the benchmark itself holds (posts, the peer's vocabulary) is nobody's garbage
    for turn in range(ROUNDS):
        for name, work in sides.items():
            rates[name].append(rate(work, posts))
        print(f"round {turn + 1}:", ", ".join(f"{name} {found[-1]:,.0f} posts/s" for name, found in rates.items()))
    judge, plain, slow = (statistics.median(rates[name]) for name in sides)
    figures = {
        "fast_posts_per_s": round(judge),
        "scores_posts_per_s": round(plain),
        "sklearn_posts_per_s": round(slow),
        "ratio_sklearn": round(plain / slow, 1),
        "ratio_whole": round(judge / slow, 1),
    }
    machine = f"{platform.machine()}, {os.cpu_count()} cores, one used, Python {platform.python_version()}"
    print(json.dumps({**figures, "characters": CHARACTERS, "posts": POSTS, "rounds": ROUNDS, "machine": machine}))


if __name__ == "__main__":
    main()
