"""The schedule: repeatable, within its four weeks, with the mix that the town needs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from app.demo.schedule import HISTORY, TownPost, build, headline, put_off
from app.demo.stories import load_stories
from configs.catalog import SHANGHAI

ANCHOR = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
POSTS = build(1, ANCHOR)
PAST = [post for post in POSTS if post.published_at <= ANCHOR]
LIVE = [post for post in POSTS if post.published_at > ANCHOR]


def test_the_same_anchor_gives_the_same_town() -> None:
    assert build(1, ANCHOR) == POSTS
    assert build(2, ANCHOR) != POSTS


def test_history_has_about_two_thousand_posts_within_four_weeks() -> None:
    assert 1900 <= len(PAST) <= 2100
    assert min(post.published_at for post in PAST) >= ANCHOR - HISTORY
    assert list(POSTS) == sorted(POSTS, key=lambda post: (post.published_at, post.key))


@pytest.mark.parametrize("hour", [0, 4, 9, 16, 23])
def test_every_story_but_the_live_one_is_told_before_the_anchor_at_any_hour(hour: int) -> None:
    anchor = ANCHOR.replace(hour=hour)
    posts = build(1, anchor)
    told = Counter(p.story for p in posts if p.published_at <= anchor and not p.copy_of and p.story)
    assert told == {key: len(story.posts) for key, story in load_stories().items() if not story.live}


def test_the_live_story_unfolds_in_the_first_quarter_of_an_hour() -> None:
    times = [post.published_at - ANCHOR for post in LIVE if post.story == "live"]
    assert len(times) == 12
    assert max(times) <= timedelta(minutes=15)


def test_live_posts_keep_coming_for_hours() -> None:
    first_hour = [post for post in LIVE if post.published_at <= ANCHOR + timedelta(hours=1)]
    assert 250 <= len(first_hour) <= 350
    assert LIVE[0].published_at <= ANCHOR + timedelta(seconds=10)
    assert LIVE[-1].published_at >= ANCHOR + timedelta(hours=6)


def test_keys_and_addresses_are_unique() -> None:
    assert len({post.key for post in POSTS}) == len(POSTS)
    paths = [post.path for post in POSTS if post.path]
    assert len(set(paths)) == len(paths)
    assert {post.source for post in POSTS if not post.path} == {"hotline"}


def test_about_a_third_of_the_older_messages_are_answered_in_office_hours_and_later() -> None:
    old = [p for p in PAST if p.source == "board" and p.published_at < ANCHOR - timedelta(days=8) and not p.copy_of]
    done = [p for p in old if p.reply and p.reply_at]
    assert 0.25 <= len(done) / len(old) <= 0.5
    noise = [p for p in POSTS if p.reply_at and not p.story]
    assert all(p.reply_at and p.reply_at > p.published_at for p in noise)
    assert all(p.reply_at and 9 <= p.reply_at.astimezone(SHANGHAI).hour < 17 for p in noise)


def test_about_forty_posts_are_carried_elsewhere_later() -> None:
    by_key = {post.key: post for post in POSTS}
    copies = [post for post in PAST if post.copy_of]
    assert 36 <= len(copies) <= 44
    assert all(by_key[copy.copy_of].text in copy.text for copy in copies)
    assert all(by_key[copy.copy_of].published_at < copy.published_at for copy in copies)


def test_a_forum_post_belongs_to_a_thread_that_is_open() -> None:
    by_key = {post.key: post for post in POSTS}
    for post in (p for p in POSTS if p.source == "forum"):
        opening = by_key[post.thread]
        assert opening.thread == opening.key
        assert opening.title
        assert opening.published_at <= post.published_at


def test_posts_of_other_sources_have_titles() -> None:
    assert [p.key for p in POSTS if p.source != "forum" and not p.title] == []


def test_after_a_pause_the_live_posts_come_at_their_own_pace() -> None:
    hour = timedelta(hours=1)
    start, end = ANCHOR + hour, ANCHOR + 30 * hour
    later = put_off(POSTS, [(start, end)])
    assert [post for post in later if post.published_at <= start] == [
        post for post in POSTS if post.published_at <= start
    ]
    assert not [post for post in later if start < post.published_at <= end]
    before = [post.published_at for post in POSTS if post.published_at > start]
    assert [post.published_at - end + start for post in later if post.published_at > end] == before
    assert put_off(POSTS, []) == POSTS


def test_calls_come_by_day() -> None:
    hours = Counter(p.published_at.astimezone(SHANGHAI).hour for p in PAST if p.source == "hotline")
    assert sum(hours[hour] for hour in range(8, 18)) > 4 * sum(hours[hour] for hour in range(0, 6))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("路灯坏了整整三天，没人修。", "路灯坏了整整三天"),
        ("来电人反映，其家中连日停水。已报修。", "其家中连日停水"),
        ("来电人系某厂职工，厂里欠薪已有三个月。", "厂里欠薪已有三个月"),
        ("来电人代表某村63户村民：引水渠断流一月，颗粒无收。", "引水渠断流一月"),
        ("来电人系某厂职工。", "来电人系某厂职工"),
        ("某日上午，学校演练。", "某日上午，学校演练"),
        ("唉，我家门口的路灯坏了。", "唉，我家门口的路灯坏了"),
        ("一" * 40, "一" * 25 + "…"),
    ],
)
def test_a_text_without_a_title_gets_its_first_clause(text: str, title: str) -> None:
    assert headline(text) == title


def test_story_replies_come_after_their_posts() -> None:
    def late(post: TownPost) -> bool:
        return post.reply_at is None or post.reply_at > post.published_at

    assert all(late(post) for post in POSTS if post.story)
