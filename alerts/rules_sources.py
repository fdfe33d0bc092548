"""source_silent and source_recovered: whether a source still tells anything, held against its own usual pace.

A source is silent when nothing has come for at least `window_hours` and, in the same hours of the same weekdays, the median of
its past `weeks` is at least `posts` posts. So nights, weekends and sources that seldom speak raise no alarm; hours of public
holidays and of make-up days, which are like no other week's, are not waited for. It has recovered with its next live post;
what was filled in from history is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from alerts.baseline import usual
from alerts.calendar import WorkCalendar
from alerts.ledger.meters import SourceRun
from alerts.ledger.tallies import Episode, Tallies, hour_of
from alerts.rules_windows import HOUR, LEAST_WEEKS, WEEK
from configs.catalog import SHANGHAI, Rule

SATURDAY, ONE_DAY = 5, timedelta(days=1)
LONGEST = timedelta(days=7)  # hours of a longer silence would be counted twice


@dataclass(frozen=True, slots=True)
class Silence:
    """`last`: its newest post. `usual`: how many posts the same hours usually bring. `failure`: why the last visit failed."""

    source: str
    last: datetime
    usual: float
    weeks: int
    failure: str = ""


def silent_sources(
    tallies: Tallies,
    rule: Rule,
    runs: Mapping[str, SourceRun],
    last: Mapping[str, datetime],
    calendar: WorkCalendar,
    now: datetime,
) -> Iterator[Silence]:
    for source, at in sorted(last.items()):
        if rule.match.sources and source not in rule.match.sources:
            continue
        if now - at < timedelta(hours=rule.window_hours):
            continue
        counts = _past(tallies, source, rule, ordinary_from(calendar, max(at, now - LONGEST), now), now)
        expected = usual(counts).median if len(counts) >= LEAST_WEEKS else 0.0
        if expected >= rule.posts:
            run = runs.get(source)
            yield Silence(source, at, expected, len(counts), run.reason if run and not run.ok else "")


def ordinary_from(calendar: WorkCalendar, since: datetime, now: datetime) -> datetime:
    """From when on all days until now are as their weekdays usually are."""
    day, first = now.astimezone(SHANGHAI).date(), since.astimezone(SHANGHAI).date()
    while day >= first:
        if calendar.is_working_day(day) != (day.weekday() < SATURDAY):
            return datetime.combine(day + ONE_DAY, time(), SHANGHAI)
        day -= ONE_DAY
    return since


def _past(tallies: Tallies, source: str, rule: Rule, at: datetime, now: datetime) -> list[int]:
    """What the whole hours of the silence brought in each of the past weeks that were counted."""
    since, until = hour_of(at) + HOUR, hour_of(now)
    begins = tallies.begins()
    if since >= until or begins is None:
        return []
    weeks = [(since - n * WEEK, until - n * WEEK) for n in range(1, rule.weeks + 1)]
    return [tallies.total(*week, source) for week in weeks if begins <= week[0]]


def recovered(last: Mapping[str, datetime], silent: Mapping[str, Episode]) -> Iterator[tuple[Episode, datetime]]:
    """The episodes of silence that a newer post has ended, with its time."""
    for source, one in sorted(silent.items()):
        at = last.get(source)
        if at is not None and at > one.began and not one.data.get("recovered"):
            yield one, at
