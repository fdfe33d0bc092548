from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alerts.model import EventPost
from alerts.rules import Firing, counts_from, counts_posts, fired
from configs.catalog import Match, Rule
from stream.messages import Judged
from tests.alerts.town import HOUR, NOW, RULES, event, judged, link

GATHERING = RULES[1]
GROWTH = RULES[2]


def firing(rule: Rule, posts: list[EventPost], *new: Judged, **of_event: Any) -> Firing | None:
    one = event(**{"posts": len(posts), **of_event})
    found = fired([rule], one, posts, new or [judged("new")], NOW)
    return found[0] if found else None


def posts(*hours_ago: float, **changes: Any) -> list[EventPost]:
    return [link(f"p{n}", at=NOW - HOUR * hours, **changes) for n, hours in enumerate(hours_ago)]


@pytest.mark.parametrize(("severity", "topic", "fires"), [(4, "wages", True), (3, "wages", False), (4, "none", False)])
def test_one_grave_post(severity: int, topic: str, fires: bool) -> None:
    found = fired(RULES, event(posts=1), [], [judged("p1", severity=severity, topic=topic)], NOW)
    assert [one.rule.key for one in found] == (["grave"] if fires else [])


def test_a_grave_firing_shows_its_posts_and_figures() -> None:
    found = fired(RULES, event(posts=1), [], [judged("p1", severity=1), judged("p2", severity=4)], NOW)[0]
    assert (found.posts, found.figures["severity"]) == (("p2",), 4)
    assert "特别严重" in found.reason


def test_enough_posts_within_the_window() -> None:
    found = firing(GATHERING, posts(0, 30, 71))
    assert found is not None
    assert found.figures == {"posts": 3, "sources": 1, "hours": 72, "limit": 3}
    assert found.posts == ("p0", "p1", "p2")


def test_posts_that_came_late_still_gather_in_their_own_time() -> None:
    assert firing(GATHERING, posts(200, 210, 220), last_seen=NOW - 200 * HOUR)


@pytest.mark.parametrize(
    "few",
    [
        posts(0, 30),
        posts(0, 30, 73),
        [*posts(0, 30), link("thanks", intent="praise")],
        [*posts(0, 30), link("again", near_copy=True)],
    ],
    ids=["two", "one too old", "one is praise", "one is pasted again"],
)
def test_not_enough(few: list[EventPost]) -> None:
    assert firing(GATHERING, few) is None


def test_a_copy_on_another_source_counts() -> None:
    assert firing(GATHERING, [*posts(0, 30), link("copy", source="forum", near_copy=True)])


def test_a_post_that_does_not_match_sets_nothing_off() -> None:
    assert firing(GATHERING, posts(0, 1, 2), judged("new", intent="ask")) is None
    assert firing(GATHERING, posts(0, 1, 2), judged("new", topic="none")) is None


def test_a_rule_may_ask_for_several_sources() -> None:
    two = GATHERING.model_copy(update={"sources": 2})
    assert firing(two, posts(0, 1, 2)) is None
    assert firing(two, [*posts(0, 1), link("f", source="forum")])


@pytest.mark.parametrize(
    ("before", "last_day", "fires"), [(0, 6, True), (0, 5, False), (3, 6, True), (4, 6, False), (6, 12, True)]
)
def test_growth_needs_posts_and_a_factor(before: int, last_day: int, fires: bool) -> None:
    seen = [*posts(*[1] * last_day), *[replace(one, post_id=f"b{one.post_id}") for one in posts(*[30] * before)]]
    found = firing(GROWTH, seen)
    assert (found is not None) is fires
    if found:
        assert (found.figures["posts"], found.figures["baseline"]) == (last_day, before)


@pytest.mark.parametrize(("count", "level"), [(6, 1), (11, 1), (12, 2), (24, 3)])
def test_each_doubling_is_a_level(count: int, level: int) -> None:
    found = firing(GROWTH, posts(*[1] * count))
    assert found is not None
    assert found.level == level


def test_old_growth_is_no_news() -> None:
    assert firing(GROWTH, posts(*[30] * 8), last_seen=NOW - 30 * HOUR) is None


def test_how_far_back_posts_are_needed() -> None:
    assert counts_from(RULES, event(last_seen=NOW - HOUR), NOW) == NOW - 145 * HOUR
    assert counts_posts(RULES, event(posts=3))
    assert not counts_posts(RULES, event(posts=2))
    assert not counts_posts([Rule(key="g", name="g", kind="grave", match=Match())], event(posts=99))
