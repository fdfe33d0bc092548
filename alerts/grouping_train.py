"""Fit the network of `grouping_match` on posts whose events are labelled.

    python -m alerts.grouping_train JUDGED.jsonl EVENTS.tsv     writes alerts/grouping_weights.json

JUDGED.jsonl holds one record of `posts.judged` a line, EVENTS.tsv the columns id and event (a header line is allowed).
The pairs are those that the grouping itself would compare, in the order of the file, unlabelled posts among them.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from alerts.grouping_features import load_background, read_grams
from alerts.grouping_match import WEIGHTS, Context, Network, context_of, inputs
from alerts.grouping_store import Store
from stream.messages import Judged, decode_judged

F64 = npt.NDArray[np.float64]

COMPARED = 16  # kept posts that each post is compared with
HIDDEN = 8
NETWORKS = 4  # fitted from different starts and averaged: one network of four times the width
STEPS = 800
DECAY = 3e-4
FORGOTTEN = 0.2  # share of pairs trained as if the topics were unknown
JOIN = 0.45


@dataclass(frozen=True, slots=True)
class Pairs:
    """`rows` (n, inputs); `same` (n,): whether the pair tells of one event; `weight` (n,): less in large events."""

    rows: F64
    same: F64
    weight: F64


def gather(judged: Sequence[Judged], events: Mapping[str, str]) -> Pairs:
    """All compared pairs of which both posts are labelled."""
    background = load_background()
    store, seen = Store(background), dict[int, tuple[str, Context]]()
    sizes = Counter(events.values())
    rows, same, weight = [], [], []
    for one, grams in zip(judged, read_grams(judged, background), strict=True):
        context, event = context_of(one, background), events.get(one.post.id, "")
        best = [row for row in store.search(grams, COMPARED) if event and seen[row][0]]
        if best:
            rows.append(inputs(store.compare(grams, best), context, [seen[row][1] for row in best]))
            same += [seen[row][0] == event for row in best]
            weight += [sizes[event] ** -0.5 if seen[row][0] == event else 1.0 for row in best]
        seen[store.add(grams)] = event, context
    return Pairs(np.concatenate(rows).astype(np.float64), np.array(same, dtype=np.float64), np.array(weight))


def vary(judged: Sequence[Judged], seed: int = 0) -> list[Judged]:
    """The same posts as they would stand on other sources: a third lose the title, a third of all are cut short."""
    rng = np.random.default_rng(seed)
    return [_vary(one, *rng.random(2)) for one in judged]


def _vary(judged: Judged, title: float, length: float) -> Judged:
    post = judged.post
    text = post.text[: 60 + int(400 * length)] if length < 1 / 3 else post.text
    if title < 1 / 3:
        text = f"{post.title}，{text}" if title < 1 / 6 else text
        post = replace(post, title="")
    return replace(judged, post=replace(post, text=text))


def mix(judged: Sequence[Judged], events: Mapping[str, str]) -> Pairs:
    """All pairs to learn from: of the posts as they are, and of varied posts."""
    plain, varied = gather(judged, events), gather(vary(judged), events)
    return Pairs(
        np.concatenate([plain.rows, varied.rows]),
        np.concatenate([plain.same, varied.same]),
        np.concatenate([plain.weight, varied.weight]),
    )


def fit(pairs: Pairs, seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    mean, spread = pairs.rows.mean(axis=0), pairs.rows.std(axis=0) + 1e-6
    rows = (pairs.rows - mean) / spread
    rows[rng.random(len(rows)) < FORGOTTEN, -2:] = -mean[-2:] / spread[-2:]
    parts = [_descend(rows, pairs, rng) for _ in range(NETWORKS)]
    hidden = np.concatenate([part[0] for part in parts], axis=1) / spread[:, None]
    bias = np.concatenate([part[1] for part in parts]) - mean @ hidden
    out = np.concatenate([part[2] for part in parts]) / NETWORKS
    shift = float(np.mean([part[3] for part in parts]))
    single = [array.astype(np.float32) for array in (hidden, bias, out)]
    return Network(single[0], single[1], single[2], shift, JOIN)


def save(network: Network, path: Path = WEIGHTS) -> None:
    stored = {
        "join": network.join,
        "shift": round(network.shift, 5),
        **{name: np.round(getattr(network, name).astype(float), 4).tolist() for name in ("hidden", "bias", "out")},
    }
    path.write_text(json.dumps(stored), "utf-8")


def _descend(rows: F64, pairs: Pairs, rng: np.random.Generator) -> tuple[F64, F64, F64, float]:
    """Adam on the weighted log-loss of all pairs at once; returns (hidden, bias, out, shift)."""
    wide = rows.shape[1] * HIDDEN
    values = rng.normal(0, 0.25, wide + 2 * HIDDEN + 1)
    first, second = np.zeros_like(values), np.zeros_like(values)
    for step in range(1, STEPS + 1):
        slope = _slope(values, rows, pairs)
        first += 0.1 * (slope - first)
        second += 0.001 * (slope**2 - second)
        rate = 0.02 * (1 - step / STEPS)
        values -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    hidden, bias, out = np.split(values[:-1], [wide, wide + HIDDEN])
    return hidden.reshape(-1, HIDDEN), bias, out, float(values[-1])


def _slope(values: F64, rows: F64, pairs: Pairs) -> F64:
    wide = rows.shape[1] * HIDDEN
    hidden, bias, out = np.split(values[:-1], [wide, wide + HIDDEN])
    inner = np.tanh(rows @ hidden.reshape(-1, HIDDEN) + bias)
    odds = inner @ out + values[-1]
    error = (1 / (1 + np.exp(-odds)) - pairs.same) * pairs.weight / pairs.weight.sum()
    back = error[:, None] * out * (1 - inner**2)
    slopes = [(rows.T @ back).ravel() + DECAY * hidden, back.sum(axis=0), inner.T @ error + DECAY * out, [error.sum()]]
    return np.concatenate(slopes)


def main(judged: str, events: str) -> None:
    lines = Path(judged).read_bytes().splitlines()
    table = [line.split("\t") for line in Path(events).read_text("utf-8").splitlines() if line.strip()]
    known = [decode_judged(line) for line in lines if line]
    labels = {row[0]: row[1] for row in table if row[0] != "id"}
    pairs = mix(known, labels)
    save(fit(pairs))
    print(f"{len(pairs.same)} pairs, {int(pairs.same.sum())} of one event")


if __name__ == "__main__":
    main(*sys.argv[1:])
