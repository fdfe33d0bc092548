"""When an office is open, and when it opens next. All instants are aware; hours are of Shanghai."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from alerts.calendar import WorkCalendar
from configs.catalog import SHANGHAI

DAY = timedelta(days=1)
FARTHEST = 40  # days looked ahead; no holiday is as long


def is_open(calendar: WorkCalendar, hours: str, at: datetime) -> bool:
    """`hours` as "08:30-17:30": on working days from the first minute until before the last; "00:00-23:59" always."""
    start, end = _span(hours)
    if _always(start, end):
        return True
    local = at.astimezone(SHANGHAI)
    return calendar.is_working_day(local.date()) and start <= local.time() < end


def next_opening(calendar: WorkCalendar, hours: str, at: datetime) -> datetime:
    """`at` itself while it is open."""
    start, _ = _span(hours)
    return at if is_open(calendar, hours, at) else next_time(calendar, at, start)


def next_time(calendar: WorkCalendar, at: datetime, clock: time, *, every_day: bool = False) -> datetime:
    """The next instant after `at` at which it is this time of a working day (of any day with `every_day`)."""
    first = at.astimezone(SHANGHAI).date()
    for n in range(FARTHEST):
        day = first + n * DAY
        found = datetime.combine(day, clock, SHANGHAI).astimezone(at.tzinfo)
        if found > at and (every_day or calendar.is_working_day(day)):
            return found
    return at + DAY


def is_always_open(hours: str) -> bool:
    return _always(*_span(hours))


def midnight(at: datetime) -> datetime:
    """The beginning of the day in Shanghai."""
    day: date = at.astimezone(SHANGHAI).date()
    return datetime.combine(day, time(), SHANGHAI).astimezone(at.tzinfo)


def _span(hours: str) -> tuple[time, time]:
    start, _, end = hours.partition("-")
    return time.fromisoformat(start), time.fromisoformat(end)


def _always(start: time, end: time) -> bool:
    return start == time(0, 0) and end >= time(23, 59)
