"""The sides of `bench.judge` that use both cores, each in a process of its own: python -m bench._judge_sides NAME [--quick].

Each prints one JSON object as its last line.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench._judge_posts import CHARACTERS, LABELLED, ROOT, compose_alike, read_rows
from stream.messages import Post

BERT: dict[str, Any] = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}  # BERT-base
VOCABULARY = 21_128  # tokens of the Chinese BERT-base
MEASURES = ("topic_accuracy", "topic_macro_f1", "office_accuracy", "sentiment_macro_f1", "intent_accuracy")
MEASURES_OF_SEVERITY = ("severity_kappa", "grave_recall")

Figures = dict[str, Any]


def posts_of(count: int) -> list[Post]:
    """Posts of exactly 280 characters whose parts are about the same topic, as one person's post is."""
    return compose_alike(read_rows(LABELLED), count)


def median_rate(work: Callable[[Sequence[Post]], object], posts: Sequence[Post], rounds: int) -> float:
    """Posts per second of wall time, the first posts judged once before."""
    work(posts[:32])
    rates = []
    for _ in range(rounds):
        start = time.perf_counter()
        work(posts)
        rates.append(len(posts) / (time.perf_counter() - start))
    return statistics.median(rates)


def cascade(quick: bool) -> Figures:
    """The whole cascade at its shipped thresholds, reasons and facts included; and the share that the encoder read."""
    from classify.cascade import BOTH

    judge, posts = _pair("cascade"), posts_of(200 if quick else 2000)
    both = [BOTH in one.model for one in judge(posts)]
    short = [_as_post(row) for row in read_rows(LABELLED)[: len(posts)]]
    rounds = 1 if quick else 3
    return {
        "cascade_posts_per_s": round(median_rate(judge, posts, rounds)),
        "cascade_share_280": round(sum(both) / len(both), 3),
        "cascade_posts_per_s_as_written": round(median_rate(judge, short, rounds)),
        "cascade_share_as_written": round(sum(BOTH in one.model for one in judge(short)) / len(short), 3),
    }


def transformer(quick: bool) -> Figures:
    """The encoder reads every post."""
    rate = median_rate(_pair("transformer"), posts_of(64 if quick else 512), 1 if quick else 3)
    return {"transformer_posts_per_s": round(rate, 1)}


def _pair(mode: Any) -> Callable[[Sequence[Post]], Any]:
    from classify.cascade import Cascade, Gate
    from classify.encoder.serve import Encoder
    from classify.fast import SHIPPED, FastModel

    folder = SHIPPED / "encoder"
    return Cascade(FastModel.load(), Encoder.load(folder), Gate.load(folder), mode).judge


def _as_post(row: dict[str, Any]) -> Post:
    from classify.evaluate import to_post

    return to_post(row)


def bert(quick: bool) -> Figures:
    """transformers' text-classification pipeline with a BERT-base of random weights: one of the five heads, no reasons."""
    try:
        import torch
    except ImportError:
        return {"bert_posts_per_s": None, "bert_left_out": "torch is not installed: ./minsheng setup --train"}
    import transformers

    made: Any = transformers  # its classes are made on demand, without annotations
    posts = posts_of(8 if quick else 64)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = made.BertTokenizerFast(str(_vocabulary(Path(folder), posts)))
    model = made.BertForSequenceClassification(made.BertConfig(vocab_size=VOCABULARY, num_labels=20, **BERT)).eval()
    classify = made.pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
    lines = [f"{post.title}。{post.text}" for post in posts]

    def work(some: Sequence[Post]) -> None:
        with torch.inference_mode():
            ordered = sorted(lines[: len(some)], key=len)  # posts of like length together, so that little is padded
            classify(ordered, batch_size=8, truncation=True, max_length=512)

    work(posts[:2])
    start = time.perf_counter()
    work(posts)
    return {
        "bert_posts_per_s": round(len(posts) / (time.perf_counter() - start), 2),
        "bert_threads": torch.get_num_threads(),
    }


def _vocabulary(folder: Path, posts: Sequence[Post]) -> Path:
    chars = sorted({char for post in posts for char in f"{post.title}{post.text}。".lower() if not char.isspace()})
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *chars]
    path = folder / "vocab.txt"
    path.write_text("\n".join(words + [f"[unused{i}]" for i in range(VOCABULARY - len(words))]), encoding="utf-8")
    return path


def snownlp(quick: bool) -> Figures:
    """SnowNLP's sentiment, and nothing else; pure Python, so one core."""
    try:
        from snownlp import SnowNLP
    except ImportError:
        return {"snownlp_posts_per_s": None, "snownlp_left_out": "snownlp is not installed: ./minsheng setup --dev"}

    def work(some: Sequence[Post]) -> None:
        for post in some:
            SnowNLP(f"{post.title}{post.text}").sentiments  # noqa: B018

    return {"snownlp_posts_per_s": round(median_rate(work, posts_of(40 if quick else 200), 1), 1)}


def memory(quick: bool) -> Figures:
    """The most memory that `minsheng judge` held while it judged 2,000 posts, places and near copies included."""
    lines = [
        json.dumps({"id": post.id, "title": post.title, "text": post.text}, ensure_ascii=False)
        for post in posts_of(200 if quick else 2000)
    ]
    subprocess.run(
        [sys.executable, "-m", "app.cli", "judge"],
        input="\n".join(lines).encode(),
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        check=True,
    )
    return {"rss_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)}


def loss(data: Path) -> Figures:
    """By how much the cascade is worse than the encoder on every post: the worst measure of the worst development set."""
    import os

    from app.wire import open_house
    from classify.evaluate import evaluate

    house = open_house(os.environ)
    found = {mode: evaluate(house.judge(mode=mode), data) for mode in ("cascade", "transformer")}
    lost = {
        f"{name} {measure}": scores[measure] - found["cascade"][name][measure]
        for name, scores in found["transformer"].items()
        for measure in (*MEASURES, *MEASURES_OF_SEVERITY)
    }
    worst = max(lost, key=lambda one: lost[one])
    return {"dev_loss_cascade": round(lost[worst], 4), "dev_loss_where": worst}


SIDES: dict[str, Callable[[bool], Figures]] = {
    "cascade": cascade,
    "transformer": transformer,
    "bert": bert,
    "snownlp": snownlp,
    "memory": memory,
}


def main() -> None:
    name, *more = sys.argv[1:]
    found = loss(Path(more[0])) if name == "loss" else SIDES[name]("--quick" in more)
    print(json.dumps({**found, "characters": CHARACTERS} if name == "cascade" else found, ensure_ascii=False))


if __name__ == "__main__":
    main()
