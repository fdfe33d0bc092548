"""All figures of one week from values alone. What each means is in `definitions.yaml`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from alerts.cases import STATE_LABELS
from alerts.ledger import Meter, SourceRun
from alerts.model import Action, Alert, Case, Event
from alerts.notify.words import SEVERITY
from configs.catalog import Catalog
from reports.counting import GRAVE, NEGATIVE, count_aside, count_hours, count_posts, count_words, lines_by, lines_by_day
from reports.detail import COUNTED, LAST, SENTIMENTS, THIS, WEEK, Span, detail_of, span_of
from reports.handling import Step, case_line, case_totals, office_lines, steps_of
from reports.week import CaseLine, Detail, EventLine, Figure, SourceLine, Week
from stream.messages import Judged

STATES: Mapping[str, str] = {"sent": "已发送", "pending": "待发送", "failed": "发送失败", "muted": "未发送（静默）"}
EVENTS_SHOWN = 500
LOSSES = ("dropped", "dead", "skipped", "failed", "refused", "muted")


def weekly(
    week_start: date,
    posts: Iterable[Judged],
    events: Iterable[Event],
    cases: Iterable[Case],
    actions: Iterable[Action],
    alerts: Iterable[Alert],
    health: Iterable[SourceRun],
    now: datetime,
    *,
    catalog: Catalog,
    links: Mapping[str, str],
    meters: Iterable[Meter] = (),
    demo: bool = False,
) -> Week:
    """The week that begins on Monday `week_start` (Shanghai), as far as it has come at `now`.

    Args:
        posts: those of this week and the one before, in any order, set-aside ones too; others are passed over.
        cases: open at some time in either week; `actions`: their whole history.
        links: post id -> event id.
        alerts, meters: of this week. `health`: the latest visit to each source.
    """
    span = span_of(week_start, now)
    known = tuple(cases)
    numbers = {case.event_id: case.number for case in known}
    rows = (detail_of(judged, span, catalog, links, numbers) for judged in posts)
    details = tuple(sorted((row for row in rows if row), key=lambda row: (row.week, row.at, row.id), reverse=True))
    counted = [row for row in details if row.counted == COUNTED]
    lines, last_lines, steps = _handling(known, actions, span, catalog)
    told = tuple(alerts)
    return Week(
        start=week_start,
        until=span.until,
        made_at=now,
        complete=now >= span.end,
        demo=demo,
        totals=_totals(counted),
        case_totals=case_totals(lines, {figure.key: figure for figure in case_totals(last_lines, {})}),
        days=lines_by_day(week_start, counted),
        hours=count_hours(week_start, counted),
        topics=lines_by("topic", counted),
        areas=lines_by("area", counted, _areas(catalog)),
        regions=lines_by("region", counted),
        sentiments=lines_by("sentiment", counted, tuple(SENTIMENTS.values())),
        severities=lines_by("severity", counted, tuple(SEVERITY[level] for level in (4, 3, 2, 1))),
        kinds=lines_by("kind", counted),
        sources=_source_lines(details, counted, health, span, catalog),
        events=_event_lines(events, counted, known, catalog),
        cases=tuple(lines),
        offices=office_lines(lines, steps, span, catalog),
        words=count_words(counted),
        alert_totals=_alert_totals(told),
        alerts=told,
        set_aside=count_aside(details),
        dropped=tuple(meter for meter in meters if meter.what in LOSSES),
        grave=tuple(row for row in counted if row.week == THIS and row.severity == GRAVE),
        details=details,
    )


def _totals(counted: Sequence[Detail]) -> tuple[Figure, ...]:
    this = [row for row in counted if row.week == THIS]
    last = [row for row in counted if row.week == LAST]

    def part(key: str, name: str, field: str, value: str) -> Figure:
        now, then = ([row for row in rows if getattr(row, field) == value] for rows in (this, last))
        return count_posts(key, name, now, then, {field: value})

    return (
        count_posts("posts", "信息总量", this, last),
        part("negative", "负面信息", "sentiment", NEGATIVE),
        part("grave", f"{GRAVE}信息", "severity", GRAVE),
        part("copies", "近似重复信息", "copy", "是"),
    )


def _areas(catalog: Catalog) -> tuple[str, ...]:
    """The policy areas in the order of the topics, "其他" last."""
    areas = dict.fromkeys(topic.area for topic in catalog.topics)
    return (*(area for area in areas if area != "其他"), "其他")


def _handling(
    cases: Sequence[Case], actions: Iterable[Action], span: Span, catalog: Catalog
) -> tuple[list[CaseLine], list[CaseLine], list[Step]]:
    """This week's and last week's case lines, and all steps."""
    history: dict[str, list[Action]] = defaultdict(list)
    for action in actions:
        history[action.case_id].append(action)
    steps = {case.id: steps_of(case, history[case.id]) for case in cases}
    before = Span(span.last - WEEK, span.last, span.start, span.until - WEEK)
    this, last = (
        [case_line(case, steps[case.id], week, catalog) for case in _open_in(cases, week)] for week in (span, before)
    )
    this.sort(key=lambda line: (not line.late, -line.case.severity, line.case.number))
    return this, last, [step for found in steps.values() for step in found]


def _open_in(cases: Iterable[Case], span: Span) -> list[Case]:
    def was_open(case: Case) -> bool:
        return case.opened_at < span.until and (case.closed_at is None or case.closed_at >= span.start)

    return [case for case in cases if was_open(case)]


def _event_lines(
    events: Iterable[Event], counted: Sequence[Detail], cases: Sequence[Case], catalog: Catalog
) -> tuple[EventLine, ...]:
    """Events with posts in the week, the hottest first."""
    posts: dict[str, dict[str, list[Detail]]] = defaultdict(lambda: {THIS: [], LAST: []})
    for row in counted:
        posts[row.event_id][row.week].append(row)
    by_event = {case.event_id: case for case in cases}
    found = [event for event in events if posts[event.id][THIS]]
    found.sort(key=lambda event: (-event.heat, -len(posts[event.id][THIS]), event.id))
    return tuple(_event_line(event, posts[event.id], by_event.get(event.id), catalog) for event in found[:EVENTS_SHOWN])


def _event_line(event: Event, posts: Mapping[str, list[Detail]], case: Case | None, catalog: Catalog) -> EventLine:
    topic = catalog.topic.get(event.topic)
    return EventLine(
        event=event,
        topic=topic.name if topic else event.topic,
        severity=SEVERITY[event.severity],
        week_posts=count_posts("event.posts", event.title, posts[THIS], posts[LAST], {"event_id": event.id}),
        office=catalog.office_name(case.office) if case else "",
        case_number=case.number if case else "",
        state=STATE_LABELS.get(case.state, case.state) if case else "",
    )


def _alert_totals(alerts: Sequence[Alert]) -> tuple[Figure, ...]:
    def count(state: str, name: str) -> Figure:
        ids = tuple(alert.id for alert in alerts if alert.state == state)
        return Figure(f"alerts.{state}", f"预警{name}", len(ids), ids, "件", sheet="预警", where={"状态": name})

    return tuple(count(state, name) for state, name in STATES.items())


def _source_lines(
    details: Iterable[Detail], counted: Sequence[Detail], health: Iterable[SourceRun], span: Span, catalog: Catalog
) -> tuple[SourceLine, ...]:
    """Every source that is enabled, was ever visited, or has posts in either week."""
    runs = {run.source: run for run in health}
    by_name = {line.name: line.posts for line in lines_by("source", counted)}
    fetched: dict[str, int] = defaultdict(int)
    for row in details:
        fetched[row.source] += span.start <= row.fetched_at < span.until
    keys = [source.key for source in catalog.sources if source.enabled or source.key in runs]
    keys += [key for key in runs if key not in catalog.source]
    names = {key: catalog.source[key].name if key in catalog.source else key for key in keys}
    names |= {name: name for name in (*by_name, *fetched) if name not in names.values()}
    empty = {name: count_posts("source.posts", name, [], [], {"source": name}) for name in names.values()}
    lines = [
        _source_line(key, name, by_name.get(name, empty[name]), fetched[name], runs.get(key), span, key in keys)
        for key, name in names.items()
    ]
    return tuple(sorted(lines, key=lambda line: (not line.silent, -(line.posts.value or 0), line.name)))


def _source_line(
    key: str, name: str, posts: Figure, fetched: int, run: SourceRun | None, span: Span, crawled: bool
) -> SourceLine:
    visited = run is not None and run.at >= span.start
    silent = crawled and not fetched and not visited
    return SourceLine(key, name, posts, fetched, run.at if run else None, _status(run, fetched, span, crawled), silent)


def _status(run: SourceRun | None, fetched: int, span: Span, crawled: bool) -> str:
    if not crawled:
        return "导入" if fetched else "导入（本周无新导入）"
    if run is None:
        return "正常" if fetched else "从未采集"
    if not run.ok:
        return f"最近一次采集失败：{run.reason}"
    if run.at < span.start and not fetched:
        return "本周无采集"
    return "正常"
