"""How likely an event is to grow: a logistic of a few numbers of the event. For ordering only; nothing is done because of it.

    grows    within SPAN its posts double, or GAINED more come
    chance   1 / (1 + e^−(bias + Σ weight · (feature − mean) / spread))

Weights and their record (how often what was said came true, each time by weights fitted on earlier messages alone) are in
`predict_weights.json`, made by `alerts/predict_train.py`. The features are functions of the event and the time alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import exp, log1p
from pathlib import Path

from alerts.heat import fresh_of
from alerts.model import Event

SPAN = timedelta(days=3)
GAINED = 3
WEIGHTS = Path(__file__).parent / "predict_weights.json"
FEATURES = ("fresh", "silent", "severity", "single", "large", "fresh_large")
LARGE = 6  # posts


@dataclass(frozen=True, slots=True)
class Step:
    """Of the events of which a chance from `low` to `high` was said: how many, and of how many it came true."""

    low: float
    high: float
    said: int
    true: int


@dataclass(frozen=True, slots=True)
class Forecaster:
    mean: Sequence[float]
    spread: Sequence[float]
    weights: Sequence[float]
    bias: float
    record: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Forecast:
    """`chance` that the event grows within SPAN, and how it went when about as much was said before (None: never said)."""

    chance: float
    record: Step | None


@lru_cache(maxsize=1)
def load_forecaster() -> Forecaster:
    """The shipped weights."""
    stored = json.loads(WEIGHTS.read_text("utf-8"))
    return Forecaster(
        stored["mean"],
        stored["spread"],
        stored["weights"],
        stored["bias"],
        tuple(Step(*row) for row in stored["record"]),
    )


def forecast(event: Event, now: datetime, forecaster: Forecaster | None = None) -> Forecast:
    """What may become of the event in the SPAN after `now`, as far as it is known at `now`."""
    using = forecaster or load_forecaster()
    chance = chance_of(features(event, now), using)
    return Forecast(chance, next((step for step in using.record if step.low <= chance < step.high), None))


def chance_of(values: Sequence[float], using: Forecaster) -> float:
    odds = using.bias
    for value, mean, spread, weight in zip(values, using.mean, using.spread, using.weights, strict=True):
        odds += weight * (value - mean) / spread
    return 1 / (1 + exp(-max(min(odds, 30.0), -30.0)))


def features(event: Event, now: datetime) -> list[float]:
    """The numbers named in FEATURES: posts of the last days (ln), hours of silence (ln), severity, whether there is one
    post, whether there are LARGE, and the first where there are."""
    fresh = log1p(fresh_of(event.daily, now))
    silent = log1p(max((now - event.last_seen).total_seconds() / 3600, 0.0))
    large = event.posts >= LARGE
    return [fresh, silent, float(event.severity), float(event.posts == 1), float(large), fresh * large]


def has_grown(posts: int, later: int) -> bool:
    """Whether an event of `posts` posts that got `later` more within SPAN has grown."""
    return later >= GAINED or later >= posts > 0
