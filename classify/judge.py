"""Post -> Judged, a batch at a time: mask, classify, place, near copies, key words, adverts set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Protocol

from classify.adverts import AdvertReader
from classify.dedupe import NearCopies
from classify.pii import mask_post
from classify.places import Places
from classify.segment import keywords
from stream.messages import Judged, Judgement, Post

KEYWORDS = 8


class Classifier(Protocol):
    """What judges the words of posts; `name` tells the model and its version."""

    name: str

    def judge(self, posts: Sequence[Post]) -> list[Judgement]: ...


def judge_posts(
    posts: Sequence[Post],
    classifier: Classifier,
    places: Places,
    near: NearCopies,
    adverts: AdvertReader | None = None,
    stop_words: frozenset[str] | None = None,
) -> list[Judged]:
    """Every post judged, in order. Posts are masked first: no personal number reaches any answer.

    The same posts again, with the same `near`, give the same answers.
    """
    masked = [mask_post(post) for post in posts]
    judgements = classifier.judge(masked)
    copies = near.link(masked)
    reader = adverts or _shipped()
    return [
        Judged(post, _complete(post, judgement, places, copy, reader, stop_words))
        for post, judgement, copy in zip(masked, judgements, copies, strict=True)
    ]


@cache
def _shipped() -> AdvertReader:
    return AdvertReader()


def _complete(
    post: Post,
    judgement: Judgement,
    places: Places,
    copy: str,
    adverts: AdvertReader,
    stop_words: frozenset[str] | None,
) -> Judgement:
    """The judgement with all that the model does not tell."""
    place, why = places.find(post.title, post.text, post.region)
    aside, signs = adverts.set_aside(post, judgement)
    return replace(
        judgement,
        place=place,
        keywords=keywords(f"{post.title}\n{post.text}", KEYWORDS, stop_words),
        reasons=(*judgement.reasons, *why, *signs),
        set_aside=aside,
        near_copy_of=copy,
    )
