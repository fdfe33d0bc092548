"""Which judgements go to a person: those whose error, weighted by how likely it is, would cost most.

A wrong office costs a return, a wrong topic wrong words and clocks; both cost more the likelier the post is grave. Dearest is a
grave post rated lower. What a model's judgements of the development posts would cost is kept as a table of quantiles, so that the
share that goes to people is a setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from classify.features import Floats

HUMAN_SHARE = 0.1
WRONG = {"topic": 1.0, "office": 1.0}  # what an error costs; one return of a case is 1
GRAVE_TIMES = 3.0  # so many times as much where severity 3 or 4 is certain
MISSED = 4.0  # a grave post rated 1 or 2
GRAVE_FROM = 3
QUANTILES = np.linspace(0, 1, 41)


@dataclass(frozen=True, slots=True)
class Bar:
    """A judgement goes to a person from the expected cost `cost` on; where no costs are known, below the topic score `review`."""

    cost: float | None
    review: float

    def reached(self, cost: float, topic: float) -> bool:
        return topic < self.review if self.cost is None else cost >= self.cost


def bar_of(table: Sequence[float], share: float, review: float) -> Bar:
    """`table` comes from `table_of`; share 0 sends nobody, 1 everything."""
    if not table:
        return Bar(None, review)
    if share <= 0:
        return Bar(float("inf"), review)
    return Bar(float(np.interp(1 - share, QUANTILES, table)) if share < 1 else 0.0, review)


def table_of(costs: Floats) -> list[float]:
    """The QUANTILES of expected costs (posts,)."""
    return [round(float(value), 4) for value in np.quantile(costs, QUANTILES)]


def expected_costs(scores: Floats, columns: Mapping[str, slice]) -> tuple[Floats, Floats]:
    """Per post, from probabilities (posts, labels): what a wrong topic or office costs, and what it costs should the post be
    rated below GRAVE_FROM."""
    grave = scores[:, columns["severity"]][:, GRAVE_FROM - 1 :].sum(axis=1)
    wrong = sum((1 - scores[:, columns[head]].max(axis=1)) * cost for head, cost in WRONG.items())
    return np.asarray(wrong * (1 + (GRAVE_TIMES - 1) * grave)), MISSED * grave


def costs_of(scores: Floats, columns: Mapping[str, slice], levels: Floats) -> Floats:
    """The expected cost of each judgement; `levels` (posts,) are the severities that were given."""
    wrong, missed = expected_costs(scores, columns)
    return wrong + np.where(levels < GRAVE_FROM, missed, 0)
