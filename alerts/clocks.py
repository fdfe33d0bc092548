"""Which deadlines start when a case opens. Limits and their sources are in configs/clocks.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.calendar import Due, WorkCalendar
from alerts.model import RunningClock
from configs.catalog import Catalog, Clock, ClockSet

__all__ = ["WorkCalendar", "pick_set", "start_clocks", "stop_clocks", "with_stricter"]


def pick_set(catalog: Catalog, grade: str | None, severity: int, named: str = "") -> ClockSet | None:
    """The set a route names, else the first whose grade and severity hold; None when none does."""
    chosen = next((item for item in catalog.clock_sets if item.key == named), None)
    if chosen:
        return chosen
    return next((item for item in catalog.clock_sets if _holds(item, grade, severity)), None)


def start_clocks(
    catalog: Catalog, calendar: WorkCalendar, grade: str | None, severity: int, now: datetime, named: str = ""
) -> tuple[RunningClock, ...]:
    """The clocks of the case's set, all started `now`. `grade`: the event's statutory grade or None."""
    chosen = pick_set(catalog, grade, severity, named)
    if chosen is None:
        return ()
    known = {clock.key: clock for clock in catalog.clocks}
    return tuple(_start(known[key], calendar, now) for key in chosen.clocks)


def stop_clocks(
    clocks: Sequence[RunningClock], verb: str, now: datetime, *, all_of_them: bool
) -> tuple[RunningClock, ...]:
    """The clocks after `verb` happened; the closing of a case stops all of them."""
    return tuple(
        replace(clock, done_at=now) if clock.done_at is None and (all_of_them or verb in clock.done_by) else clock
        for clock in clocks
    )


def with_stricter(running: Sequence[RunningClock], started: Sequence[RunningClock]) -> tuple[RunningClock, ...]:
    """Add the clocks of a stricter set: those that already run go on, so nobody gains time by a graver post."""
    have = {clock.key for clock in running}
    return (*running, *(clock for clock in started if clock.key not in have))


def _holds(item: ClockSet, grade: str | None, severity: int) -> bool:
    return severity >= item.severity_min and (not item.grades or grade in item.grades)


def _start(clock: Clock, calendar: WorkCalendar, now: datetime) -> RunningClock:
    due = _due(clock, calendar, now)
    return RunningClock(
        key=clock.key,
        name=clock.name,
        source=clock.source,
        started_at=now,
        due_at=due.at,
        due_soon_at=max(now, due.at - timedelta(hours=clock.due_soon_hours)),
        local=clock.local,
        provisional=due.provisional,
        done_by=clock.done_by,
    )


def _due(clock: Clock, calendar: WorkCalendar, now: datetime) -> Due:
    if clock.hours is not None:
        return Due(now + timedelta(hours=clock.hours), provisional=False)
    return calendar.add_working_days(now, clock.working_days or 1)
