"""The simulated offices: every step is one the state machine allows, and the town's cases end in many ways."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from alerts.cases import act
from alerts.model import Action, Case
from app.demo.offices import actor_of, data_of, manner_of, respond

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
TITLES = ("工地拖欠工资", "开发企业迟迟不复工", "食堂检查", "没有头绪的事", "体育馆开放时间太短", "别的")
TOPICS = ("wages", "housing", "food_drug", "none", "culture")


def make_case(number: int, severity: int = 2) -> Case:
    return Case(
        id=f"case-{number}",
        number=f"MS-{number}",
        event_id=f"e{number}",
        title=TITLES[number % len(TITLES)],
        topic=TOPICS[number % len(TOPICS)],
        region="330304",
        place="温州市瓯海区",
        office="yingji",
        helps=("zhujian",),
        state="dispatched",
        severity=severity,
        opened_at=START,
        updated_at=START,
    )


def live(case: Case, days: int = 0, hours: int = 0) -> tuple[Case, list[Action]]:
    """The case after so many days and hours in which somebody looks every hour."""
    actions: list[Action] = []
    for hour in range(days * 24 + hours):
        now = START + timedelta(hours=hour)
        step = respond(case, actions, now)
        if step is None:
            continue
        verb, note = step
        case, action = act(case, verb, actor_of(case, verb), now, note, data_of(case, verb))
        actions.append(action)
    return case, actions


def test_most_cases_are_closed_after_two_weeks_and_some_lie_open() -> None:
    ends = Counter(live(make_case(number), 14)[0].state for number in range(150))
    assert ends["closed"] > 90
    assert ends["dispatched"] > 0
    assert ends["in_progress"] > 0


def test_cases_of_many_ages_stand_at_every_point_of_their_life() -> None:
    states = Counter(live(make_case(number), hours=number)[0].state for number in range(150))
    assert set(states) >= {"dispatched", "accepted", "in_progress", "answered", "verified", "closed"}


def test_an_objection_is_raised_once_and_settled_by_the_staff_on_duty() -> None:
    case = next(make_case(number) for number in range(200) if manner_of(make_case(number)) == "objects")
    after, actions = live(case, 14)
    verbs = [action.verb for action in actions]
    assert verbs == ["object", "redispatch", "accept", "start", "answer", "verify", "close"]
    assert actions[1].actor == "duty"
    assert after.office == "zhujian"


def test_nobody_sleeps_over_a_grave_case() -> None:
    assert all(live(make_case(number, 4), 3)[0].state != "dispatched" for number in range(100))


def test_it_is_the_same_every_time() -> None:
    assert live(make_case(7), 10) == live(make_case(7), 10)


def test_answers_are_varied_and_fit_the_topic() -> None:
    notes = Counter(
        action.note for number in range(150) for action in live(make_case(number), 10)[1] if action.verb == "answer"
    )
    assert len(notes) >= 6
    assert all(note for note in notes)


def test_an_answer_speaks_of_what_was_complained_of() -> None:
    wages = [case for case in map(make_case, range(0, 300)) if (case.topic, case.title) == ("wages", TITLES[0])]
    answers = [action.note for case in wages for action in live(case, 10)[1] if action.verb == "answer"]
    assert answers
    assert all("工资" in answer for answer in answers)


def test_nothing_is_done_before_its_time() -> None:
    assert all(respond(make_case(number), [], START) is None for number in range(50))


def test_a_late_office_promises_a_day_and_the_staff_on_duty_check_it() -> None:
    case = next(make_case(number) for number in range(200) if manner_of(make_case(number)) == "late")
    after, actions = live(case, 14)
    verbs = [action.verb for action in actions]
    assert verbs == ["accept", "start", "promise", "answer", "check_promise", "verify", "close"]
    (promise,) = after.promises
    assert (promise.kept, promise.made_by, promise.checked_by) == (True, "yingji", "duty")
    assert promise.what
