"""The week's figures as values. Every figure names the posts, cases, events or alerts behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from alerts.ledger import Meter
from alerts.model import Alert, Case, Event

Sheet = Literal["信息明细", "案件", "事件", "预警"]
Where = Mapping[str, str]  # field -> the value it must have, on the sheet that lists the figure's ids


@dataclass(frozen=True, slots=True)
class Detail:
    """One post as the figures see it: names instead of keys. `counted` is "计入", or says why it is not.

    `week` is "本周" or "上周"; `day` (ISO) and `hour` (00 to 23) are Shanghai time.
    """

    id: str
    week: str
    day: str
    hour: str
    at: datetime
    fetched_at: datetime
    counted: str
    source: str
    kind: str
    topic: str
    area: str
    region: str
    sentiment: str
    intent: str
    severity: str
    office: str
    copy: str
    keywords: tuple[str, ...]
    event_id: str
    case_number: str
    title: str
    text: str
    url: str
    model: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with what it rests on.

    `ids` are the rows of `sheet` that make it up and `where` is the filter that finds them there. `before` is last
    week's number, None where there is none to compare. A rate has `whole`: its denominator. `value` None: nothing to
    measure.
    """

    key: str
    name: str
    value: float | None
    ids: tuple[str, ...] = ()
    unit: str = "条"
    before: float | None = None
    before_ids: tuple[str, ...] = ()
    sheet: Sheet = "信息明细"
    where: Where = field(default_factory=dict)
    whole: int | None = None

    @property
    def change(self) -> float | None:
        return None if self.value is None or self.before is None else self.value - self.before

    @property
    def ratio(self) -> float | None:
        """The change as a share of last week; None when last week was zero or is not known."""
        return None if self.change is None or not self.before else self.change / self.before


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table by topic, county, …: all posts of the group, and the negative and the grave among them."""

    name: str
    posts: Figure
    negative: Figure
    grave: Figure


@dataclass(frozen=True, slots=True)
class EventLine:
    """`week_posts` are this week's posts of the event; `office` and `state` are names, "" without a case."""

    event: Event
    topic: str
    severity: str
    week_posts: Figure
    office: str = ""
    case_number: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case that was open at some time in the week. Hours are wall clock hours; None: not done in the week.

    `late` names the clocks that were overdue in the week. `in_time`: of a case answered in the week, whether no clock
    that had fallen due by then was late. `relapsed`: closed, the problem came back in the week (回潮).
    """

    case: Case
    topic: str
    office: str
    state: str
    severity: str
    opened: bool
    closed: bool
    accepted_at: datetime | None = None
    hours_to_accept: float | None = None
    answered_at: datetime | None = None
    hours_to_answer: float | None = None
    in_time: bool | None = None
    late: tuple[str, ...] = ()
    relapsed: bool = False


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """What one office did in the week. The medians are over the cases in their ids; None: no such case.

    `relapsed`: cases that it had closed and that came back in the week, whoever has them now.
    """

    office: str
    name: str
    received: Figure
    accepted: Figure
    answered: Figure
    in_time: Figure
    closed: Figure
    overdue: Figure
    relapsed: Figure
    hours_to_accept: Figure
    hours_to_answer: Figure


@dataclass(frozen=True, slots=True)
class SourceLine:
    """How a source fared. `silent`: nothing of it was fetched in the week, which is not to say that all is well."""

    key: str
    name: str
    posts: Figure
    fetched: int
    last_at: datetime | None
    status: str
    silent: bool


@dataclass(frozen=True, slots=True)
class Week:
    """All figures of one week, Monday 00:00 to the next in Shanghai. `until` is earlier when the week is not over."""

    start: date
    until: datetime
    made_at: datetime
    complete: bool
    demo: bool
    totals: tuple[Figure, ...]
    case_totals: tuple[Figure, ...]
    days: tuple[Line, ...]
    hours: tuple[tuple[Figure, ...], ...]
    topics: tuple[Line, ...]
    areas: tuple[Line, ...]
    regions: tuple[Line, ...]
    sentiments: tuple[Line, ...]
    severities: tuple[Line, ...]
    kinds: tuple[Line, ...]
    sources: tuple[SourceLine, ...]
    events: tuple[EventLine, ...]
    cases: tuple[CaseLine, ...]
    offices: tuple[OfficeLine, ...]
    words: tuple[Figure, ...]
    alert_totals: tuple[Figure, ...]
    alerts: tuple[Alert, ...]
    set_aside: tuple[Figure, ...]
    dropped: tuple[Meter, ...]
    grave: tuple[Detail, ...]
    details: tuple[Detail, ...]

    @property
    def end(self) -> date:
        """The Sunday."""
        return self.start + timedelta(days=6)

    @property
    def name(self) -> str:
        """2026-W47_20261116-20261122 (ISO 8601 week)."""
        year, week, _ = self.start.isocalendar()
        return f"{year}-W{week:02d}_{self.start:%Y%m%d}-{self.end:%Y%m%d}"

    @property
    def silent_sources(self) -> tuple[SourceLine, ...]:
        return tuple(line for line in self.sources if line.silent)

    def total(self, key: str) -> Figure:
        """Raises KeyError for a key that no total has."""
        for figure in (*self.totals, *self.case_totals, *self.alert_totals):
            if figure.key == key:
                return figure
        raise KeyError(key)
