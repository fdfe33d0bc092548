from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.calendar import WorkCalendar
from alerts.clocks import pick_set, start_clocks, stop_clocks, with_stricter
from configs.catalog import SHANGHAI, Calendar
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
    assert pick_set(catalog(clock_sets=()), None, 4) is None


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
