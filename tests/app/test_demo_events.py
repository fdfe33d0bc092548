"""The planted stories of the demo come out whole: one event each, with hardly a stranger in it."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from alerts.events import EventIndex
from app.demo.schedule import TownPost, build
from app.wire import open_house
from stream.messages import Kind, Post

ANCHOR = datetime(2026, 11, 25, 10, tzinfo=UTC)
KINDS: dict[str, Kind] = {"board": "message", "forum": "forum", "news": "news", "feed": "news", "hotline": "hotline"}


def as_post(post: TownPost) -> Post:
    at, kind = post.published_at, KINDS[post.source]
    return Post(post.key, post.source, kind, post.title, post.text, at, at, region="330000")


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """(story, event) of every post that is not set aside, in the order of publishing."""
    judge = open_house({"MINSHENG_DATA": str(tmp_path_factory.mktemp("data"))}).judge()
    posts = sorted((one for one in build(1, ANCHOR) if one.published_at <= ANCHOR), key=lambda one: one.published_at)
    index, found = EventIndex(timedelta(days=45)), []
    for start in range(0, len(posts), 256):
        batch = posts[start : start + 256]
        judged = judge([as_post(post) for post in batch])
        kept = [(post, one) for post, one in zip(batch, judged, strict=True) if not one.judgement.set_aside]
        assigned = index.assign([one for _, one in kept])
        found += [(post.story, one.event.id) for (post, _), one in zip(kept, assigned, strict=True)]
    return found


@pytest.mark.parametrize("story", ["wages", "canteen", "estate", "river", "gas", "fund"])
def test_a_story_is_one_event(grouped: list[tuple[str, str]], story: str) -> None:
    mine = Counter(event for told, event in grouped if told == story)
    event, posts = mine.most_common(1)[0]
    strangers = sum(told != story for told, other in grouped if other == event)
    assert posts >= (0.66 if story == "fund" else 0.8) * mine.total()  # told by many who name the firm alone
    assert strangers <= 2


def test_ordinary_complaints_do_not_pile_up(grouped: list[tuple[str, str]]) -> None:
    sizes = Counter(event for told, event in grouped if not told)
    assert max(sizes.values()) <= 8
