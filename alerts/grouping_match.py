"""Whether a post belongs to an event: one weighted sum of likenesses, with two rules that no likeness can overrule.

The weights were fitted by logistic regression on labelled pairs of messages (half of the labelled events; the other
half was kept for checking). The rules: counties that both texts name must agree, and but for near copies the
shared grams must hold a concrete name (`evidence`), so that a general question gathers nothing.
"""

from __future__ import annotations

import re

import numpy as np

from alerts.grouping_store import F32, Likeness
from stream.messages import Judged

JOIN = 0.74  # probability from which a post joins
NEAR_COPY = 0.85  # cosine from which a post is a near copy
LEAST_EVIDENCE = 8.0
SAME_TOPIC, OTHER_TOPIC = 0.2, -0.6
SAME_DIVISION, OTHER_DIVISION = 0.4, -2.5

_DIVISION = re.compile(r"[A-Z]\d{0,2}[区县]")


def divisions_of(judged: Judged) -> frozenset[str]:
    """Districts and counties that the post names, the letter-coded ones of anonymised hotline files among them."""
    place = judged.judgement.place
    coded = _DIVISION.findall(f"{judged.post.title} {judged.post.text[:300]}")
    return frozenset(coded[:4]) | ({place.code} if place.basis == "text" and place.county else frozenset())


def weigh(like: Likeness) -> F32:
    """Log-odds (n,) that the new post and each kept post tell of the same event, by their texts alone."""
    evidence = np.log1p(like.evidence)
    odds: F32 = (
        4.22 * like.cosine
        + 0.69 * np.square(like.cosine)
        + 6.92 * np.sqrt(like.cosine)
        - 5.07 * like.title
        + 1.37 * like.title_in
        + 1.86 * like.title_out
        + 0.2 * evidence
        + 0.33 * np.square(evidence)
        - 5.6
    ).astype(np.float32)
    return np.where((like.evidence >= LEAST_EVIDENCE) | (like.cosine >= NEAR_COPY), odds, np.float32(-20))


def weigh_divisions(new: frozenset[str], old: frozenset[str]) -> float:
    if not new or not old:
        return 0.0
    return SAME_DIVISION if new & old else OTHER_DIVISION


def weigh_topics(topic: str, topics: dict[str, int]) -> float:
    """The classifier errs, so topics only lean; "none" says nothing."""
    if topic == "none" or not topics.keys() - {"none"}:
        return 0.0
    return SAME_TOPIC if topic in topics else OTHER_TOPIC


def probability(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))
