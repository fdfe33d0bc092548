"""Working days in China: the State Council's notices as `chinesecalendar` knows them, with an override from configs/.

The library ends with the last notice it was built with and raises beyond. After that a day counts as off when it is a
weekend or a holiday with a fixed date (全国年节及纪念日放假办法 art. 2: 1 January, 1-2 May, 1-3 October), and what was
computed with such days is marked provisional: spring festival and make-up days can still move it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from configs.catalog import SHANGHAI, Calendar

FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})  # (month, day)
NO_OVERRIDES = Calendar()
CLOSING = time(17, 30)  # of the last day: 民法典 art. 203 lets a period end when business ends


@dataclass(frozen=True, slots=True)
class Due:
    """An instant (UTC), and whether it hangs on a calendar that is not published yet."""

    at: datetime
    provisional: bool


class WorkCalendar:
    """`overrides` go before the library; a year that has any entry there counts as published."""

    def __init__(self, overrides: Calendar = NO_OVERRIDES) -> None:
        self._off = frozenset(overrides.holidays)
        self._worked = frozenset(overrides.workdays)
        self._years = {day.year for day in self._off | self._worked}

    def is_working_day(self, day: date) -> bool:
        if day in self._worked:
            return True
        if day in self._off:
            return False
        published = _published(day)
        if published is not None:
            return published
        return day.weekday() < 5 and (day.month, day.day) not in FIXED_HOLIDAYS

    def is_provisional(self, day: date) -> bool:
        """Whether no notice says what this day is."""
        return day.year not in self._years and _published(day) is None

    def add_working_days(self, start: datetime, days: int) -> Due:
        """The closing hour of the `days`-th working day after the day of `start` (Shanghai), as an instant.

        The first day is not counted (民法典 art. 201).
        """
        day = start.astimezone(SHANGHAI).date()
        provisional = False
        while days > 0:
            day += timedelta(days=1)
            provisional = provisional or self.is_provisional(day)
            days -= self.is_working_day(day)
        return Due(_closing(day), provisional)

    def count_working_days(self, start: datetime, end: datetime) -> int:
        """Working days after the day of `start`, the day of `end` included."""
        day, last = start.astimezone(SHANGHAI).date(), end.astimezone(SHANGHAI).date()
        return sum(self.is_working_day(day + timedelta(days=n)) for n in range(1, (last - day).days + 1))

    def after_pause(self, due: datetime, start: datetime, end: datetime) -> datetime:
        """Where the closing hour `due` moves to by a pause: as many working days later as began in it, and at least by its
        length, so that no pause costs an office time."""
        days = self.count_working_days(start, end)
        moved = self.add_working_days(due, days).at if days else due
        return max(moved, self._closing_from(due + (end - start)))

    def _closing_from(self, at: datetime) -> datetime:
        """The first closing hour of a working day that is not before `at`."""
        day = at.astimezone(SHANGHAI).date()
        while not self.is_working_day(day) or _closing(day) < at:
            day += timedelta(days=1)
        return _closing(day)


def _closing(day: date) -> datetime:
    return datetime.combine(day, CLOSING, SHANGHAI).astimezone(UTC)


@lru_cache(maxsize=4096)
def _published(day: date) -> bool | None:
    """Whether the library knows the day as worked; None where it ends."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None
