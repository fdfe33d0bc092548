"""What an event says of its posts, and heat and trend."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.events import EventIndex
from alerts.heat import heat, trend_of
from alerts.model import Event
from stream.messages import Judged, Reason, Scored
from tests.alerts.telling import DAY, ESTATE, HOME, START, WINDOW, XIAOSHAN, XIHU, tell


def last(*posts: Judged) -> Event:
    return EventIndex(WINDOW).assign(posts)[-1].event


def changed(one: Judged, **changes: object) -> Judged:
    return Judged(one.post, replace(one.judgement, **changes))  # type: ignore[arg-type]


def test_the_first_post_founds_the_event() -> None:
    index = EventIndex(WINDOW)
    first, second = (index.assign([one])[0] for one in ESTATE[:2])
    assert first.is_new
    assert first.event.posts == 1
    assert first.post.similarity == 1
    assert not second.is_new
    assert second.event.posts == 2
    assert 0.4 < second.post.similarity <= 1


def test_counts() -> None:
    event = last(*ESTATE)
    assert event.posts == 3
    assert event.sources == {"board": 1, "weibo": 1, "news": 1}
    assert event.daily == {"2026-11-02": 1, "2026-11-03": 1, "2026-11-05": 1}
    assert (event.first_seen, event.last_seen) == (START, START + 3 * DAY)
    assert set(event.representatives) == {one.post.id for one in ESTATE}


def test_days_are_days_in_shanghai() -> None:
    evening = datetime(2026, 11, 2, 17, 30, tzinfo=UTC)  # half past one at night in Shanghai
    one = tell("night", "临栖雅苑半夜停电", day=(evening - START) / DAY)
    assert last(one).daily == {"2026-11-03": 1}


def test_severity_and_grade_are_the_highest_ever_told() -> None:
    mild, grave, later = ESTATE
    event = last(
        changed(mild, severity=2, severity_score=0.4, event_grade="较大", sentiment=Scored("neg", 1)),
        changed(grave, severity=4, severity_score=0.9, event_grade="重大", sentiment=Scored("neg", 1)),
        changed(later, severity=1, severity_score=0.1, event_grade="一般"),
    )
    assert (event.severity, event.severity_score, event.event_grade) == (4, 0.9, "重大")
    assert event.sentiment_neg == 2


def test_no_grade_where_no_fact_decides() -> None:
    assert last(*ESTATE).event_grade is None


def test_topic_and_office_are_those_of_most_posts() -> None:
    topics = [
        changed(one, topics=(Scored(topic, 0.8),), office=Scored(office, 0.8))
        for one, topic, office in zip(
            ESTATE, ("business", "housing", "housing"), ("gov", "zhujian", "zhujian"), strict=True
        )
    ]
    event = last(*topics)
    assert (event.topic, event.office_hint) == ("housing", "zhujian")


def test_a_public_matter_outweighs_none() -> None:
    topics = ("none", "none", "housing")
    posts = [changed(one, topics=(Scored(key, 0.8),)) for one, key in zip(ESTATE, topics, strict=True)]
    assert last(*posts).topic == "housing"
    assert last(ESTATE[0]).topic == "none"


def test_the_place_is_that_of_most_posts_and_the_text_outweighs_the_source() -> None:
    first, second, third = ESTATE
    event = last(changed(first, place=HOME), changed(second, place=XIHU), changed(third, place=XIHU))
    assert (event.region, event.place) == ("330106", "杭州市西湖区")
    event = last(changed(first, place=HOME), changed(second, place=XIAOSHAN))
    assert event.region == "330109"


def test_one_text_that_names_the_place_outweighs_any_number_of_sources_homes() -> None:
    told = [tell("a", "闻堤小学多名学生呕吐", severity=4, place=XIAOSHAN)]
    told += [tell(f"b{n}", "闻堤小学多名学生呕吐", f"第{n}个孩子也吐了", place=HOME) for n in range(9)]
    event = EventIndex(WINDOW).assign(told)[-1].event
    assert event.posts == 10
    assert event.region == "330109"


def test_the_home_of_the_source_is_the_region_where_no_place_is_known() -> None:
    one = tell("home", "临栖雅苑停水")
    event = last(Judged(replace(one.post, region="330110"), one.judgement))
    assert (event.region, event.place) == ("330110", "")


def test_the_fullest_label_of_the_place_is_shown() -> None:
    first, second, _ = ESTATE
    town = replace(XIHU, town="转塘街道")
    assert last(changed(first, place=XIHU), changed(second, place=town)).place == "杭州市西湖区转塘街道"


def test_keywords_are_those_of_most_posts() -> None:
    words = (("临栖雅苑", "交房"), ("临栖雅苑", "房贷"), ("临栖雅苑", "停工", "交房"))
    event = last(*(changed(one, keywords=word) for one, word in zip(ESTATE, words, strict=True)))
    assert event.keywords[:2] == ("临栖雅苑", "交房")


def test_the_title_is_one_of_the_titles() -> None:
    assert last(*ESTATE).title in {one.post.title for one in ESTATE if one.post.title}


def test_without_title_the_most_telling_clause_names_the_event() -> None:
    text = "哎，又来了。今天路过一看，金星桥桥面裂了一条大缝！真的很吓人。"
    reasons = (Reason(answer="topic:safety", phrase="桥面裂了", weight=2.0),)
    event = last(tell("weibo", "", text, keywords=("金星桥",), reasons=reasons))
    assert event.title == "金星桥桥面裂了一条大缝"


@pytest.mark.parametrize(
    ("title", "text", "most"),
    [
        ("", "长" * 500, 40),
        ("标题，" * 60, "", 60),
        ("题" * 200, "", 60),
    ],
)
def test_long_titles_are_cut_but_stay_the_posts_own_words(title: str, text: str, most: int) -> None:
    shown = last(tell("long", title, text)).title
    assert 0 < len(shown) <= most
    assert (title or text).startswith(shown)


def test_at_most_five_representatives_and_only_posts_of_the_event() -> None:
    wordings = ("停工", "烂尾", "没人施工", "交不了房", "业主维权", "开发商失联", "房贷照扣", "延期一年")
    posts = [
        tell(
            f"p{n}",
            f"临栖雅苑二期{word}",
            f"临栖雅苑二期的业主说{word}，请督促开发商复工交房，第{n}次反映。",
            day=n / 10,
        )
        for n, word in enumerate(wordings)
    ]
    event = last(*ESTATE, *posts)
    assert event.posts == 11
    assert len(event.representatives) == 5
    assert set(event.representatives) <= {one.post.id for one in (*ESTATE, *posts)}


def an_event(**changes: object) -> Event:
    event = last(tell("one", "临栖雅苑停水"))
    return replace(event, **changes)  # type: ignore[arg-type]


NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("why", "changes", "after", "expected"),
    [
        ("one mild post at the moment it is told", {}, 0, 1.0),
        ("half after three days", {}, 3, 0.5),
        ("a quarter after six", {}, 6, 0.25),
        ("posts of the future are not hotter than new ones", {}, -5, 1.0),
        ("two posts are twice as hot", {"daily": {"2026-11-02": 2}}, 0, 2.0),
        ("each further source adds a quarter", {"sources": {"a": 1, "b": 1, "c": 1}}, 0, 1.5),
        ("up to twice", {"sources": dict.fromkeys("abcdefgh", 1)}, 0, 2.0),
        ("a grave one four times", {"severity": 4}, 0, 4.0),
        ("nothing told, nothing hot", {"daily": {}}, 0, 0.0),
    ],
)
def test_heat(why: str, changes: dict[str, object], after: int, expected: float) -> None:
    assert heat(an_event(**changes), NOON + after * DAY) == pytest.approx(expected, abs=1e-3), why


def test_the_heat_of_an_event_is_that_of_its_last_post() -> None:
    event = last(*ESTATE)
    assert event.heat == heat(event, event.last_seen)
    assert heat(event, event.last_seen + timedelta(days=30)) < event.heat / 500


@pytest.mark.parametrize(
    ("daily", "expected"),
    [
        ({"2026-11-02": 1}, 1.0),
        ({"2026-11-02": 3}, 2.0),
        ({"2026-10-30": 3}, -2.0),
        ({"2026-10-30": 2, "2026-11-01": 2}, 0.0),
        ({"2026-10-01": 9}, 0.0),
    ],
)
def test_trend_compares_three_days_with_the_three_before(daily: dict[str, int], expected: float) -> None:
    assert trend_of(daily, NOON) == expected
