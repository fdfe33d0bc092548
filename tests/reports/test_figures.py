"""Every figure against numbers counted by hand, and against its own ids and filter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from alerts.ledger import Meter, SourceRun
from alerts.model import Action, Case
from reports.brief import brief_of
from reports.definitions import load_definitions
from reports.detail import fits
from reports.week import Figure, Line, Week
from tests.reports.weeks import (
    AFTER,
    DAY,
    HOUR,
    MONDAY,
    START,
    full_week,
    make_alert,
    make_case,
    make_clock,
    make_event,
    make_history,
    make_post,
    make_week,
)


def post_figures(week: Week) -> Iterator[Figure]:
    """Every figure that counts posts."""
    yield from week.totals
    groups = (week.days, week.topics, week.areas, week.regions, week.sentiments, week.severities, week.kinds)
    for line in (line for lines in groups for line in lines):
        yield from (line.posts, line.negative, line.grave)
    yield from (figure for row in week.hours for figure in row)
    yield from (line.posts for line in week.sources)
    yield from (line.week_posts for line in week.events)
    yield from week.words
    yield from week.set_aside


def names(lines: tuple[Line, ...]) -> dict[str, float | None]:
    return {line.name: line.posts.value for line in lines}


def test_the_filter_of_every_figure_finds_exactly_its_ids() -> None:
    week = full_week()
    figures = list(post_figures(week))
    assert len(figures) > 200
    for figure in figures:
        found = [row.id for row in week.details if fits(row, figure.where)]
        assert sorted(found) == sorted(figure.ids), figure.name
        assert figure.value == len(figure.ids)


def test_the_parts_add_up_to_the_total() -> None:
    week = full_week()
    total = week.total("posts").value
    groups = (week.days, week.topics, week.areas, week.regions, week.sentiments, week.severities, week.kinds)
    assert [sum(line.posts.value or 0 for line in lines) for lines in groups] == [total] * len(groups)
    assert sum(figure.value or 0 for row in week.hours for figure in row) == total
    assert sum(line.posts.value or 0 for line in week.sources) == total


@pytest.mark.parametrize(
    ("sentence", "offset", "this", "last"),
    [
        ("Monday 00:00 in Shanghai belongs to the week", timedelta(0), 1, 0),
        ("one second earlier to the week before", timedelta(seconds=-1), 0, 1),
        ("the last second of Sunday", 7 * DAY - timedelta(seconds=1), 1, 0),
        ("the Monday after to no week of these", 7 * DAY, 0, 0),
        ("two weeks before neither", -7 * DAY - timedelta(seconds=1), 0, 0),
    ],
)
def test_a_week_goes_from_monday_to_monday_in_shanghai(sentence: str, offset: timedelta, this: int, last: int) -> None:
    posts = make_week([make_post("p", START + offset)]).total("posts")
    assert (posts.value, posts.before) == (this, last)


def test_a_week_that_is_not_over_is_held_against_the_same_days_of_the_last() -> None:
    posts = [make_post("a", START + HOUR), make_post("b", START - 6 * DAY), make_post("c", START - 1 * DAY)]
    week = make_week(posts, now=START + 2 * DAY)
    assert not week.complete
    assert (week.total("posts").value, week.total("posts").before) == (1, 1)


def test_only_a_monday_begins_a_week() -> None:
    from reports.detail import span_of

    with pytest.raises(ValueError, match="不是星期一"):
        span_of(MONDAY + DAY, AFTER)


def test_changes_and_their_share() -> None:
    posts = [make_post(f"p{number}", START + DAY) for number in range(3)] + [make_post("q", START - DAY)]
    total = make_week(posts).total("posts")
    assert (total.change, total.ratio) == (2, 2.0)
    assert make_week(posts[:3]).total("posts").ratio is None


def test_what_is_set_aside_counts_nowhere_but_under_its_reason() -> None:
    week = make_week([make_post("a", START, set_aside="advert"), make_post("b", START)])
    assert week.total("posts").ids == ("b",)
    assert [(item.name, item.ids) for item in week.set_aside] == [("不计入：广告", ("a",))]
    assert len(week.details) == 2


def test_areas_are_all_there_even_if_empty() -> None:
    assert names(make_week([make_post("a", START)]).areas) == {"工资拖欠": 1, "生态环境": 0, "其他": 0}


def test_places_have_their_full_names() -> None:
    posts = [make_post("a", START), make_post("b", START, place="330100"), make_post("c", START, place="")]
    assert names(make_week(posts).regions) == {"金华市义乌市": 1, "杭州市": 1, "地点不明": 1}


def test_the_brief_names_no_province_among_the_places_with_most_posts() -> None:
    posts = [make_post(name, START, place="330000") for name in "abc"] + [make_post("d", START)]
    week = make_week(posts)
    assert names(week.regions) == {"浙江省（未定位到市县）": 3, "金华市义乌市": 1}
    said = repr(brief_of(week))
    assert "信息较多的是金华市义乌市（1 条）" in said


def test_a_word_counts_once_per_post_and_not_in_near_copies() -> None:
    posts = [
        make_post("a", START, keywords=("欠薪", "欠薪")),
        make_post("b", START, keywords=("欠薪",), near_copy_of="a"),
        make_post("c", START - DAY, keywords=("旧词",)),
    ]
    assert [(word.name, word.ids) for word in make_week(posts).words] == [("欠薪", ("a",))]


def test_events_are_those_with_posts_this_week_the_hottest_first() -> None:
    posts = [make_post("a", START), make_post("b", START), make_post("c", START - DAY)]
    events = [make_event("e1", heat=1), make_event("e2", heat=9), make_event("e3", heat=99)]
    case = make_case(2, START)
    week = make_week(posts, events=events, links={"a": "e1", "b": "e2", "c": "e3"}, cases=[case])
    assert [(line.event.id, line.case_number) for line in week.events] == [("e2", case.number), ("e1", "")]
    assert week.events[0].state == "已派单"


def test_cases_opened_answered_closed_and_still_open() -> None:
    old = make_case(1, START - 10 * DAY)
    done = make_case(2, START + DAY, state="closed", closed_at=START + 3 * DAY)
    gone = make_case(3, START - 9 * DAY, state="closed", closed_at=START - 8 * DAY)
    later = make_case(4, START + 8 * DAY)
    history = make_history(
        done, ("dispatched", START + DAY), ("answered", START + 2 * DAY), ("closed", START + 3 * DAY)
    )
    week = make_week(cases=[old, done, gone, later], actions=history)
    assert set(week.total("open").ids) == {old.number, done.number}
    for key in ("opened", "answered", "closed"):
        assert week.total(key).ids == (done.number,)
    assert week.total("open").before == 1


def relapse(case: Case, at: datetime, office: str = "") -> Action:
    data = {"office": office} if office else {}
    return Action(f"{case.id}:relapse", case.id, at, "system", "relapse", "", "closed", "dispatched", data)


def test_a_relapse_counts_for_the_office_that_had_closed_the_case() -> None:
    back = make_case(1, START - 9 * DAY, relapses=2, office="gov")
    earlier = make_case(2, START - 9 * DAY, relapses=1)
    quiet = make_case(3, START - 9 * DAY)
    closed = ("dispatched", START - 9 * DAY), ("answered", START - 8 * DAY), ("closed", START - 7 * DAY)
    actions = [
        *make_history(back, *closed, office="huanjing"),
        relapse(back, START + DAY, "gov"),
        *make_history(earlier, *closed),
        relapse(earlier, START - 6 * DAY),
        *make_history(quiet, *closed[:1]),
    ]
    week = make_week(cases=[back, earlier, quiet], actions=actions)
    found = week.total("relapsed")
    assert (found.ids, found.before_ids) == ((back.number,), (earlier.number,))
    assert {line.office: line.relapsed.ids for line in week.offices if line.relapsed.value} == {
        "huanjing": (back.number,)
    }
    assert {line.office: line.received.ids for line in week.offices}["gov"] == (back.number,)
    assert [line.case.number for line in week.cases if line.relapsed] == [back.number]


@pytest.mark.parametrize(
    ("sentence", "due", "done", "late"),
    [
        ("runs out in the week, never done", START + DAY, None, True),
        ("ran out before the week and is still open", START - 2 * DAY, None, True),
        ("done late in the week", START + DAY, START + 2 * DAY, True),
        ("done late, before the week", START - 3 * DAY, START - 2 * DAY, False),
        ("done in time", START + 2 * DAY, START + DAY, False),
        ("done at the last instant", START + DAY, START + DAY, False),
        ("runs out after the week", START + 8 * DAY, None, False),
    ],
)
def test_overdue_in_the_week(sentence: str, due: object, done: object, late: bool) -> None:
    case = make_case(1, START - 5 * DAY, clocks=(make_clock(due, done),))  # type: ignore[arg-type]
    overdue = make_week(cases=[case]).total("overdue")
    assert bool(overdue.value) is late
    assert overdue.ids == ((case.number,) if late else ())


def test_a_clock_of_a_closed_case_stopped_when_it_was_closed() -> None:
    case = make_case(1, START, state="closed", closed_at=START + DAY, clocks=(make_clock(START + 2 * DAY),))
    assert make_week(cases=[case]).total("overdue").value == 0


def test_answered_in_time_has_numerator_and_denominator() -> None:
    good = make_case(1, START, clocks=(make_clock(START + 2 * DAY, START + DAY),))
    late = make_case(2, START, clocks=(make_clock(START + HOUR, START + DAY),))
    missed = make_case(3, START, clocks=(make_clock(START + HOUR, None), make_clock(START + 2 * DAY, START + DAY)))
    steps = [
        action
        for case in (good, late, missed)
        for action in make_history(case, ("dispatched", START), ("answered", START + DAY))
    ]
    rate = make_week(cases=[good, late, missed], actions=steps).total("answered_in_time")
    assert rate.value == pytest.approx(1 / 3)
    assert (rate.ids, rate.whole) == ((good.number,), 3)
    assert make_week(cases=[good]).total("answered_in_time").value is None


def test_offices_their_medians_and_whose_step_it_was() -> None:
    moved = make_case(1, START, office="huanjing")
    quick = make_case(2, START)
    slow = make_case(3, START)
    actions = [
        *make_history(moved, ("dispatched", START), ("objected", START + HOUR), office="renshe"),
        *make_history(moved, ("dispatched", START + 2 * HOUR), ("accepted", START + 5 * HOUR), office="huanjing"),
        *make_history(quick, ("dispatched", START), ("accepted", START + HOUR), ("answered", START + 3 * HOUR)),
        *make_history(slow, ("dispatched", START), ("accepted", START + 3 * HOUR)),
    ]
    offices = {line.office: line for line in make_week(cases=[moved, quick, slow], actions=actions).offices}
    assert offices["renshe"].received.value == 3
    assert offices["renshe"].hours_to_accept.value == 2
    assert offices["renshe"].hours_to_answer.ids == (quick.number,)
    assert offices["huanjing"].received.ids == (moved.number,)
    assert offices["huanjing"].hours_to_accept.value == 3
    assert offices["huanjing"].hours_to_answer.value is None


def test_alerts_by_what_became_of_them() -> None:
    alerts = [make_alert("a", "sent"), make_alert("b", "failed"), make_alert("c", "muted"), make_alert("d", "sent")]
    totals = {figure.key: figure.ids for figure in make_week(alerts=alerts).alert_totals}
    assert totals["alerts.sent"] == ("a", "d")
    assert totals["alerts.failed"] == ("b",)
    assert totals["alerts.pending"] == ()


@pytest.mark.parametrize(
    ("sentence", "run", "status", "silent"),
    [
        ("never visited", None, "从未采集", True),
        ("not visited since before the week", SourceRun("board", START - DAY, True, 5, 0), "本周无采集", True),
        ("visited", SourceRun("board", START + DAY, True, 5, 0), "正常", False),
        ("failing", SourceRun("board", START + DAY, False, 0, 0, "连接超时"), "最近一次采集失败：连接超时", False),
    ],
)
def test_a_source_without_data_is_named(sentence: str, run: SourceRun | None, status: str, silent: bool) -> None:
    week = make_week(health=[run] if run else [])
    (board,) = [line for line in week.sources if line.key == "board"]
    assert (board.status, board.silent) == (status, silent)
    assert ("留言板" in [line.name for line in week.silent_sources]) is silent


def test_a_source_that_is_off_and_was_never_on_is_not_named() -> None:
    assert "资讯" not in [line.name for line in make_week().sources]


def test_an_imported_source_has_a_line_of_its_own() -> None:
    week = make_week([make_post("a", START, source="hotline_import", kind="hotline")])
    assert ("hotline_import", 1) in [(line.name, line.posts.value) for line in week.sources]


def test_only_losses_are_listed() -> None:
    meters = [Meter("crawl", "dropped", "robots", 3), Meter("judge", "handled", "", 9)]
    assert make_week(meters=meters).dropped == (meters[0],)


def test_an_empty_week_has_every_figure() -> None:
    week = make_week()
    assert week.total("posts").value == 0
    assert len(week.days) == 7
    assert [len(rows) for rows in (week.events, week.cases, week.offices)] == [0, 0, 0]


def test_the_week_has_its_iso_name() -> None:
    assert make_week().name == "2026-W47_20261116-20261122"


def test_every_total_is_defined() -> None:
    keys = {definition.key for definition in load_definitions()}
    week = full_week()
    for figure in (*week.totals, *week.case_totals):
        assert (figure.key in keys) or figure.key == "grave", figure.key
    assert all(definition.numerator for definition in load_definitions())
