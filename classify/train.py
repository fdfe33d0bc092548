"""Training the fast model: `train(data, folder)` reads the labelled posts and writes weights and their settings.

Base heads are one-against-rest linear SVMs (squared hinge) over the hashed n-grams. A small softmax layer, fitted on their
held-out values, calibrates them and lets the heads help each other. Near copies never fall on both sides of a fold.
scikit-learn is needed here and nowhere else in the product.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags_array, vstack
from scipy.sparse.csgraph import connected_components

from classify.fast import log_softmax, one_hot
from classify.features import SIZES, Floats, matrix, normalise, read_batch, rows_of
from classify.human import costs_of, table_of
from classify.labelled import Examples, read_all
from classify.weights import HEADS, Meta, Weights, quantise, save_weights

BITS = 20
LEAST_POSTS = (2, 2, 5)  # a bucket of n-grams of each size must stand in so many posts to carry weight
SIZE_WEIGHTS = (0.7, 1.0, 0.5)
PENALTIES = {"office": 2.0}  # the SVM's C, else 1
BAYES_PENALTY = 0.3
FOLDS = 5
REVIEW = 0.4  # below this score about half of the topics are wrong (held-out folds)
SECOND_TOPIC = 0.15  # the share of a post's second topic in the softmax layer's target
_COPY = 0.4  # Jaccard similarity of 3-grams from which two posts are kept in one fold

Progress = Callable[[str], None]


def train(
    data: Path,
    folder: Path,
    seed: int = 0,
    say: Progress = lambda line: None,
    more: Sequence[Mapping[str, Any]] = (),
) -> Weights:
    """Train on what `classify.labelled.read_all` finds and write the model to `folder`; about five minutes on one core.

    `more`: further labelled posts, as rows of those files: what staff corrected.

    Raises FileNotFoundError or ValueError (Chinese, with file and line) if the data cannot be read.
    """
    examples = read_all(data, more)
    say(f"读入 {len(examples)} 条")
    labels = {head: sorted(set(examples.labels[head].tolist())) for head in HEADS}
    buckets, idf = choose_buckets(examples)
    features = featurise(examples, buckets, idf)
    say(f"{len(buckets)} 个字词特征")
    folds = split(examples, seed)
    held_out = _cross_fit(features, examples, labels, folds, say)
    table, bias = _fit_base(features, examples, labels)
    kinds = sorted(set(examples.kinds) - {"", "message"})  # a message is what a post without a kind is taken for
    known = np.hstack((held_out, one_hot(examples.kinds, kinds, len(examples))))
    blind = np.hstack((held_out, one_hot((), kinds, len(examples))))  # so that it also works without the kind
    wanted = targets(examples, labels)
    mix, mix_bias = fit_mix(np.vstack((known, blind)), np.vstack((wanted, wanted)), labels)
    logits = _cross_mix(known, blind, wanted, labels, folds)
    cuts = _fit_cuts(logits, examples, labels)
    say(_held_out_figures(logits, examples, labels, cuts))
    int8, scale = quantise(table)
    name = f"fast-{_fingerprint(int8, mix)}"
    costs = table_of(_costs(logits, labels, cuts))
    meta = Meta(name, BITS, labels, kinds, cuts, review=REVIEW, costs=costs)
    weights = Weights(buckets, idf, int8, scale, bias, mix, mix_bias, meta)
    save_weights(weights, folder)
    say(f"模型 {name} 已写入 {folder}")
    return weights


def choose_buckets(examples: Examples) -> tuple[NDArray[np.uint32], Floats]:
    """The buckets that stand in enough posts, ascending, and their idf times the weight of their size."""
    every = np.arange(1 << BITS, dtype=np.int32)
    found = np.zeros(1 << BITS, np.int64)
    factor = np.zeros(1 << BITS, np.float32)
    kept = np.zeros(1 << BITS, np.bool_)
    for size, least, weight in zip(SIZES, LEAST_POSTS, SIZE_WEIGHTS, strict=True):
        counted = np.zeros(1 << BITS, np.int64)
        for start in range(0, len(examples), 1000):
            batch = read_batch(examples.titles[start : start + 1000], examples.texts[start : start + 1000])
            counted += np.diff(matrix(batch, [rows_of(batch, every, BITS)[size - 1]], 1 << BITS).indptr)
        factor[(counted >= least) & (counted > found)] = weight  # shared by several sizes: the most frequent decides
        kept |= counted >= least
        found = np.maximum(found, counted)
    buckets = np.flatnonzero(kept).astype(np.uint32)
    idf = np.log((1 + len(examples)) / (1 + found[buckets])) + 1
    return buckets, (idf * factor[buckets]).astype(np.float32)


def featurise(examples: Examples, buckets: NDArray[np.uint32], idf: Floats) -> csr_matrix[np.float32]:
    """The features of all examples, shape (posts, buckets)."""
    lookup = np.full(1 << BITS, -1, np.int32)
    lookup[buckets] = np.arange(len(buckets), dtype=np.int32)
    parts = []
    for start in range(0, len(examples), 1000):
        batch = read_batch(examples.titles[start : start + 1000], examples.texts[start : start + 1000])
        parts.append(normalise(matrix(batch, rows_of(batch, lookup, BITS), len(buckets)), idf).tocsr())
    return csr_matrix(vstack(parts, format="csr"))


def split(examples: Examples, seed: int) -> NDArray[np.int64]:
    """A fold for each post; near copies (3-gram Jaccard above _COPY) share theirs."""
    every = np.arange(1 << BITS, dtype=np.int32)
    batch_rows = []
    for start in range(0, len(examples), 1000):
        batch = read_batch(examples.titles[start : start + 1000], examples.texts[start : start + 1000])
        batch_rows.append(matrix(batch, [rows_of(batch, every, BITS)[2]], 1 << BITS).tocsr())
    grams = csr_matrix(vstack(batch_rows, format="csr"))
    grams.data[:] = 1
    sizes = np.diff(grams.indptr)
    shared = (grams @ grams.T).tocoo()
    either = sizes[shared.row] + sizes[shared.col] - shared.data
    near = shared.data > _COPY * either
    links = csr_matrix((np.ones(near.sum()), (shared.row[near], shared.col[near])), shape=shared.shape)
    count, group = connected_components(links, directed=False)
    return np.random.default_rng(seed).integers(0, FOLDS, count)[group]


def _fit_base(
    features: csr_matrix[np.float32],
    examples: Examples,
    labels: Mapping[str, list[str]],
    rows: NDArray[np.int64] | None = None,
) -> tuple[Floats, Floats]:
    """Weights (buckets, labels) and bias (labels,) of all heads, from all posts or from `rows`.

    A label that none of them has keeps a weight of nought and a low bias.
    """
    rows = np.arange(len(examples)) if rows is None else rows
    part = csr_matrix(features[rows])
    tables, biases = [], []
    for head in HEADS:
        table = np.zeros((features.shape[1], len(labels[head])), np.float32)
        bias = np.full(len(labels[head]), -2.0, np.float32)
        truth = examples.labels[head][rows]
        for place, label in enumerate(labels[head]):
            chosen = truth == label
            if chosen.any() and not chosen.all():
                table[:, place], bias[place] = _fit_label(part, chosen, examples.counts[rows], PENALTIES.get(head, 1.0))
        tables.append(table)
        biases.append(bias)
    return np.hstack(tables), np.concatenate(biases)


def _fit_label(
    features: csr_matrix[np.float32], chosen: NDArray[np.bool_], counts: Floats, penalty: float
) -> tuple[Floats, float]:
    """One label against the rest: the sum of a plain SVM and one on features scaled by their naive Bayes log-count ratio
    (Wang and Manning 2012). Both are linear in the same features, so the sum costs nothing when posts are judged."""
    from sklearn.svm import LinearSVC

    ratio = log_count_ratio(features, chosen, counts)
    scaled = features @ diags_array(ratio)
    plain = LinearSVC(C=penalty, random_state=0, tol=1e-2).fit(features, chosen, sample_weight=counts)
    bayes = LinearSVC(C=BAYES_PENALTY, random_state=0, tol=1e-2).fit(scaled, chosen, sample_weight=counts)
    weights = plain.coef_[0] + ratio * bayes.coef_[0]
    return weights.astype(np.float32), float(plain.intercept_[0] + bayes.intercept_[0])


def log_count_ratio(
    features: csr_matrix[np.float32], chosen: NDArray[np.bool_], counts: Floats | float = 1.0
) -> Floats:
    """ln of how much more often each feature stands in the chosen posts than in the others, add-one smoothed."""
    stands = csr_matrix((np.ones_like(features.data), features.indices, features.indptr), shape=features.shape)
    inside = 1 + np.asarray((chosen * np.float32(counts)) @ stands)
    outside = 1 + np.asarray((~chosen * np.float32(counts)) @ stands)
    ratio: Floats = np.log((inside / inside.sum()) / (outside / outside.sum())).astype(np.float32)
    return ratio


def _cross_fit(
    features: csr_matrix[np.float32],
    examples: Examples,
    labels: Mapping[str, list[str]],
    folds: NDArray[np.int64],
    say: Progress,
) -> Floats:
    """Base logits of every post from machines that never saw it or a near copy of it."""
    held = np.zeros((len(examples), sum(map(len, labels.values()))), np.float32)
    for fold in range(FOLDS):
        table, bias = _fit_base(features, examples, labels, np.flatnonzero(folds != fold))
        out = np.flatnonzero(folds == fold)
        held[out] = features[out] @ table + bias
        say(f"交叉验证 {fold + 1}/{FOLDS}")
    return held


def targets(examples: Examples, labels: Mapping[str, list[str]]) -> Floats:
    """Target probabilities (posts, labels); a second topic has its share."""
    parts = []
    for head in HEADS:
        one_hot = (examples.labels[head][:, None] == np.array(labels[head])).astype(np.float32)
        if head == "topic":
            second = (np.array(examples.second)[:, None] == np.array(labels[head])).astype(np.float32)
            share = SECOND_TOPIC * second.sum(axis=1, keepdims=True)
            one_hot = one_hot * (1 - share) + SECOND_TOPIC * second
        parts.append(one_hot)
    return np.hstack(parts)


def slices(labels: Mapping[str, list[str]]) -> list[slice]:
    ends = np.cumsum([len(labels[head]) for head in HEADS]).tolist()
    return [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def fit_mix(
    inputs: Floats, wanted: Floats, labels: Mapping[str, list[str]], penalty: float = 3.0
) -> tuple[Floats, Floats]:
    """The softmax layer over held-out base values and kinds, drawn towards a plain temperature for each label.

    Shapes: inputs (posts, labels + kinds), the layer (labels + kinds, labels) and its bias (labels,).
    """
    heads, width = slices(labels), wanted.shape[1]
    values, start = inputs.astype(np.float64), 1.5 * np.eye(inputs.shape[1], width)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        mix, bias = flat[:-width].reshape(start.shape), flat[-width:]
        logs = log_softmax(values @ mix + bias, heads)
        gap, away = np.exp(logs) - wanted, mix - start
        value = -(wanted * logs).sum() + 0.5 * penalty * (away**2).sum()
        return float(value), np.concatenate(((values.T @ gap + penalty * away).ravel(), gap.sum(axis=0)))

    first = np.concatenate((start.ravel(), np.zeros(width)))
    best = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return best[:-width].reshape(start.shape).astype(np.float32), best[-width:].astype(np.float32)


def _cross_mix(
    known: Floats, blind: Floats, wanted: Floats, labels: Mapping[str, list[str]], folds: NDArray[np.int64]
) -> Floats:
    """Logits of every post from a softmax layer that never saw it either, so that the figures are honest."""
    logits = np.zeros_like(wanted)
    for fold in range(FOLDS):
        seen, unseen = folds != fold, folds == fold
        inputs, truth = np.vstack((known[seen], blind[seen])), np.vstack((wanted[seen], wanted[seen]))
        mix, bias = fit_mix(inputs, truth, labels)
        logits[unseen] = known[unseen] @ mix + bias
    return logits


def _held_out_figures(
    logits: Floats, examples: Examples, labels: Mapping[str, list[str]], cuts: Sequence[float]
) -> str:
    """Accuracy per head and severity kappa on held-out folds, as a line for the person who trains."""
    parts = dict(zip(HEADS, slices(labels), strict=True))
    told = []
    for head in HEADS[:-1]:
        said = np.array(labels[head])[logits[:, parts[head]].argmax(axis=1)]
        told.append(f"{head} {(said == examples.labels[head]).mean():.3f}")
    levels = 1 + np.searchsorted(cuts, _expected(logits, parts["severity"]), side="right")
    told.append(f"severity kappa {kappa(examples.labels['severity'].astype(int), levels):.3f}")
    return f"交叉验证得分: {', '.join(told)}"


def _expected(logits: Floats, part: slice) -> Floats:
    """The expected severity, 1 to 4."""
    expected: Floats = np.exp(log_softmax(logits, [part])[:, part]) @ np.arange(1, 5, dtype=np.float32)
    return expected


def _costs(logits: Floats, labels: Mapping[str, list[str]], cuts: Sequence[float]) -> Floats:
    """What each held-out answer may be expected to cost."""
    parts = dict(zip(HEADS, slices(labels), strict=True))
    levels = 1 + np.searchsorted(cuts, _expected(logits, parts["severity"]), side="right")
    return costs_of(np.exp(log_softmax(logits, tuple(parts.values()))), parts, levels.astype(np.float32))


def _fit_cuts(logits: Floats, examples: Examples, labels: Mapping[str, list[str]]) -> list[float]:
    """Where severity 2, 3 and 4 begin on the expectation scale: the best quadratic kappa on held-out folds."""
    expected = _expected(logits, slices(labels)[-1])
    truth = examples.labels["severity"].astype(int)
    cuts = [1.5, 2.5, 3.5]
    for _ in range(3):
        for place in range(3):
            tries = cuts[place] + np.linspace(-0.3, 0.3, 25)
            cuts[place] = float(max(tries, key=lambda cut: _kappa_at(truth, expected, cuts, place, cut)))
    return [round(cut, 3) for cut in cuts]


def _kappa_at(truth: NDArray[np.int64], expected: Floats, cuts: Sequence[float], place: int, cut: float) -> float:
    tried = [*cuts[:place], cut, *cuts[place + 1 :]]
    if tried != sorted(tried):
        return -1.0
    return kappa(truth, 1 + np.searchsorted(tried, expected, side="right"))


def kappa(truth: NDArray[np.int64], said: NDArray[np.int64]) -> float:
    """Quadratic weighted kappa of levels 1 to 4 (Cohen 1968)."""
    apart = float(((truth - said) ** 2).mean())
    chance = float(((truth[:, None] - np.arange(1, 5)) ** 2 @ (np.bincount(said, minlength=5)[1:] / len(said))).mean())
    return 1 - apart / chance if chance else 1.0


def _fingerprint(*arrays: NDArray[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()[:8]
