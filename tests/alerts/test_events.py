"""Which posts become one event, and which do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.events import CHUNK, EventIndex
from stream.messages import Judged
from tests.alerts.telling import DAY, ESTATE, QUESTIONS, SCHOOLS, START, WINDOW, XIAOSHAN, XIHU, events_of, group, tell

MIXED = (ESTATE[0], SCHOOLS[0], QUESTIONS[0], ESTATE[1], QUESTIONS[1], SCHOOLS[1], ESTATE[2], QUESTIONS[2])


def test_one_estate_told_on_three_sources_is_one_event() -> None:
    found = group(MIXED)
    assert {found[one.post.id] for one in ESTATE} == {"ev-estate-1"}


def test_the_same_problem_at_two_schools_is_two_events() -> None:
    found = group(MIXED)
    assert found["school-1"] != found["school-2"]


def test_a_general_question_stays_alone_and_swallows_nothing() -> None:
    found = group(MIXED)
    assert [found[one.post.id] for one in QUESTIONS] == ["ev-question-1", "ev-question-2", "ev-question-3"]


def test_a_question_about_no_place_does_not_join_an_event_of_its_subject() -> None:
    question = tell("ask", "开发商逾期交房应该怎么办", "请问开发商一直不交房，业主应该找哪个部门？违约金怎么算？")
    assert group((*ESTATE, question))["ask"] == "ev-ask"


@pytest.mark.parametrize("mark", ["转发：", "【求扩散】", ""])
def test_a_repost_joins(mark: str) -> None:
    first = ESTATE[0].post
    repost = tell("repost", mark + first.title, f"{mark}{first.text}转起来！", day=2, source="weibo")
    assigned = EventIndex(WINDOW).assign([ESTATE[0], SCHOOLS[0], repost])
    assert assigned[2].post.event_id == "ev-estate-1"
    assert assigned[2].post.near_copy
    assert not assigned[2].is_new


def test_a_repost_of_a_question_joins_the_question() -> None:
    again = tell("again", QUESTIONS[0].post.title, QUESTIONS[0].post.text, day=4)
    assert group((*QUESTIONS, again))["again"] == "ev-question-1"


def test_counties_that_the_texts_name_keep_events_apart() -> None:
    text = "楼下的金鼎大排档油烟直排，每天烧烤到凌晨两点，住户不敢开窗，希望城管来管一管金鼎大排档。"
    here = tell("here", "金鼎大排档油烟扰民", text, place=XIHU)
    there = tell("there", "金鼎大排档油烟扰民", text, day=1, place=XIAOSHAN)
    unknown = tell("unknown", "金鼎大排档油烟扰民", text, day=2)
    found = group((here, there, unknown))
    assert found["there"] == "ev-there"
    assert found["unknown"] in {"ev-here", "ev-there"}


def test_another_topic_does_not_forbid_joining() -> None:
    first, *others = (
        Judged(one.post, replace(one.judgement, topics=(replace(one.judgement.topics[0], key=key),)))
        for one, key in zip(ESTATE, ("housing", "business", "housing"), strict=True)
    )
    assert set(group((first, *others)).values()) == {"ev-estate-1"}


def test_near_copy_that_the_classifier_names_is_found() -> None:
    copy = tell("copy", "", ESTATE[0].post.text, day=1, near_copy_of="estate-1")
    assert group((ESTATE[0], copy))["copy"] == "ev-estate-1"


def test_a_near_copy_that_is_not_known_is_no_obstacle() -> None:
    assert group([tell("one", "桂花弄路灯不亮", near_copy_of="gone")]) == {"one": "ev-one"}


def test_a_late_post_joins_by_its_own_time() -> None:
    late = ESTATE[0]
    newer = [replace_day(one, 20 + number) for number, one in enumerate(ESTATE[1:])]
    assigned = EventIndex(WINDOW).assign([*newer, SCHOOLS[0], late])
    assert assigned[-1].post.event_id == "ev-estate-2"
    assert assigned[-1].event.first_seen == START
    assert assigned[-1].event.last_seen == START + 21 * DAY
    assert assigned[-1].post.at == START


def test_a_post_from_before_the_window_stays_alone() -> None:
    newer = [replace_day(one, 100 + number) for number, one in enumerate(ESTATE[1:])]
    index = EventIndex(WINDOW)
    index.assign(newer)
    late = index.assign([ESTATE[0]])[0]
    assert late.post.event_id == "ev-estate-1"
    assert len(index) == 1


def test_an_event_that_goes_on_takes_posts_for_longer_than_the_window() -> None:
    days = [replace_day(ESTATE[number % 3], 30 * number, f"again-{number}") for number in range(6)]
    assert set(group(days).values()) == {"ev-again-0"}


def test_an_event_that_went_quiet_takes_no_more_posts() -> None:
    again = replace_day(ESTATE[0], 60, "again")
    assert group((ESTATE[0], SCHOOLS[0], again))["again"] == "ev-again"


def test_a_date_in_the_future_does_not_empty_the_window() -> None:
    wrong = replace_day(SCHOOLS[0], 4000)
    wrong = Judged(replace(wrong.post, fetched_at=START + DAY), wrong.judgement)
    index = EventIndex(WINDOW)
    assigned = index.assign([ESTATE[0], wrong, ESTATE[1]])
    assert assigned[2].post.event_id == "ev-estate-1"
    assert assigned[1].post.at == START + DAY


def test_what_left_the_window_leaves_the_memory() -> None:
    index = EventIndex(timedelta(days=3))
    most = 0
    for number in range(400):
        # ten posts a day about something new each time
        name = f"{chr(0x5000 + number)}{chr(0x6000 + 7 * number)}{chr(0x7000 + 3 * number)}花园"
        index.assign([tell(f"p{number}", f"{name}电梯停运", f"{name}的电梯坏了三天没人修。", day=number / 10)])
        most = max(most, len(index))
    assert 25 <= most <= 32
    index.assign([replace_day(ESTATE[0], 1000)])
    assert len(index) == 1


def test_the_same_batch_again_changes_nothing() -> None:
    index = EventIndex(WINDOW)
    first = index.assign(MIXED)
    before = {one.event.id: index.signature(one.event.id) for one in first}
    again = index.assign(MIXED)
    assert [one.post for one in again] == [one.post for one in first]
    assert [one.is_new for one in again] == [one.is_new for one in first]
    assert {one.event.id: index.signature(one.event.id) for one in again} == before
    latest = {one.event.id: one.event for one in first}
    assert all(one.event == latest[one.event.id] for one in again)


def test_one_by_one_or_all_at_once_the_same_events_come_out() -> None:
    index = EventIndex(WINDOW)
    one_by_one = [index.assign([one])[0] for one in MIXED]
    assert events_of(one_by_one) == group(MIXED)


def test_a_burst_that_comes_in_one_batch_is_one_event() -> None:
    wordings = (
        "停工半年",
        "工地没有人",
        "交房一拖再拖",
        "房贷照扣",
        "开发商失联",
        "业主要说法",
        "何时复工",
        "六月没交房",
    )
    told = [
        tell(
            f"p{n}",
            f"临栖雅苑二期{wordings[n % 8]}",
            f"临栖雅苑二期{wordings[n * 3 % 8]}，第{n}位业主反映。",
            day=n / 100,
        )
        for n in range(2 * CHUNK)
    ]
    index = EventIndex(WINDOW)
    assert set(events_of(index.assign([*told[:CHUNK], *SCHOOLS, *told[CHUNK:]])).values()) == {
        "ev-p0",
        "ev-school-1",
        "ev-school-2",
    }


def test_what_is_told_twice_in_a_batch_is_counted_once() -> None:
    first, again, other = EventIndex(WINDOW).assign([ESTATE[0], ESTATE[0], ESTATE[1]])
    assert first == again
    assert other.event.posts == 2


def test_the_event_is_told_as_it_is_after_the_batch() -> None:
    assert [one.event.posts for one in EventIndex(WINDOW).assign(ESTATE)] == [3, 3, 3]


def test_posts_without_words_are_events_of_their_own() -> None:
    found = group([tell("a", "", "！！！"), tell("b", "", "？？？"), tell("c", "", ""), ESTATE[0]])
    assert sorted(found.values()) == ["ev-a", "ev-b", "ev-c", "ev-estate-1"]


def test_no_posts_no_events() -> None:
    assert EventIndex(WINDOW).assign([]) == []


def test_an_event_that_is_gone_has_no_signature() -> None:
    index = EventIndex(WINDOW)
    index.assign([ESTATE[0], replace_day(SCHOOLS[0], 100)])
    with pytest.raises(KeyError):
        index.signature("ev-estate-1")


def test_lone_surrogates_and_long_texts_are_read() -> None:
    odd = tell("odd", "\ud800金星桥\udc00断了", "很长" * 5000)
    assert events_of(EventIndex(WINDOW).assign([odd])) == {"odd": "ev-odd"}


def test_a_comment_is_called_as_its_thread() -> None:
    index = EventIndex(WINDOW)
    (told,) = index.assign([tell("comment", "回复：拔颗牙，多出来八个项目", "我也是在这家，账单七千")])
    assert told.event.title == "拔颗牙，多出来八个项目"


def replace_day(one: Judged, day: float, post_id: str = "") -> Judged:
    at = START + day * DAY
    name = post_id or one.post.id
    post = replace(one.post, id=name, published_at=at, fetched_at=at)
    return Judged(post, replace(one.judgement, post_id=name))


def test_a_grave_event_draws_what_names_the_same_school_in_other_words() -> None:
    told = [
        tell("a", "闻堤小学多名学生呕吐腹泻", "午饭后三十多个孩子被送医院", severity=4, topic="food_drug"),
        tell("b", "闻堤小学让家长签承诺书", "承诺书上写着自愿放弃追究", day=3, severity=2, topic="education"),
        tell("c", "临栖小学门口天天堵车", "接送时段没有交警疏导", day=3, severity=2, topic="education"),
        tell("d", "闻堤小学操场塑胶跑道翻新", "旧跑道起皮了", day=30, severity=1, topic="education"),
    ]
    events = {one.post.post_id: one.event.id for one in EventIndex(WINDOW).assign(told)}
    assert events["a"] == events["b"]
    assert len({events["a"], events["c"], events["d"]}) == 3
