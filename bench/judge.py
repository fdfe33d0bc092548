"""How fast posts are judged: the fast model beside scikit-learn's TF-IDF with linear SVMs, then both models beside others.

Run: python -m bench.judge [--quick] [--data DIR]. Posts of exactly 280 characters are put together from invented ones. First all
sides run on one core, five times in turn; the medians count.

fast_posts_per_s   the whole of `FastModel.judge`: topics with calibrated scores, office, sentiment, intent, severity
                   with facts and floor, and the phrases that speak for each answer
ratio_sklearn      the same outputs on both sides: the scores of all labels of the five heads (`FastModel.scores`) against
                   scikit-learn's TF-IDF (characters, 1 to 3, sublinear, 2^18 features at most) and five LinearSVC
ratio_whole        the whole of `judge`, reasons and facts included, against the same peer, which gives neither

The peer is fitted here on the same invented posts: its speed counts, not its answers.

Then, each in a process of its own and with all cores, posts whose parts are about one topic:

cascade_posts_per_s      the whole of `Cascade.judge` at the shipped thresholds; `_as_written` on single invented posts, and what
                         share of each the encoder read
transformer_posts_per_s  the encoder reads every post
bert_posts_per_s         transformers' text-classification with a BERT-base of random weights, in torch; left out without torch
snownlp_posts_per_s      the sentiment alone
ratio_bert               cascade to BERT
rss_mb                   the most memory of `minsheng judge` on 2,000 of these posts
dev_loss_cascade         with --data: by how much the cascade is worse than the encoder on every post, the worst measure of the worst
                         development set

--quick: few posts and one round, to see that it works; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # read when the libraries below are loaded

import numpy as np  # noqa: E402

from bench._judge_posts import CHARACTERS, LABELLED, MORE, ROOT, compose, read_rows  # noqa: E402
from classify.fast import FastModel  # noqa: E402
from classify.weights import HEADS  # noqa: E402
from stream.messages import Post  # noqa: E402

POSTS, ROUNDS, BATCH = 2000, 5, 512
SIDES = ("cascade", "transformer", "bert", "snownlp", "memory")


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


def one_core(posts: Sequence[Post], rounds: int) -> dict[str, Any]:
    """The fast model and its peer, in turn."""
    labelled, more = read_rows(LABELLED), read_rows(MORE)
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
    for turn in range(rounds):
        for name, work in sides.items():
            rates[name].append(rate(work, posts))
        print(f"round {turn + 1}:", ", ".join(f"{name} {found[-1]:,.0f} posts/s" for name, found in rates.items()))
    judge, plain, slow = (statistics.median(rates[name]) for name in sides)
    return {
        "fast_posts_per_s": round(judge),
        "scores_posts_per_s": round(plain),
        "sklearn_posts_per_s": round(slow),
        "ratio_sklearn": round(plain / slow, 1),
        "ratio_whole": round(judge / slow, 1),
    }


def other_side(name: str, *arguments: str) -> dict[str, Any]:
    """What a side says, run in a process of its own with as many threads as it likes."""
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    command = [sys.executable, "-m", "bench._judge_sides", name, *arguments]
    told = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True).stdout
    figures: dict[str, Any] = json.loads(told.strip().splitlines()[-1])
    print(f"{name}:", json.dumps(figures, ensure_ascii=False), flush=True)
    return figures


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--quick", action="store_true")
    ask.add_argument("--data", type=Path)
    asked = ask.parse_args()
    quick = ["--quick"] if asked.quick else []
    figures: dict[str, Any] = {}
    for name in SIDES:
        figures |= other_side(name, *quick)
    if asked.data:
        figures |= other_side("loss", str(asked.data.resolve()))
    pin_to_one_core()
    posts = compose([*read_rows(LABELLED), *read_rows(MORE)], BATCH if asked.quick else POSTS)
    figures |= one_core(posts, 1 if asked.quick else ROUNDS)
    bert, whole = figures["bert_posts_per_s"], figures["cascade_posts_per_s"]
    figures["ratio_bert"] = round(whole / bert, 1) if bert else None
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    shape = {"characters": CHARACTERS, "posts": len(posts), "machine": machine, "quick": asked.quick}
    print(json.dumps({**figures, **shape}, ensure_ascii=False))


if __name__ == "__main__":
    main()
