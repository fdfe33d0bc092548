"""What the judging stage counts of the posts it judged, so that a change from week to week can be seen.

Topics, how sure the model was, and how many of a post's pairs of characters the shipped fast model never met in training.
That one's vocabulary is the yardstick whichever model judges: so weeks stay comparable when the model changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classify.fast import SHIPPED
from classify.features import Rows, hashes, read_batch
from classify.weights import load_weights
from stream.messages import Judged, Post

SAMPLE = 32  # of about so many posts of a batch, evenly spread, the pairs are looked up
SHORTEST = 10  # pairs; of a shorter post a share says little


class DriftReader:
    """Args: what was met in training, `lookup` as `Weights.lookup` gives it with `bits`."""

    def __init__(self, lookup: Rows, bits: int) -> None:
        self._met = lookup >= 0
        self._bits = bits

    @classmethod
    def load(cls, folder: Path = SHIPPED) -> DriftReader:
        weights = load_weights(folder)
        return cls(weights.lookup(), weights.meta.bits)

    def read(self, judged: Sequence[Judged]) -> Iterator[tuple[str, str, int]]:
        """(what, key, posts). History, near copies and what was set aside say nothing of this week."""
        new = [one for one in judged if _counts(one)]
        topics = Counter(one.judgement.topic for one in new)
        sure = Counter(_tenth(one.judgement.topics[0].score) for one in new)
        sample = new[:: max(1, len(new) // SAMPLE)]
        strange = Counter(map(_tenth, self.unknown([one.post for one in sample])))
        for what, counts in (("judged_topic", topics), ("judged_confidence", sure), ("judged_unknown", strange)):
            for key, n in counts.items():
                yield what, key, n

    def unknown(self, posts: Sequence[Post]) -> list[float]:
        """The share of pairs that training never met, of each post long enough."""
        if not posts:
            return []
        batch = read_batch([post.title for post in posts], [post.text for post in posts])
        hashed, within = hashes(batch, 2, self._bits)
        post = batch.post[: len(hashed)][within].astype(np.intp)
        met: NDArray[np.bool_] = self._met[hashed[within]]
        pairs = np.bincount(post, minlength=batch.size)
        known = np.bincount(post, weights=met, minlength=batch.size)
        long = pairs >= SHORTEST
        shares: list[float] = (1 - known[long] / pairs[long]).tolist()
        return shares


def _counts(one: Judged) -> bool:
    return not (one.post.backfill or one.judgement.near_copy_of or one.judgement.set_aside)


def _tenth(share: float) -> str:
    """0.0, 0.1 … 0.9: where the tenth begins that it lies in."""
    return f"{min(int(share * 10 + 1e-9), 9) / 10:.1f}"
