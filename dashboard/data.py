"""What the pages show, without Streamlit: queries of the archive and the ledger. What changes something is in actions.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from alerts.drift import WEEK, Drift, last_week, weekly_drift
from alerts.heat import heat
from alerts.ledger import AlertFilter, AuditEntry, CaseFilter, EventFilter, Meter, SourceRun, Tx
from alerts.model import Action, Alert, Case, Event, EventPost, User
from alerts.predict import forecast
from alerts.routes import Decision, decide_route
from configs.catalog import Catalog
from dashboard.desk import DAY, Desk, is_due_soon, is_overdue, next_clock, today
from stream.archive import Page, Query
from stream.messages import Judged

__all__ = ["Desk", "is_due_soon", "is_overdue", "next_clock", "today"]

SILENT_VISITS = 6  # visits missed before a source counts as silent
SILENT_AT_LEAST = timedelta(minutes=5)
MOST = 1000  # rows looked at where a figure cannot be counted by the database
HOTTEST = 400  # events that are ordered by their heat as of now
ALERTS_FOR_DUTY = ("pending", "failed")


# ---- overview ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Numbers:
    """The figures on top of the overview; `new_events` are those first seen in the last 24 hours."""

    open_cases: int
    overdue: int
    due_soon: int
    grave: int
    objected: int
    new_events: int
    posts_today: int
    waiting_alerts: int
    failed_alerts: int


def numbers(desk: Desk) -> Numbers:
    now = desk.now()
    with desk.ledger.read() as tx:
        states = Counter(alert.state for alert in tx.alerts.find(AlertFilter(states=ALERTS_FOR_DUTY, limit=MOST)))
        return Numbers(
            open_cases=tx.cases.count(CaseFilter(open=True)),
            overdue=tx.cases.count(CaseFilter(open=True, overdue_at=now)),
            due_soon=len(_due_soon(tx, desk.catalog, now)),
            grave=tx.cases.count(CaseFilter(open=True, severity_min=4)),
            objected=tx.cases.count(CaseFilter(states=("objected",))),
            new_events=_new_events(tx, now - DAY),
            posts_today=desk.archive.search(Query(since=today(now), set_aside=None, limit=1)).total,
            waiting_alerts=states["pending"],
            failed_alerts=states["failed"],
        )


def _new_events(tx: Tx, since: datetime) -> int:
    """Events first seen since then. An event is seen last after it is seen first, so only those need a look."""
    count, offset = 0, 0
    while found := tx.events.find(EventFilter(since=since, sort="newest", limit=MOST, offset=offset)):
        count += sum(event.first_seen >= since for event in found)
        offset += MOST
    return count


def _due_soon(tx: Tx, catalog: Catalog, now: datetime) -> list[Case]:
    """Open cases that are not overdue, with a clock within its own span of reminding; the next to run out first."""
    longest = timedelta(hours=max((clock.due_soon_hours for clock in catalog.clocks), default=0))
    near = tx.cases.find(CaseFilter(open=True, overdue_at=now + longest, sort="due", limit=MOST))
    return [case for case in near if is_due_soon(case, now)]


Urgency = Literal["overdue", "due_soon", "objected", "grave"]
URGENCIES: tuple[Urgency, ...] = ("overdue", "due_soon", "objected", "grave")


@dataclass(frozen=True)
class Urgent:
    case: Case
    why: Urgency


def urgent_cases(desk: Desk, of_each: int = 5) -> list[Urgent]:
    """What needs attention first: overdue, then due soon, then objections to settle, then grave; each case once.

    A few of each, the gravest first, so that what can still be done in time does not drown in what is late.
    """
    now = desk.now()
    with desk.ledger.read() as tx:
        found: dict[Urgency, list[Case]] = {
            "overdue": tx.cases.find(CaseFilter(open=True, overdue_at=now, sort="due", limit=MOST)),
            "due_soon": _due_soon(tx, desk.catalog, now),
            "objected": tx.cases.find(CaseFilter(states=("objected",), limit=MOST)),
            "grave": tx.cases.find(CaseFilter(open=True, severity_min=4, sort="severity", limit=MOST)),
        }
    rows: dict[str, Urgent] = {}
    for why in URGENCIES:
        fresh = [case for case in found[why] if case.id not in rows]
        fresh.sort(key=lambda case: -case.severity)
        rows.update((case.id, Urgent(case, why)) for case in fresh[:of_each])
    return list(rows.values())


def trend(desk: Desk, days: int = 14) -> list[tuple[datetime, str, int]]:
    """(day, policy area, posts) of the last days, today included; what is no public matter is left out."""
    since = today(desk.now()) - timedelta(days=days - 1)
    counts: Counter[tuple[datetime, str]] = Counter()
    for bucket in desk.archive.histogram(Query(since=since), "day", "topic"):
        topic = desk.catalog.topic.get(bucket.key)
        if topic and topic.key != "none":
            counts[bucket.start, topic.area] += bucket.count
    return [(day, area, n) for (day, area), n in sorted(counts.items())]


OUTSIDE = "所辖范围以外"


def spread(desk: Desk, days: int = 7) -> tuple[Mapping[str, int], Mapping[str, int], int]:
    """Posts of the last days by topic name and by name of city or county (or OUTSIDE), most first; how many have no such place."""
    since = today(desk.now()) - timedelta(days=days - 1)
    page = desk.archive.search(Query(since=since, limit=1, facets=True))
    topics: Counter[str] = Counter()
    for key, n in page.facets.get("topic", {}).items():
        if key != "none" and key in desk.catalog.topic:
            topics[desk.catalog.topic[key].short] += n
    names = desk.catalog.region_names
    regions: Counter[str] = Counter()
    nowhere = 0
    for code, n in page.facets.get("region", {}).items():
        if code in names and not code.endswith("0000"):
            regions[names[code]] += n
        elif code and not desk.catalog.atlas.is_ours(code):
            regions[OUTSIDE] += n
        else:
            nowhere += n
    return dict(topics.most_common()), dict(regions.most_common()), nowhere


SourceState = Literal["ok", "failed", "silent", "never"]


@dataclass(frozen=True)
class SourceHealth:
    """How a source fares: `reason` says why it is not well, or what was left out although it is."""

    key: str
    name: str
    state: SourceState
    at: datetime | None
    items: int
    new: int
    reason: str


def source_health(desk: Desk) -> list[SourceHealth]:
    """Every enabled source; one that was not visited for long is silent, never "fine"."""
    now = desk.now()
    with desk.ledger.read() as tx:
        runs = {run.source: run for run in tx.meters.source_health()}
    return [
        _health(source.key, source.name, runs.get(source.key), source.every, now)
        for source in desk.catalog.sources
        if source.enabled
    ]


def _health(key: str, name: str, run: SourceRun | None, every: float, now: datetime) -> SourceHealth:
    if run is None:
        return SourceHealth(key, name, "never", None, 0, 0, "还没有采集过")
    if now - run.at > max(SILENT_AT_LEAST, SILENT_VISITS * timedelta(minutes=every)):
        return SourceHealth(key, name, "silent", run.at, run.items, run.new, "久未采集，请检查采集进程是否在运行")
    return SourceHealth(key, name, "ok" if run.ok else "failed", run.at, run.items, run.new, run.reason)


def meters(desk: Desk, since: timedelta = DAY) -> list[Meter]:
    now = desk.now()
    with desk.ledger.read() as tx:
        return tx.meters.totals(now - since, now + timedelta(hours=1))


# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EventRow:
    event: Event
    heat: float
    case: Case | None


def count_events(desk: Desk, wanted: EventFilter) -> int:
    with desk.ledger.read() as tx:
        return tx.events.count(wanted)


def events(desk: Desk, wanted: EventFilter) -> list[EventRow]:
    """A page of events with their heat as of now and their cases.

    The database orders by the heat that each event had at its last post; the first of them are ordered anew by what is
    left of it now, the rest follow as they are.
    """
    now = desk.now()
    with desk.ledger.read() as tx:
        found = (
            _hottest(tx, wanted, now) if wanted.sort in _ANEW and wanted.offset < HOTTEST else tx.events.find(wanted)
        )
        cases = tx.cases.by_events([event.id for event in found])
    return [EventRow(event, heat(event, now), cases.get(event.id)) for event in found]


# what is ordered as of now, by heat or by the chance to grow
_ANEW: Mapping[str, Callable[[Event, datetime], float]] = {
    "heat": heat,
    "growth": lambda event, now: forecast(event, now).chance,
}


def _hottest(tx: Tx, wanted: EventFilter, now: datetime) -> list[Event]:
    end = wanted.offset + wanted.limit
    found = tx.events.find(replace(wanted, limit=max(HOTTEST, end), offset=0))
    rank = _ANEW[wanted.sort]
    ordered = sorted(found[:HOTTEST], key=lambda event: (-rank(event, now), event.id)) + found[HOTTEST:]
    return ordered[wanted.offset : end]


@dataclass(frozen=True)
class EventDetail:
    """An event with the posts to show (the most telling first), its links (newest first, at most 500), and its case."""

    event: Event
    posts: tuple[Judged, ...]
    links: tuple[EventPost, ...]
    case: Case | None

    @property
    def near_copies(self) -> int:
        return sum(link.near_copy for link in self.links)

    @property
    def accused(self) -> frozenset[str]:
        """Keys of the offices that posts of the event accuse: none of this may be sent to them."""
        return frozenset(office for link in self.links for office in link.accuses)


def event_detail(desk: Desk, event_id: str, shown: int = 30) -> EventDetail | None:
    with desk.ledger.read() as tx:
        event = tx.events.get(event_id)
        if event is None:
            return None
        links = tx.events.posts(event_id, 500)
        case = tx.cases.by_event(event_id)
    copies = {link.post_id for link in links if link.near_copy}
    ids = [link.post_id for link in links]
    first = [one for one in event.representatives if one in ids]
    wanted = list(dict.fromkeys([*first, *(one for one in ids if one not in copies), *ids]))[:shown]
    page = desk.archive.search(Query(ids=tuple(wanted), set_aside=None, limit=shown))
    found = {hit.judged.post.id: hit.judged for hit in page.hits}
    return EventDetail(event, tuple(found[one] for one in wanted if one in found), tuple(links), case)


def suggestion(desk: Desk, detail: EventDetail) -> Decision:
    """What the dispatch tree says for the event; the posts at hand speak for it."""
    worst = max((one.judgement for one in detail.posts), key=lambda one: one.severity_score, default=None)
    text = "\n".join(f"{one.post.title}\n{one.post.text}" for one in detail.posts)
    return decide_route(desk.catalog, detail.event, worst, text, detail.accused)


def daily(event: Event) -> list[tuple[str, int]]:
    """(Shanghai date, posts) from the first day to the last, days without posts included."""
    days = sorted(datetime.fromisoformat(day).date() for day in event.daily)
    if not days:
        return []
    span = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days + 1)]
    return [(day.isoformat(), event.daily.get(day.isoformat(), 0)) for day in span]


# ---- cases ---------------------------------------------------------------------------------------


def count_cases(desk: Desk, wanted: CaseFilter) -> int:
    with desk.ledger.read() as tx:
        return tx.cases.count(wanted)


def cases(desk: Desk, wanted: CaseFilter) -> list[Case]:
    with desk.ledger.read() as tx:
        return tx.cases.find(wanted)


@dataclass(frozen=True)
class CaseDetail:
    case: Case
    event: EventDetail | None
    actions: tuple[Action, ...]
    alerts: tuple[Alert, ...]


def find_case(desk: Desk, name: str) -> Case | None:
    """By id or number."""
    with desk.ledger.read() as tx:
        return tx.cases.get(name) or tx.cases.by_number(name)


def case_detail(desk: Desk, name: str) -> CaseDetail | None:
    """By id or number."""
    case = find_case(desk, name)
    if case is None:
        return None
    with desk.ledger.read() as tx:
        actions = tx.cases.actions(case.id)
        alerts = tx.alerts.find(AlertFilter(case_id=case.id))
    return CaseDetail(case, event_detail(desk, case.event_id), tuple(actions), tuple(alerts))


# ---- search, alerts, system ----------------------------------------------------------------------


def search(desk: Desk, query: Query) -> tuple[Page, Mapping[str, str], Mapping[str, Case]]:
    """A page of posts, the event id of each that has one, and the cases of those events by event id."""
    page = desk.archive.search(query)
    with desk.ledger.read() as tx:
        events_of = tx.events.of_posts([hit.judged.post.id for hit in page.hits])
        return page, events_of, tx.cases.by_events(list(dict.fromkeys(events_of.values())))


def alerts(desk: Desk, wanted: AlertFilter) -> tuple[list[Alert], Mapping[str, Case]]:
    """Alerts, newest first, and the cases they are about by case id."""
    with desk.ledger.read() as tx:
        found = tx.alerts.find(wanted)
        about = tx.cases.by_events(list(dict.fromkeys(alert.event_id for alert in found if alert.case_id)))
    return found, {case.id: case for case in about.values()}


def users(desk: Desk) -> list[User]:
    with desk.ledger.read() as tx:
        return tx.users.all()


def drift(desk: Desk, weeks: int = 4) -> list[Drift]:
    """Every measure of the last whole weeks, the newest first."""
    last = last_week(desk.now())
    with desk.ledger.read() as tx:
        return [one for n in range(weeks) for one in weekly_drift(tx, last - n * WEEK, desk.drift.least_posts)]


def count_corrected(desk: Desk, days: int = 30) -> int:
    """Posts that staff corrected in the last days."""
    with desk.ledger.read() as tx:
        return len({one.post_id for one in tx.corrections.since(desk.now() - timedelta(days=days))})


def audit_tail(desk: Desk, limit: int = 100, actor: str = "", target: str = "") -> list[AuditEntry]:
    with desk.ledger.read() as tx:
        return tx.audit.find(limit, actor, target)


# ---- choices -------------------------------------------------------------------------------------


def cities(catalog: Catalog) -> dict[str, str]:
    """Code -> name of every city."""
    return {city.code: city.name for province in catalog.provinces for city in province.cities}


def counties(catalog: Catalog, city: str) -> dict[str, str]:
    """Code -> name of the counties of a city."""
    found = (each for province in catalog.provinces for each in province.cities if each.code == city)
    return {county.code: county.name for each in found for county in each.counties}


def alert_offices(desk: Desk) -> dict[str, str]:
    """Office id -> name: every office and branch, since alerts go to either."""
    names: dict[str, str] = {}
    for office in desk.catalog.offices:
        names[office.key] = office.name
        names.update({f"{office.key}@{branch.region}": branch.name for branch in office.branches})
    return names


def office_choices(catalog: Catalog, without: Iterable[str] = ()) -> dict[str, str]:
    """Key -> name of every office but those."""
    left_out = set(without)
    return {office.key: office.name for office in catalog.offices if office.key not in left_out}
