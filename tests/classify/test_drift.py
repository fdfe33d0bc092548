"""What is counted of judged posts for the weekly comparison."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from classify.drift import SAMPLE, DriftReader
from stream.messages import Judged, Judgement, Place, Post, Scored

NOW = datetime(2026, 11, 25, tzinfo=UTC)
KNOWN = "工地拖欠农民工工资三个月一直没有人管"
STRANGE = "龘靐齉爩麤灪爨癵籱饢驫麣纞虋讟钃鸜鱻"


@pytest.fixture(scope="module")
def reader() -> DriftReader:
    return DriftReader.load()


def judged(
    text: str = KNOWN, score: float = 0.85, topic: str = "wages", backfill: bool = False, **changes: Any
) -> Judged:
    post = Post("p", "b", "message", "", text, NOW, NOW, backfill=backfill)
    one = Scored("renshe", 0.9)
    said = Judgement("p", (Scored(topic, score),), one, one, one, 2, 2.0, Place(), "m")
    return Judged(post, replace(said, **changes))


def read(reader: DriftReader, *posts: Judged) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for what, key, n in reader.read(posts):
        found.setdefault(what, Counter())[key] += n
    return found


def test_topics_and_how_sure_the_model_was_are_counted(reader: DriftReader) -> None:
    found = read(reader, judged(score=0.85), judged(score=0.3), judged(topic="none", score=1.0), judged(score=0.89))
    assert found["judged_topic"] == {"wages": 3, "none": 1}
    assert found["judged_confidence"] == {"0.8": 2, "0.3": 1, "0.9": 1}


def test_history_copies_and_adverts_say_nothing_of_this_week(reader: DriftReader) -> None:
    assert read(reader, judged(backfill=True), judged(near_copy_of="q"), judged(set_aside="advert")) == {}


def test_pairs_that_training_never_met_are_unknown(reader: DriftReader) -> None:
    known, half, strange = reader.unknown([one.post for one in map(judged, (KNOWN, KNOWN + STRANGE, STRANGE))])
    assert known < 0.3 < half < 0.7 < strange


def test_a_post_too_short_says_nothing(reader: DriftReader) -> None:
    assert reader.unknown([judged("停水了").post, judged("").post]) == []
    assert reader.unknown([]) == []


def test_of_few_posts_all_are_looked_up_and_of_many_a_sample(reader: DriftReader) -> None:
    for posts, looked_up in ((5, 5), (SAMPLE, SAMPLE), (8 * SAMPLE, SAMPLE)):
        assert read(reader, *[judged()] * posts)["judged_unknown"].total() == looked_up
