from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.calendar import WorkCalendar
from alerts.clocks import (
    OPENING,
    Matter,
    moved_to,
    named_set,
    pause_clocks,
    pick_sets,
    resume_clocks,
    settle_clocks,
    start_clocks,
    stop_clocks,
    with_stricter,
)
from configs.catalog import SHANGHAI, Calendar, ClockSet, Route
from configs.loader import load_catalog
from tests.alerts.town import HOUR, NOW, catalog

TOWN = catalog()
CHINA = WorkCalendar()


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# ---- working days ----


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 25), True),  # a Wednesday
        (date(2026, 11, 28), False),  # a Saturday
        (date(2026, 10, 1), False),  # National Day
        (date(2026, 10, 10), True),  # a Saturday made up for it
        (date(2025, 1, 26), True),  # a Sunday made up for the spring festival
        (date(2027, 1, 1), False),  # beyond the library: a Friday, New Year
        (date(2027, 5, 2), False),  # beyond the library: Labour Day
        (date(2027, 5, 3), True),  # beyond the library: a Monday, not fixed by law
        (date(2027, 10, 4), True),  # beyond the library: a Monday, may yet become a holiday
        (date(2027, 11, 27), False),  # beyond the library: a Saturday
    ],
)
def test_working_days(day: date, works: bool) -> None:
    assert CHINA.is_working_day(day) is works


def test_the_calendar_file_goes_before_the_library() -> None:
    ours = WorkCalendar(Calendar(holidays=(date(2026, 11, 25),), workdays=(date(2026, 11, 28),)))
    assert not ours.is_working_day(date(2026, 11, 25))
    assert ours.is_working_day(date(2026, 11, 28))


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-11-25T10:00", 2, "2026-11-27T17:30"),  # Wednesday to Friday
        ("2026-11-26T23:50", 2, "2026-11-30T17:30"),  # Thursday night, over the weekend
        ("2026-11-28T09:00", 1, "2026-11-30T17:30"),  # starts on a Saturday
        ("2026-09-30T10:00", 1, "2026-10-08T17:30"),  # over National Day
    ],
)
def test_the_first_day_does_not_count_and_the_last_ends_at_closing(start: str, days: int, due: str) -> None:
    assert CHINA.add_working_days(shanghai(start), days).at == shanghai(due)


def test_what_hangs_on_an_unpublished_year_is_provisional() -> None:
    assert not CHINA.add_working_days(shanghai("2026-12-25T10:00"), 2).provisional
    assert CHINA.add_working_days(shanghai("2026-12-30T10:00"), 5).provisional
    told = WorkCalendar(Calendar(holidays=(date(2027, 1, 1),)))
    assert not told.add_working_days(shanghai("2026-12-30T10:00"), 5).provisional


instants = st.datetimes(datetime(2020, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(start=instants, days=st.integers(1, 30))
def test_a_due_day_is_a_working_day_and_more_days_end_later(start: datetime, days: int) -> None:
    due = CHINA.add_working_days(start, days)
    assert due.at > start
    assert CHINA.is_working_day(due.at.astimezone(SHANGHAI).date())
    assert CHINA.add_working_days(start, days + 1).at > due.at


@given(start=instants, later=st.timedeltas(timedelta(0), timedelta(days=20)), days=st.integers(1, 20))
def test_who_starts_later_is_not_due_earlier(start: datetime, later: timedelta, days: int) -> None:
    assert CHINA.add_working_days(start + later, days).at >= CHINA.add_working_days(start, days).at


# ---- clocks ----


@pytest.mark.parametrize(
    ("grade", "severity", "named", "hours"),
    [
        ("特别重大", 4, "", {"publish": 5, "press": 24}),
        ("重大", 1, "", {"publish": 5, "press": 24}),
        ("较大", 4, "", {"publish": 5, "respond": 48}),
        (None, 4, "", {"publish": 5, "respond": 48}),
        (None, 3, "", {"respond": 48}),
        (None, 1, "", {"respond": 48}),
        (None, 4, "ordinary", {"respond": 48}),
        (None, 1, "unknown", {"respond": 48}),
    ],
)
def test_which_clocks_start(grade: str | None, severity: int, named: str, hours: dict[str, int]) -> None:
    clocks = start_clocks(TOWN, CHINA, grade, severity, NOW, named)
    spans = {clock.key: (clock.due_at - NOW) / HOUR for clock in clocks if clock.key != "verify"}
    assert spans == hours


def test_a_clock_says_where_it_comes_from() -> None:
    publish, _, verify = start_clocks(TOWN, CHINA, "重大", 4, NOW)
    assert (publish.source, publish.local) == ("国办发〔2016〕80号", False)
    assert (verify.name, verify.local, verify.done_by) == ("核查", True, ("verify", "close"))
    assert publish.due_soon_at == NOW + 4 * HOUR


def test_no_set_starts_no_clock() -> None:
    assert start_clocks(catalog(clock_sets=()), CHINA, None, 4, NOW) == ()
    assert pick_sets(catalog(clock_sets=()), Matter(None, 4)) == []


@given(
    grade=st.sampled_from([None, "一般", "较大", "重大", "特别重大"]),
    severity=st.integers(1, 4),
    now=instants,
    named=st.sampled_from(["", "slow", "major"]),
)
def test_clocks_are_due_after_they_start(grade: str | None, severity: int, now: datetime, named: str) -> None:
    for clock in start_clocks(TOWN, CHINA, grade, severity, now, named):
        assert clock.started_at == now
        assert now <= clock.due_soon_at <= clock.due_at
        assert clock.due_at > now
        assert clock.done_at is None


@given(now=instants, later=st.timedeltas(timedelta(0), timedelta(days=40)), severity=st.integers(1, 4))
def test_clocks_are_monotone(now: datetime, later: timedelta, severity: int) -> None:
    first = start_clocks(TOWN, CHINA, "重大", severity, now)
    second = start_clocks(TOWN, CHINA, "重大", severity, now + later)
    assert all(a.due_at <= b.due_at for a, b in zip(first, second, strict=True))


def test_a_verb_stops_the_clocks_that_wait_for_it() -> None:
    clocks = start_clocks(TOWN, CHINA, "重大", 4, NOW)
    answered = stop_clocks(clocks, "answer", NOW + HOUR, all_of_them=False)
    assert {clock.key: clock.done_at for clock in answered} == {
        "publish": NOW + HOUR,
        "press": NOW + HOUR,
        "verify": None,
    }
    closed = stop_clocks(answered, "duplicate", NOW + 2 * HOUR, all_of_them=True)
    assert [clock.done_at for clock in closed] == [NOW + HOUR, NOW + HOUR, NOW + 2 * HOUR]


def test_a_graver_set_gives_nobody_more_time() -> None:
    running = start_clocks(TOWN, CHINA, None, 1, NOW)
    stricter = with_stricter(running, start_clocks(TOWN, CHINA, None, 4, NOW + 10 * HOUR))
    assert [(clock.key, clock.started_at) for clock in stricter] == [("respond", NOW), ("publish", NOW + 10 * HOUR)]


# ---- the shipped sets -----------------------------------------------------------------------------

SHIPPED = load_catalog([])
COMPLAINT = {"respond", "handle_complaint"}


@pytest.mark.parametrize(
    ("grade", "severity", "more", "keys"),
    [
        (None, 1, {"intent": "complaint"}, COMPLAINT),
        (None, 2, {"intent": "help"}, {"respond", "handle_help"}),
        (None, 2, {"intent": "suggest"}, {"respond", "handle_help"}),
        (None, 1, {"intent": "ask"}, {"handle_ask"}),
        (None, 3, {"intent": "ask"}, {"respond", "verify", "handle_ask"}),
        (None, 3, {"intent": "report"}, {*COMPLAINT, "verify"}),
        (None, 4, {"intent": "complaint"}, {*COMPLAINT, "report", "verify"}),
        ("重大", 4, {"intent": "complaint"}, {"report", "publish", "press", "verify", "handle_complaint"}),
        ("一般", 3, {"topic": "safety"}, {*COMPLAINT, "report_accident", "report_up", "verify"}),
        (None, 4, {"topic": "safety"}, {*COMPLAINT, "report_accident", "report_up", "verify"}),
        (None, 4, {"topic": "food_drug"}, {*COMPLAINT, "report_outbreak", "verify"}),
        (None, 2, {"topic": "safety"}, COMPLAINT),
        (None, 2, {"named": "petition"}, {"respond", "petition_accept", "petition_close"}),
        (None, 1, {"named": "consult", "intent": "ask"}, {"handle_ask"}),
        (None, 1, {"named": "disclosure", "intent": "ask"}, {"disclosure"}),
        (
            None,
            2,
            {"topic": "wages", "office": "renshe@330109", "intent": "report"},
            {*COMPLAINT, "labour_inspection"},
        ),
        (None, 2, {"topic": "wages", "office": "zhujian", "intent": "report"}, COMPLAINT),
        (None, 2, {"parts": ("growth",)}, {"report", "verify"}),
    ],
)
def test_the_shipped_sets(grade: str | None, severity: int, more: dict[str, str], keys: set[str]) -> None:
    assert {clock.key for clock in start_clocks(SHIPPED, CHINA, grade, severity, NOW, **more)} == keys


def test_the_limits_of_the_central_documents() -> None:
    clocks = {clock.key: clock for clock in SHIPPED.clocks}
    assert {key: clocks[key].hours for key in ("report_accident", "report_up", "report_outbreak")} == {
        "report_accident": 1,
        "report_up": 2,
        "report_outbreak": 2,
    }
    assert {key: clocks[key].working_days for key in ("handle_ask", "handle_help", "handle_complaint")} == {
        "handle_ask": 2,
        "handle_help": 10,
        "handle_complaint": 15,
    }
    assert not any(clocks[key].pauses for key in ("publish", "press", "report", "report_accident", "report_outbreak"))


def test_a_set_may_ask_for_the_office_that_leads() -> None:
    ours = ClockSet(key="ours", name="本局", offices=("renshe",), clocks=("press",))
    town = catalog(clock_sets=(ours, *TOWN.clock_sets))
    keys = [
        [clock.key for clock in start_clocks(town, CHINA, None, 1, NOW, office=one)]
        for one in ("renshe@330109", "gongan")
    ]
    assert keys == [["press"], ["respond"]]


def test_a_route_hands_its_set_down() -> None:
    assert named_set(TOWN.routes, "petition") == "slow"
    assert named_set(TOWN.routes, "wages.site") == ""
    assert named_set(TOWN.routes, "gone") == ""
    child = Route(key="child")
    assert named_set(Route(key="root", routes=(Route(key="node", clocks="slow", routes=(child,)),)), "child") == "slow"


grades = st.sampled_from([None, "一般", "较大", "重大", "特别重大"])
ORDER = [None, "一般", "较大", "重大", "特别重大"]


@given(
    grade=grades,
    graver=grades,
    severity=st.integers(1, 4),
    worse=st.integers(0, 3),
    topic=st.sampled_from(["safety", "health", "wages", ""]),
    intent=st.sampled_from(["complaint", "help", "ask", "report", ""]),
    now=instants,
)
def test_what_is_graver_never_gets_more_time(
    grade: str | None, graver: str | None, severity: int, worse: int, topic: str, intent: str, now: datetime
) -> None:
    """The first deadline to report, to answer and to finish, each, comes no later; what both have is due alike."""
    graver = max(grade, graver, key=ORDER.index)
    mild = start_clocks(SHIPPED, CHINA, grade, severity, now, topic=topic, intent=intent)
    grave = start_clocks(SHIPPED, CHINA, graver, min(4, severity + worse), now, topic=topic, intent=intent)
    due = {clock.key: clock.due_at for clock in grave}
    assert all(due.get(clock.key, clock.due_at) == clock.due_at for clock in mild)
    for verb in ("report", "answer", "close"):
        ends = [clock.due_at for clock in mild if verb == clock.done_by[0]]
        assert not ends or min(clock.due_at for clock in grave if verb == clock.done_by[0]) <= min(ends)


@given(now=instants, wait=st.integers(0, 20 * 24), pause=st.integers(0, 40 * 24), more=st.integers(0, 10 * 24))
def test_a_pause_never_shortens_and_a_longer_one_never_less(now: datetime, wait: int, pause: int, more: int) -> None:
    clocks = start_clocks(SHIPPED, CHINA, None, 3, now, intent="complaint")
    at = now + wait * HOUR
    paused = pause_clocks(clocks, at)
    assert all(clock.paused_at == at and not clock.runs for clock in paused)
    short, long = (resume_clocks(paused, at + hours * HOUR, CHINA) for hours in (pause, pause + more))
    for before, one, other in zip(clocks, short, long, strict=True):
        assert before.due_at + pause * HOUR <= one.due_at <= other.due_at
        assert one.runs
        assert one.due_soon_at <= one.due_at
        if one.working_days:
            assert CHINA.add_working_days(one.started_at, one.working_days).at == one.due_at


@given(
    now=instants,
    later=st.timedeltas(timedelta(0), timedelta(days=30)),
    pause=st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_who_starts_later_is_not_due_earlier_after_the_same_pause(
    now: datetime, later: timedelta, pause: timedelta
) -> None:
    at = now + timedelta(days=31)
    first, second = (
        resume_clocks(pause_clocks(start_clocks(SHIPPED, CHINA, None, 3, start), at), at + pause, CHINA)
        for start in (now, now + later)
    )
    assert all(one.due_at <= other.due_at for one, other in zip(first, second, strict=True))


def test_a_statutory_report_goes_on_while_the_case_is_objected_to() -> None:
    clocks = pause_clocks(start_clocks(SHIPPED, CHINA, "重大", 4, NOW), NOW + HOUR)
    assert {clock.key for clock in clocks if clock.runs} == {"report", "publish", "press"}


def test_the_objection_has_its_own_clock_which_ends_with_it() -> None:
    [clock] = start_clocks(SHIPPED, CHINA, None, 2, NOW, parts=("object",))
    assert (clock.key, clock.working_days, clock.local) == ("objection", 1, True)
    [done] = resume_clocks([clock], NOW + HOUR, CHINA)
    assert done.done_at == NOW + HOUR


def test_what_a_person_extended_is_not_counted_again() -> None:
    unknown = WorkCalendar()
    [_, verify, *_] = start_clocks(SHIPPED, unknown, None, 3, shanghai("2026-12-31T10:00"))
    known = WorkCalendar(Calendar(holidays=(date(2027, 1, 1), date(2027, 1, 4))))
    assert settle_clocks([verify], known)[0].due_at == shanghai("2027-01-06T17:30")
    extended = replace(moved_to(verify, verify.due_at + 9 * HOUR), working_days=None)
    assert settle_clocks([extended], known) == (extended,)


def test_parts_that_start_later_are_not_among_the_first() -> None:
    assert not {"growth", "object"} & set(OPENING)
