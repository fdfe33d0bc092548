"""Post -> Judged: mask, classify, place, near copies, adverts and key words, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from classify.adverts import Adverts, shipped_adverts
from classify.dedupe import NearCopies
from classify.pii import mask_post
from classify.places import Places
from classify.segment import keywords
from stream.messages import Judged, Judgement, Post

KEYWORDS = 6


class Classifier(Protocol):
    """What judges the words of posts; `name` tells the model and its version."""

    name: str

    def judge(self, posts: Sequence[Post]) -> list[Judgement]: ...


def judge_posts(
    posts: Sequence[Post],
    classifier: Classifier,
    places: Places | None = None,
    near: NearCopies | None = None,
    adverts: Adverts | None = None,
) -> list[Judged]:
    """Judge a batch, in order. Posts are masked first: no personal number reaches the answer.

    A second time with the same `near` and posts gives the same answers: a post is never the copy of itself.
    """
    masked = [mask_post(post) for post in posts]
    judged = classifier.judge(masked)
    watch = adverts or shipped_adverts()
    copies = (
        near.link([(post.id, f"{post.title}\n{post.text}") for post in masked])
        if near is not None
        else [""] * len(masked)
    )
    return [
        Judged(post, _complete(post, judgement, copy, places, watch))
        for post, judgement, copy in zip(masked, judged, copies, strict=True)
    ]


def _complete(post: Post, judgement: Judgement, copy: str, places: Places | None, adverts: Adverts) -> Judgement:
    """The judgement with what needs more than the model."""
    reasons = list(judgement.reasons)
    place = judgement.place
    if places:
        place, why = places.find(post.title, post.text, post.region)
        reasons += why
    aside = adverts.look(post)
    if aside:
        reasons.append(aside)
    return replace(
        judgement,
        place=place,
        keywords=keywords(f"{post.title}\n{post.text}", KEYWORDS),
        reasons=tuple(reasons),
        set_aside=aside.answer.partition(":")[2] if aside else "",
        near_copy_of=copy,
    )
