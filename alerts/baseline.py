"""What is usual, and whether a count stands out from it: pure functions of numbers.

spike(n)     n > median + deviations · σ, σ = max(1.4826 · MAD, √(median + 1))

`median` and `MAD` are over the counts of the same hours of the week in the weeks before. 1.4826 · MAD estimates the
standard deviation whatever a few odd weeks were (Rousseeuw and Croux, 1993); √(median + 1) is the noise of counting alone,
so that four equal weeks of one post do not make the second post a spike. Rules have a least count besides.

surge(k, n)  (k − n·p) / √(n·p·(1 − p)) > deviations, p = (K + 1) / (N + 2)

`K` of `N` posts were negative in the weeks before; `k` of `n` are now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

NORMAL = 1.4826  # the standard deviation of a normal distribution over its MAD


@dataclass(frozen=True, slots=True)
class Usual:
    """Median and median absolute deviation of past counts."""

    median: float
    mad: float

    @property
    def sigma(self) -> float:
        return max(NORMAL * self.mad, sqrt(self.median + 1))

    def limit(self, deviations: float) -> float:
        """What a count must exceed to stand out."""
        return self.median + deviations * self.sigma


def usual(counts: Sequence[float]) -> Usual:
    """Of at least one count."""
    middle = median(counts)
    return Usual(middle, median(abs(one - middle) for one in counts))


def surge(negative: int, posts: int, negative_before: int, posts_before: int) -> float:
    """How many standard deviations the share of negative posts lies above what it was; 0 without posts."""
    if not posts:
        return 0.0
    share = (negative_before + 1) / (posts_before + 2)
    return (negative - posts * share) / sqrt(posts * share * (1 - share))


def level_of(count: float, limit: float) -> int:
    """1 where the limit is just reached, one more for each doubling."""
    return max(int(count // max(limit, 1)).bit_length(), 1)
