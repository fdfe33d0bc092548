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
from alerts.grouping_match import THINGS_DIFFER, WEIGHTS, Network, context_of, inputs
from alerts.grouping_store import Chunk, Store
from alerts.grouping_store import Pairs as Compared
from stream.messages import Judged, decode_judged

F64 = npt.NDArray[np.float64]

CHUNK = 128  # posts compared at once, as in `events`
COMPARED = 16  # kept posts that each post is compared with
HIDDEN = 8
NETWORKS = 4  # fitted from different starts and averaged: one network of four times the width
STEPS = 800
DECAY = 3e-4
FORGOTTEN = 0.2  # share of pairs trained as if the topics were unknown
JOIN = 0.4


@dataclass(frozen=True, slots=True)
class Pairs:
    """`rows` (n, inputs); `same` (n,): whether the pair tells of one event; `weight` (n,): less in large events."""

    rows: F64
    same: F64
    weight: F64


def gather(judged: Sequence[Judged], events: Mapping[str, str]) -> Pairs:
    """All compared pairs of which both posts are labelled."""
    background = load_background()
    store, seen = (
        Store(background),
        dict[int, int](),
    )  # row -> index of the post; rows of the chunk at hand as in `Pairs`
    contexts = [context_of(one, background) for one in judged]
    labels = [events.get(one.post.id, "") for one in judged]
    rows, pairs = [], list[tuple[int, int]]()
    for start in range(0, len(judged), CHUNK):
        new = Chunk(read_grams(judged[start : start + CHUNK], background))
        indices = range(start, start + len(new))
        seen.update((~at, index) for at, index in enumerate(indices))
        found = store.search(new, COMPARED)
        both = [(start + new, seen[old]) for new, old in zip(found.new.tolist(), found.old.tolist(), strict=True)]
        known = [bool(labels[new] and labels[old]) for new, old in both]
        compared = store.compare(new, Compared(found.new[known], found.old[known], found.shared[known]))
        both = [one for one, it_is in zip(both, known, strict=True) if it_is]
        rows.append(inputs(compared, [(contexts[new], contexts[old]) for new, old in both])[0][:, :THINGS_DIFFER])
        pairs += both
        seen.update(zip(store.add(new.grams, indices), indices, strict=True))
    same = np.array([labels[new] == labels[old] for new, old in pairs])
    return Pairs(np.concatenate(rows).astype(np.float64), same.astype(np.float64), _weights(pairs, labels, same))


def _weights(pairs: Sequence[tuple[int, int]], labels: Sequence[str], same: npt.NDArray[np.bool_]) -> F64:
    sizes = Counter(label for label in labels if label)
    return np.array([sizes[labels[new]] ** -0.5 if one else 1.0 for (new, _), one in zip(pairs, same, strict=True)])


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
