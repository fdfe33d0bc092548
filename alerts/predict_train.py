"""Fit the weights of `alerts/predict.py` on dated messages, and see how they do on later ones.

    python -m alerts.predict_train JUDGED.jsonl          writes alerts/predict_weights.json
    python -m alerts.predict_train JUDGED.jsonl --test   only tells how they do

JUDGED.jsonl holds one record of `posts.judged` a line (`minsheng event learn --data DIR` makes it of the dated messages).
The posts are grouped in the order of their times. An event is looked at after each of its posts, and a day and three
days after it where no other post came before. The looks, in the order of time, are cut into PARTS; each part after the
first SEEN is foretold by weights fitted on the looks whose outcome was known before it began. The record is of those
parts together; the weights that are kept are fitted on all.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from alerts.events import EventIndex
from alerts.model import Event
from alerts.predict import FEATURES, SPAN, WEIGHTS, Forecaster, Step, chance_of, features, has_grown
from stream.messages import Judged, decode_judged

F64 = npt.NDArray[np.float64]

WINDOW = timedelta(days=45)
PARTS, SEEN = 10, 4
LOOKS = (timedelta(0), timedelta(days=1), timedelta(days=3))
RIDGE = 5.0
ROUNDS = 30
STEPS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 1.01)


@dataclass(frozen=True, slots=True)
class Look:
    """An event as it was known at a time, and whether it grew after that."""

    at: datetime
    values: tuple[float, ...]
    grew: bool


@dataclass(frozen=True, slots=True)
class Score:
    looks: int
    grew: int
    brier: float
    brier_base: float  # of saying of all what share had grown before
    auc: float
    record: tuple[Step, ...]


def look_back(judged: Sequence[Judged]) -> list[Look]:
    """All looks, in the order of time. Those too late to know what became of the event are left out."""
    posts = sorted(judged, key=lambda one: (one.post.published_at, one.post.id))
    index, states = EventIndex(WINDOW), defaultdict[str, list[tuple[datetime, Event]]](list)
    for one in posts:
        (assigned,) = index.assign([one])
        states[assigned.event.id].append((assigned.post.at, assigned.event))
    end = posts[-1].post.published_at - SPAN
    looks = [look for its in states.values() for look in _looks(its) if look.at <= end]
    return sorted(looks, key=lambda look: look.at)


def _looks(states: Sequence[tuple[datetime, Event]]) -> list[Look]:
    times = [at for at, _ in states]
    found = []
    for number, (at, event) in enumerate(states):
        following = times[number + 1] if number + 1 < len(times) else None
        for later in (at + wait for wait in LOOKS):
            if following is None or later < following or later == at:
                gained = bisect_right(times, later + SPAN) - number - 1
                found.append(Look(later, tuple(features(event, later)), has_grown(event.posts, gained)))
    return found


def fit(looks: Sequence[Look]) -> Forecaster:
    """Newton's method on the log-loss with a ridge."""
    rows = np.array([look.values for look in looks])
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    full = np.concatenate([np.ones((len(rows), 1)), (rows - mean) / spread], axis=1)
    ridge = np.array([1e-6, *[RIDGE] * rows.shape[1]])
    weights = _newton(full, np.array([look.grew for look in looks], dtype=np.float64), ridge)
    return Forecaster(mean.tolist(), spread.tolist(), weights[1:].tolist(), float(weights[0]), ())


def _newton(rows: F64, grew: F64, ridge: F64) -> F64:
    weights = np.zeros(rows.shape[1])
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (chance - grew) + ridge * weights
        bend = (rows * (chance * (1 - chance))[:, None]).T @ rows + np.diag(ridge)
        weights = weights - np.linalg.solve(bend, slope)
    return weights


def back_test(looks: Sequence[Look]) -> Score:
    """What was said of later parts, each by weights of the time before."""
    said, base, grew = list[float](), list[float](), list[bool]()
    for part in range(SEEN, PARTS):
        start, end = part * len(looks) // PARTS, (part + 1) * len(looks) // PARTS
        known = [look for look in looks[:start] if look.at + SPAN < looks[start].at]
        using, share = fit(known), sum(look.grew for look in known) / len(known)
        said += [chance_of(look.values, using) for look in looks[start:end]]
        base += [share] * (end - start)
        grew += [look.grew for look in looks[start:end]]
    return score(np.array(said), np.array(base), np.array(grew))


def score(said: F64, base: F64, grew: npt.NDArray[np.bool_]) -> Score:
    record = tuple(
        Step(low, high, int(its.sum()), int(grew[its].sum()))
        for low, high in pairwise(STEPS)
        if (its := (said >= low) & (said < high)).any()
    )
    brier, brier_base = float(np.mean((said - grew) ** 2)), float(np.mean((base - grew) ** 2))
    return Score(len(said), int(grew.sum()), brier, brier_base, area(said, grew), record)


def area(said: F64, grew: npt.NDArray[np.bool_]) -> float:
    """How often of two events, one that grew and one that did not, more was said of the one that did (AUC)."""
    values, ranks = np.unique(said, return_inverse=True)
    counts = np.bincount(ranks, minlength=len(values))
    middle = np.cumsum(counts) - (counts - 1) / 2
    positive, negative = int(grew.sum()), int((~grew).sum())
    if not positive or not negative:
        return 0.5
    return float((middle[ranks][grew].sum() - positive * (positive + 1) / 2) / (positive * negative))


def learn(judged: Sequence[Judged]) -> tuple[Forecaster, Score]:
    looks = look_back(judged)
    using, found = fit(looks), back_test(looks)
    return replace(using, record=found.record), found


def save(using: Forecaster, found: Score, path: Path = WEIGHTS) -> None:
    stored = {
        "features": FEATURES,
        "mean": [round(one, 5) for one in using.mean],
        "spread": [round(one, 5) for one in using.spread],
        "weights": [round(one, 5) for one in using.weights],
        "bias": round(using.bias, 5),
        "record": [[step.low, step.high, step.said, step.true] for step in using.record],
        "tested": {"looks": found.looks, "grew": found.grew, **_figures(found)},
    }
    path.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


def _figures(found: Score) -> dict[str, float]:
    return {"brier": round(found.brier, 4), "brier_base": round(found.brier_base, 4), "auc": round(found.auc, 3)}


def told(found: Score) -> str:
    lines = [json.dumps({"looks": found.looks, "grew": found.grew, **_figures(found)})]
    lines += [f"{step.low:.2f} to {min(step.high, 1):.2f}: {step.said} said, {step.true} grew" for step in found.record]
    return "\n".join(lines)


def main(path: str, *options: str) -> None:
    using, found = learn([decode_judged(line) for line in Path(path).read_bytes().splitlines() if line])
    if "--test" not in options:
        save(using, found)
    print(told(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
