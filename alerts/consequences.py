"""What new posts of an event lead to: a case is opened, told to be growing, made graver, or taken up again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts import notices
from alerts.accused import Accusation, accused_by
from alerts.calendar import WorkCalendar
from alerts.cases import STATE_LABELS, SYSTEM, act, open_case
from alerts.clocks import OPENING, clocks_of_case, start_clocks
from alerts.dispatch import accused_meanwhile, taken_up_elsewhere
from alerts.ledger import Tx
from alerts.model import Action, Alert, Case, Event, EventPost
from alerts.routes import EARLIER, Decision, decide_route
from alerts.rules import Firing, fired
from configs.catalog import SHANGHAI, Catalog
from stream.messages import Judged, Judgement

COMPLAINTS = frozenset({"complaint", "help", "report"})
_WEIGHT = {"report": 4, "complaint": 3, "help": 2, "suggest": 1}
GRADES: Mapping[str | None, int] = {None: 0, "一般": 1, "较大": 2, "重大": 3, "特别重大": 4}


@dataclass(frozen=True, slots=True)
class News:
    """An event after a batch, and what of the batch may lead to something (neither backfill, praise nor chatter)."""

    event: Event
    new: tuple[tuple[Judged, EventPost], ...]

    @property
    def judged(self) -> list[Judged]:
        return [judged for judged, _ in self.new]

    @property
    def worst(self) -> Judgement:
        return max((one.judgement for one in self.judged), key=lambda one: (one.severity, one.severity_score))

    @property
    def post_ids(self) -> tuple[str, ...]:
        return tuple(post.post_id for _, post in self.new)


@dataclass(frozen=True, slots=True)
class Desk:
    """What decisions are made with; `now` is the instant they are made at."""

    catalog: Catalog
    calendar: WorkCalendar
    now: datetime


def consequences(
    desk: Desk, tx: Tx, news: News, case: Case | None, posts: Sequence[EventPost]
) -> tuple[str, list[Alert]]:
    """Do what the news ask for; returns what became of them ("opened", "joined", ...) and the alerts to add.

    Args:
        case: the event's case, None if it has none.
        posts: the event's posts as far back as the rules count, new ones included.
    """
    firings = fired(desk.catalog.rules, news.event, posts, news.judged, desk.now)
    if case is None and not firings:
        return "no_rule", []
    seen = {post.post_id: post for post in (*posts, *(post for _, post in news.new))}
    if case is not None:
        accused_meanwhile(tx, desk.catalog, case, [post for _, post in news.new], desk.now)
    if case is None:
        done, alerts = _without_case(desk, tx, news, firings, list(seen.values()))
    elif case.is_open:
        done, alerts = "joined", list(_joined(desk, tx, news, case, firings))
    else:
        done, alerts = _closed(desk, tx, news, case)
    return done, [_fit_for_office(alert, seen) for alert in alerts]


def _without_case(
    desk: Desk, tx: Tx, news: News, firings: Sequence[Firing], posts: Sequence[EventPost]
) -> tuple[str, list[Alert]]:
    decision = _route(desk, news, {key for post in posts for key in post.accuses})
    opening = next((firing for firing in firings if firing.rule.opens_case), None)
    if opening is None:
        return "told", [notices.without_case(news.event, decision.lead, firing, desk.now) for firing in firings]
    growing = any(firing.rule.kind == "growth" for firing in firings)
    case = _open(desk, tx, news, decision, posts, growing=growing)
    grown = [notices.growth(case, firing, desk.now) for firing in firings if firing.rule.kind == "growth"]
    told = [replace(alert, state="muted", why_not="已随立案通知告知") for alert in grown]
    return "opened", [notices.new_case(case, opening, desk.now), *told]


def _route(desk: Desk, news: News, accused: Collection[str]) -> Decision:
    text = "\n".join(f"{one.post.title}\n{one.post.text}" for one in news.judged)
    return decide_route(desk.catalog, news.event, news.worst, text, accused)


def _open(desk: Desk, tx: Tx, news: News, decision: Decision, posts: Sequence[EventPost], *, growing: bool) -> Case:
    parts = (*OPENING, "growth") if growing else OPENING
    return tx.cases.open(*case_for(desk, tx, news.event, decision, posts, parts))


def case_for(
    desk: Desk,
    tx: Tx,
    event: Event,
    decision: Decision,
    posts: Iterable[EventPost],
    parts: Sequence[str] = OPENING,
) -> tuple[Case, Action]:
    """A case of the event at the office that the decision names, with its clocks and the day's next number; not yet kept."""
    intent = main_intent(posts)
    clocks = start_clocks(
        desk.catalog,
        desk.calendar,
        event.event_grade,
        event.severity,
        desk.now,
        named=decision.clocks,
        intent=intent,
        topic=event.topic,
        office=decision.lead,
        parts=parts,
    )
    number = tx.cases.next_number(desk.now.astimezone(SHANGHAI).date())
    return open_case(event, decision, clocks, number, desk.now, intent)


def main_intent(posts: Iterable[EventPost]) -> str:
    """What most of the posts want; of equally many the weightier."""
    counts = Counter(post.intent for post in posts if post.intent)
    return max(counts, key=lambda one: (counts[one], _WEIGHT.get(one, 0)), default="")


def _joined(desk: Desk, tx: Tx, news: News, case: Case, firings: Sequence[Firing]) -> Iterator[Alert]:
    graver = _raised(case, [one.judgement for one in news.judged])
    if graver != case:
        case = _escalate(desk, tx, case, graver, news.worst.post_id)
        yield notices.grave(case, f"案件升级为严重程度 {case.severity} 级", news.post_ids, desk.now)
    grown = [firing for firing in firings if firing.rule.kind == "growth"]
    if grown:
        case = _growing(desk, tx, case)
        yield from (notices.growth(case, firing, desk.now) for firing in grown)
        return
    gathered = [firing for firing in firings if firing.rule.kind == "threshold"]
    if gathered and not _opened_by_count(tx, case):
        yield from (notices.gathered(case, firing, desk.now) for firing in gathered)


def _opened_by_count(tx: Tx, case: Case) -> bool:
    """Whether the case opened because several told of it, as its first alert says."""
    first = tx.alerts.get(f"new_case:{case.id}")
    return first is not None and "posts" in first.figures


def _growing(desk: Desk, tx: Tx, case: Case) -> Case:
    """What grows fast is to be reported, once."""
    have = {clock.key for clock in case.clocks}
    clocks = clocks_of_case(desk.catalog, desk.calendar, case, desk.now, ("growth",))
    if not any(clock.key not in have for clock in clocks):
        return case
    data = {"severity": case.severity}
    return tx.cases.save(*act(case, "escalate", SYSTEM, desk.now, "信息快速增长，加上报告时限", data, clocks))


def _raised(case: Case, judged: Sequence[Judgement]) -> Case:
    """The case with the highest severity and grade that any of the posts has, where that is higher than its own."""
    severity = max([case.severity, *(one.severity for one in judged)])
    grade = max([case.event_grade, *(one.event_grade for one in judged)], key=lambda one: GRADES[one])
    return replace(case, severity=severity, event_grade=grade)


def _escalate(desk: Desk, tx: Tx, case: Case, graver: Case, post_id: str) -> Case:
    clocks = clocks_of_case(desk.catalog, desk.calendar, graver, desk.now)
    data = {"severity": graver.severity, "event_grade": graver.event_grade, "post": post_id}
    note = f"新的信息严重程度 {graver.severity} 级，案件随之升级"
    return tx.cases.save(*act(case, "escalate", SYSTEM, desk.now, note, data, clocks))


def _closed(desk: Desk, tx: Tx, news: News, case: Case) -> tuple[str, list[Alert]]:
    """Only a complaint that was published after the closing and says it anew takes the case up again (并单).

    Soon after the closing of a case that was answered it is a relapse (回潮). A duplicate leaves it to the case it joins.
    """
    case = _joined_case(tx, case)
    if case.is_open:
        return "joined_other", []
    closed_at = case.closed_at or case.updated_at
    told = [
        (judged, post)
        for judged, post in news.new
        if judged.judgement.intent.key in COMPLAINTS and post.at > closed_at and not post.near_copy
    ]
    if not told:
        return "joined_closed", []
    again = [post for _, post in told]
    ids = tuple(post.post_id for post in again)
    limit = timedelta(days=desk.catalog.follow_up.relapse_days)
    relapsed = case.state == "closed" and min(post.at for post in again) - closed_at <= limit
    note = _why_again(case, len(again), min(post.at for post in again) - closed_at, relapsed=relapsed)
    elsewhere, why = taken_up_elsewhere(tx, desk.catalog, case, _accusations(desk, told))
    note = f"{note}。{why}" if why else note
    case = _raised(case, [judged.judgement for judged, _ in told])
    clocks = clocks_of_case(desk.catalog, desk.calendar, case, desk.now)
    data = elsewhere | {"posts": list(ids), "after_hours": round((desk.now - closed_at).total_seconds() / 3600, 1)}
    verb = "relapse" if relapsed else "reopen"
    changed = tx.cases.save(*act(case, verb, SYSTEM, desk.now, note, data, clocks))
    return "relapsed" if relapsed else "reopened", [notices.reopened(changed, note, ids, desk.now)]


def _accusations(desk: Desk, told: Iterable[tuple[Judged, EventPost]]) -> dict[str, Accusation]:
    found: dict[str, Accusation] = {}
    for judged, post in told:
        found |= {key: EARLIER for key in post.accuses if key not in found} | accused_by(desk.catalog.offices, judged)
    return found


def _why_again(case: Case, posts: int, after: timedelta, *, relapsed: bool) -> str:
    days = max(1, -(-after // timedelta(days=1)))
    again = f"{STATE_LABELS[case.state].removeprefix('已')}后 {days} 天内又有 {posts} 条信息反映同一问题"
    if relapsed:
        return f"{again}，属回潮(第 {case.relapses + 1} 次)，并入原案重新办理"
    return f"{again}，并入原案重新办理"


def _joined_case(tx: Tx, case: Case) -> Case:
    """The case that a duplicate joins, however many steps away; itself where that one is gone."""
    seen = {case.id}
    while case.state == "duplicate" and case.joins:
        other = tx.cases.by_number(case.joins)
        if other is None or other.id in seen:
            break
        seen.add(other.id)
        case = other
    return case


def _fit_for_office(alert: Alert, seen: Mapping[str, EventPost]) -> Alert:
    """Without the posts that accuse the office the alert goes to."""
    key = alert.office.partition("@")[0]
    shown = tuple(one for one in alert.posts if one not in seen or key not in seen[one].accuses)
    return alert if shown == alert.posts else replace(alert, posts=shown)
