"""What a plain linear model on our features reaches on three labelled sets that are not ours.

Run: python -m bench.other_sets --data DIR. Each set is learned from its own training file; nothing of it is shipped. Macro-F1 of:

label7   messages by 7 official areas; the segmented file is learned from too, without the rows that are a development message
smp2020  six emotions of weibo posts
osm2022  whether a comment is negative; the file has no development part, so every fifth row is held back, and of the rest those that
         repeat a held-back one are left out
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import diags_array

from classify.evaluate import macro_f1
from classify.labelled import Examples
from classify.pii import mask
from classify.train import choose_buckets, featurise, log_count_ratio

COPY = 0.8  # of a segmented row's pairs of characters so many stand in one development message: it is that message
Pair = tuple[list[str], list[str]]  # texts and labels


def read(path: Path, text: str, label: str) -> Pair:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [mask(row[text]) for row in rows], [row[label] for row in rows]


def examples(texts: Sequence[str]) -> Examples:
    return Examples(
        [""] * len(texts), list(texts), [""] * len(texts), {}, [""] * len(texts), np.ones(len(texts), np.float32)
    )


def answers(learn: Pair, ask: Sequence[str]) -> list[str]:
    """One label against the rest: a plain SVM and one on features scaled by their log-count ratio, summed."""
    from sklearn.svm import LinearSVC

    buckets, idf = choose_buckets(examples(learn[0]))
    seen, asked = (featurise(examples(part), buckets, idf) for part in (learn[0], ask))
    keys, truth = sorted(set(learn[1])), np.array(learn[1])
    columns = []
    for key in keys:
        chosen = truth == key
        ratio = log_count_ratio(seen, chosen)
        plain = LinearSVC(C=1.0, tol=1e-2, random_state=0).fit(seen, chosen)
        bayes = LinearSVC(C=0.3, tol=1e-2, random_state=0).fit(seen @ diags_array(ratio), chosen)
        columns.append(plain.decision_function(asked) + bayes.decision_function(asked @ diags_array(ratio)))
    return [keys[i] for i in np.stack(columns, axis=1).argmax(axis=1).tolist()]


def pairs(words: Iterable[str]) -> set[str]:
    """The pairs of neighbouring characters within words."""
    return {word[i : i + 2] for word in words for i in range(len(word) - 1)}


def unseen(segmented: Pair, dev: Sequence[str]) -> Pair:
    """The segmented rows that are none of the development messages."""
    known: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(dev):
        for pair in pairs([text]):
            known[pair].append(place)
    kept = []
    for place, text in enumerate(segmented[0]):
        its = pairs(text.split())
        shared = Counter(message for pair in its for message in known[pair])
        if max(shared.values(), default=0) < COPY * max(len(its), 1):
            kept.append(place)
    return [segmented[0][i].replace(" ", "") for i in kept], [segmented[1][i] for i in kept]


def label7(other: Path) -> dict[str, Any]:
    learn, dev = read(other / "label7_train.csv", "text", "label7"), read(other / "label7_dev.csv", "text", "label7")
    more = read(other / "label7_segmented_train.csv", "tokens", "label7")
    kept = unseen(more, dev[0])
    both = (learn[0] + kept[0], learn[1] + kept[1])
    return {
        "label7_macro_f1": macro_f1(dev[1], answers(both, dev[0]), 1),
        "label7_macro_f1_without_segmented": macro_f1(dev[1], answers(learn, dev[0]), 1),
        "label7_segmented_left_out": len(more[0]) - len(kept[0]),
    }


def smp2020(other: Path) -> dict[str, Any]:
    learn, dev = (
        read(other / "smp2020_train.csv", "text", "emotion"),
        read(other / "smp2020_dev.csv", "text", "emotion"),
    )
    return {"smp2020_macro_f1": macro_f1(dev[1], answers(learn, dev[0]), 1)}


def osm2022(other: Path) -> dict[str, Any]:
    texts, labels = read(other / "osm2022_train.csv", "text", "sentiment2")
    held = set(texts[::5])
    kept = [i for i in range(len(texts)) if i % 5 and texts[i] not in held]
    said = answers(([texts[i] for i in kept], [labels[i] for i in kept]), texts[::5])
    return {"osm2022_macro_f1": macro_f1(labels[::5], said, 1)}


SETS: tuple[Callable[[Path], dict[str, Any]], ...] = (label7, osm2022, smp2020)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path, required=True)
    other = ask.parse_args().data / "other"
    figures: dict[str, Any] = {}
    for one in SETS:
        figures |= one(other)
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
