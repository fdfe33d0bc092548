"""What is fitted on the development sets once the encoder is trained: temperatures, the average with the fast model, the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from classify.cascade import Gate, doubts
from classify.evaluate import macro_f1
from classify.features import Floats
from classify.human import GRAVE_FROM, costs_of, table_of
from classify.train import kappa
from classify.weights import HEADS

LOSS_ALLOWED = 0.01  # the cascade may be so much worse than both models on every post, in any measure of any set
BLENDS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SURES = tuple(round(0.02 * step, 2) for step in range(1, 50))
GRAVE = (0.25, 0.75)  # probabilities of severity 3 or 4 between which the encoder is asked
HARM = 0.95  # where harm is stated it is asked up to this one: above, it could only agree
GRADES = np.arange(1, 5, dtype=np.float32)
GRAVE_WORTH = 0.25  # of the recall of grave posts beside kappa: one that is missed costs more than one rated too high


@dataclass(frozen=True, slots=True)
class Dev:
    """Development posts: per head the true labels ("a|b": either), both models' probabilities, who states harm, and the set of each
    (none: all are of one)."""

    gold: Mapping[str, Sequence[str]]
    fast: Floats
    encoder: Floats
    harm: Sequence[bool]
    parts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Tuned:
    """The gate, and what it gives: accuracy per head and severity kappa, of the average on everything and of the cascade."""

    gate: Gate
    share: float
    everything: dict[str, float]
    cascade: dict[str, float]


def fit_temperature(logits: Floats, gold: Sequence[str], keys: Sequence[str]) -> float:
    """The temperature at which the true labels are most likely (Guo et al. 2017)."""
    places = [[keys.index(one) for one in row.split("|") if one in keys] for row in gold]
    rows = [i for i, found in enumerate(places) if found]
    chosen = np.array([places[i][0] for i in rows])

    def loss(heat: float) -> float:
        cooled = logits[rows] / np.exp(heat)
        top = cooled.max(axis=1)
        logs = cooled[np.arange(len(rows)), chosen] - top - np.log(np.exp(cooled - top[:, None]).sum(axis=1))
        return -float(logs.mean())

    return round(float(np.exp(minimize_scalar(loss, bounds=(-1.5, 1.5), method="bounded").x)), 3)


def tune(dev: Dev, labels: Mapping[str, Sequence[str]], columns: Mapping[str, slice]) -> Tuned:
    """The blend that is best on everything, then the gate that asks least and loses at most LOSS_ALLOWED in any measure."""
    scored = {blend: blend * dev.encoder + (1 - blend) * dev.fast for blend in BLENDS}
    blend = max(BLENDS, key=lambda one: sum(_measure(scored[one], dev.gold, labels, columns, None).values()))
    average = scored[blend]
    cuts = fit_cuts(average[:, columns["severity"]], dev.gold["severity"])
    most = _measure_sets(average, dev, labels, columns, cuts)
    for sure in SURES:
        gate = Gate(sure, GRAVE, HARM, blend, cuts, review=0.4)
        asked = doubts(gate, dev.fast, dev.harm, dict(columns))
        scores = np.where(asked[:, None], average, dev.fast)
        kept = _measure_sets(scores, dev, labels, columns, cuts)
        if all(kept[name] >= value - LOSS_ALLOWED for name, value in most.items()):
            break
    everything = _measure(average, dev.gold, labels, columns, cuts)
    found = _measure(scores, dev.gold, labels, columns, cuts)
    levels = _graded(scores[:, columns["severity"]], cuts)
    costs = costs_of(scores, columns, levels.astype(np.float32))
    return Tuned(replace(gate, costs=tuple(table_of(costs))), float(asked.mean()), everything, found)


def _measure_sets(
    scores: Floats,
    dev: Dev,
    labels: Mapping[str, Sequence[str]],
    columns: Mapping[str, slice],
    cuts: Sequence[float],
) -> dict[tuple[str, str], float]:
    """What `_measure` finds in each set, (set, measure) -> value."""
    parts = np.array(dev.parts or [""] * len(scores))
    found = {}
    for part in sorted(set(parts.tolist())):
        rows = np.flatnonzero(parts == part)
        gold = {head: [dev.gold[head][i] for i in rows.tolist()] for head in HEADS}
        for name, value in _measure(scores[rows], gold, labels, columns, cuts).items():
            found[part, name] = value
    return found


def _measure(
    scores: Floats,
    gold: Mapping[str, Sequence[str]],
    labels: Mapping[str, Sequence[str]],
    columns: Mapping[str, slice],
    cuts: Sequence[float] | None,
) -> dict[str, float]:
    found = {}
    for head in HEADS[:-1]:
        said = scores[:, columns[head]].argmax(axis=1).tolist()
        found[head] = float(
            np.mean([labels[head][i] in one.split("|") for i, one in zip(said, gold[head], strict=True)])
        )
    for head in ("topic", "sentiment"):
        said = [labels[head][i] for i in scores[:, columns[head]].argmax(axis=1).tolist()]
        found[f"{head} F1"] = macro_f1([one.split("|")[0] for one in gold[head]], said)
    found["severity"] = kappa(_levels(gold["severity"]), _graded(scores[:, columns["severity"]], cuts))
    return found


def _graded(severity: Floats, cuts: Sequence[float] | None) -> NDArray[np.int64]:
    """Levels 1 to 4 of the severity's probabilities (posts, 4)."""
    return 1 + np.searchsorted(cuts or (1.5, 2.5, 3.5), severity @ GRADES, side="right")


def _levels(gold: Sequence[str]) -> NDArray[np.int64]:
    return np.array([int(one.split("|")[0]) for one in gold])


def fit_cuts(severity: Floats, gold: Sequence[str]) -> tuple[float, float, float]:
    """Where severity 2, 3 and 4 begin on the expectation: the best quadratic kappa and recall of grave posts, drawn a little towards
    the middle."""
    expected, truth = severity @ GRADES, _levels(gold)
    cuts = [1.5, 2.5, 3.5]
    for _ in range(3):
        for place in range(3):
            tries = [round(float(cut), 3) for cut in cuts[place] + np.linspace(-0.2, 0.2, 17)]
            cuts[place] = max(tries, key=lambda cut: _worth_at(truth, expected, cuts, place, cut))
    return cuts[0], cuts[1], cuts[2]


def _worth_at(truth: NDArray[np.int64], expected: Floats, cuts: Sequence[float], place: int, cut: float) -> float:
    tried = [*cuts[:place], cut, *cuts[place + 1 :]]
    if tried != sorted(tried):
        return -1.0
    away = abs(cut - (1.5, 2.5, 3.5)[place])
    said = 1 + np.searchsorted(tried, expected, side="right")
    grave = truth >= GRAVE_FROM
    recall = float((said[grave] >= GRAVE_FROM).mean()) if grave.any() else 0.0
    return kappa(truth, said) + GRAVE_WORTH * recall - 0.02 * away


def calibration_error(scores: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error of the best scores (posts,): the mean gap between score and accuracy (Naeini et al. 2015)."""
    edges = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [
        abs(float(scores[edges == i].mean() - right[edges == i].mean())) * float((edges == i).mean())
        for i in range(bins)
        if (edges == i).any()
    ]
    return sum(gaps)
