"""Which deadlines start when, how they pause, and what becomes of them when the calendar of a year comes out.

Limits and their sources are in configs/clocks.yaml. All functions are pure: clocks in, clocks out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.calendar import Due, WorkCalendar
from alerts.model import Case, RunningClock
from configs.catalog import Catalog, Clock, ClockSet, Route

__all__ = [
    "OBJECTION",
    "WorkCalendar",
    "clocks_for",
    "clocks_of_case",
    "pause_clocks",
    "pick_set",
    "pick_sets",
    "resume_clocks",
    "settle_clocks",
    "start_clocks",
    "stop_clocks",
    "with_stricter",
]

OPENING = ("report", "respond", "handle")  # the parts that start when a case opens, in the order they are shown
OBJECTION = "objection"  # the clock of the objection itself: whatever settles the objection stops it


@dataclass(frozen=True, slots=True)
class Matter:
    """What sets are chosen by; "" where it is not known, which no list of conditions accepts. `office` is a key."""

    grade: str | None
    severity: int
    intent: str = ""
    topic: str = ""
    office: str = ""


def pick_set(catalog: Catalog, matter: Matter, part: str, named: str = "") -> ClockSet | None:
    """The part's set that a route names, else its first whose conditions hold; None when none does."""
    sets = [item for item in catalog.clock_sets if item.part == part]
    chosen = next((item for item in sets if item.key == named), None)
    return chosen or next((item for item in sets if _holds(item, matter)), None)


def pick_sets(catalog: Catalog, matter: Matter, named: str = "", parts: Sequence[str] = OPENING) -> list[ClockSet]:
    """One set of each part that has one, in the order of the parts."""
    found = (pick_set(catalog, matter, part, named) for part in parts)
    return [item for item in found if item is not None]


def clocks_for(catalog: Catalog, matter: Matter, named: str = "", parts: Sequence[str] = OPENING) -> list[Clock]:
    """The clocks of those sets, each once, in the order they are shown."""
    keys = dict.fromkeys(key for item in pick_sets(catalog, matter, named, parts) for key in item.clocks)
    known = {clock.key: clock for clock in catalog.clocks}
    return [known[key] for key in keys]


def start_clocks(
    catalog: Catalog,
    calendar: WorkCalendar,
    grade: str | None,
    severity: int,
    now: datetime,
    named: str = "",
    *,
    intent: str = "",
    topic: str = "",
    office: str = "",
    parts: Sequence[str] = OPENING,
) -> tuple[RunningClock, ...]:
    """The clocks of a case, all started `now`.

    Args:
        grade: the event's statutory grade or None.
        named: the set that the route names; it stands in for the set of its own part.
        office: an office id; its key counts.
    """
    matter = Matter(grade, severity, intent, topic, office.partition("@")[0])
    return tuple(_start(clock, calendar, now) for clock in clocks_for(catalog, matter, named, parts))


def by_due(clocks: Iterable[RunningClock]) -> list[RunningClock]:
    """As people are shown them: those not yet done, the first due first, then those that are done."""
    return sorted(clocks, key=lambda clock: (clock.done_at is not None, clock.due_at))


def clocks_of_case(
    catalog: Catalog, calendar: WorkCalendar, case: Case, now: datetime, parts: Sequence[str] = OPENING
) -> tuple[RunningClock, ...]:
    """The clocks that a case as it is now would start."""
    return start_clocks(
        catalog,
        calendar,
        case.event_grade,
        case.severity,
        now,
        named_set(catalog.routes, case.route),
        intent=case.intent,
        topic=case.topic,
        office=case.office,
        parts=parts,
    )


def named_set(route: Route, key: str, inherited: str = "") -> str:
    """The clock set that the route of this key names or inherits; "" when it names none or is gone."""
    here = route.clocks or inherited
    if route.key == key:
        return here
    return next((found for child in route.routes if (found := named_set(child, key, here))), "")


def stop_clocks(
    clocks: Sequence[RunningClock], verb: str, now: datetime, *, all_of_them: bool
) -> tuple[RunningClock, ...]:
    """The clocks after `verb` happened; the closing of a case stops all of them."""
    return tuple(
        replace(clock, done_at=now) if clock.done_at is None and (all_of_them or verb in clock.done_by) else clock
        for clock in clocks
    )


def pause_clocks(clocks: Sequence[RunningClock], now: datetime) -> tuple[RunningClock, ...]:
    """While the case is objected to, its clocks stand still, but for those that no dispute within the house may stop."""
    return tuple(replace(clock, paused_at=now) if clock.runs and clock.pauses else clock for clock in clocks)


def resume_clocks(clocks: Sequence[RunningClock], now: datetime, calendar: WorkCalendar) -> tuple[RunningClock, ...]:
    """The objection is settled: what stood still goes on, due later by the pause; the objection's own clock stops."""
    return tuple(_resumed(clock, now, calendar) for clock in clocks)


def with_stricter(running: Sequence[RunningClock], started: Sequence[RunningClock]) -> tuple[RunningClock, ...]:
    """Add the clocks of a stricter set: those that already run go on, so nobody gains time by a graver post."""
    have = {clock.key for clock in running}
    return (*running, *(clock for clock in started if clock.key not in have))


def settle_clocks(clocks: Sequence[RunningClock], calendar: WorkCalendar) -> tuple[RunningClock, ...]:
    """Provisional deadlines counted again by the calendar as it is known now."""
    return tuple(_settled(clock, calendar) for clock in clocks)


def restarted(clock: RunningClock, now: datetime, calendar: WorkCalendar) -> RunningClock:
    """The same clock from now on: as many working days, else the same span."""
    due = Due(now + (clock.due_at - clock.started_at), provisional=False)
    if clock.working_days:
        due = calendar.add_working_days(now, clock.working_days)
    warning = clock.due_at - clock.due_soon_at
    return replace(
        clock,
        started_at=now,
        due_at=due.at,
        due_soon_at=max(now, due.at - warning),
        done_at=None,
        provisional=due.provisional,
        paused_at=None,
        paused_seconds=0,
        extended=0,
    )


def moved_to(clock: RunningClock, due_at: datetime) -> RunningClock:
    """Due later, the reminder as long before it as it was."""
    return replace(clock, due_at=due_at, due_soon_at=clock.due_soon_at + (due_at - clock.due_at))


def _resumed(clock: RunningClock, now: datetime, calendar: WorkCalendar) -> RunningClock:
    if clock.key == OBJECTION and clock.done_at is None:
        return replace(clock, done_at=now, paused_at=None)
    if clock.paused_at is None or clock.done_at is not None:
        return clock
    pause = max(timedelta(), now - clock.paused_at)
    going = replace(clock, paused_at=None, paused_seconds=clock.paused_seconds + int(pause.total_seconds()))
    if clock.working_days is None:
        return moved_to(going, clock.due_at + pause)
    later = moved_to(going, calendar.after_pause(clock.due_at, clock.paused_at, clock.paused_at + pause))
    days = calendar.count_working_days(clock.started_at, later.due_at)
    return replace(later, working_days=days, provisional=calendar.add_working_days(clock.started_at, days).provisional)


def _settled(clock: RunningClock, calendar: WorkCalendar) -> RunningClock:
    if not (clock.runs and clock.provisional and clock.working_days):
        return clock
    due = calendar.add_working_days(clock.started_at, clock.working_days)
    return replace(moved_to(clock, due.at), provisional=due.provisional)


def _holds(item: ClockSet, matter: Matter) -> bool:
    lists = ((item.intents, matter.intent), (item.topics, matter.topic), (item.offices, matter.office))
    return (
        matter.severity >= item.severity_min
        and (not item.grades or matter.grade in item.grades)
        and all(not wanted or value in wanted for wanted, value in lists)
    )


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
        working_days=clock.working_days,
        pauses=clock.pauses,
    )


def _due(clock: Clock, calendar: WorkCalendar, now: datetime) -> Due:
    if clock.hours is not None:
        return Due(now + timedelta(hours=clock.hours), provisional=False)
    return calendar.add_working_days(now, clock.working_days or 1)
