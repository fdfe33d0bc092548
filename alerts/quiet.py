"""Which alerts are sent now, which wait and until when, which are not sent at all, and why. Pure.

An alert goes through the steps in turn; the first that has something against it decides. Rules: configs/quiet.yaml.

    settled       its case is closed or moved on, its clock stopped                      not sent
    silenced      staff wanted it silent                                                 waits, or not sent
    inhibited     a graver alert says it already                                         not sent
    (urgent alerts are sent now)
    closed        the office is closed                                                   waits for the opening
    gathered      it is a reminder that comes with others                                waits for the next round
    collected     others about the same event come with it, or a mail just told of it    waits
    capped        the office had its mails for today                                     waits for the digest
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from alerts.calendar import WorkCalendar
from alerts.cases import STATE_LABELS
from alerts.ledger.alerts import DIGEST, ROUND
from alerts.model import Alert, Case, Event, RunningClock
from alerts.moments import moment
from alerts.notify.words import KIND
from alerts.promises import open_promises
from alerts.quiet_hours import is_always_open, is_open, next_opening, next_time
from alerts.routes import superiors
from alerts.silences import SILENCED, Silence, catches
from configs.catalog import Catalog
from configs.quiet import Inhibition, Quiet


@dataclass(frozen=True, slots=True)
class Muted:
    """An alert that is not sent: `code` for counting, `why` in Chinese for people."""

    alert: Alert
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An alert that is looked at again at `until`, which lies ahead."""

    alert: Alert
    code: str
    why: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    send: tuple[Alert, ...] = ()
    wait: tuple[Waiting, ...] = ()
    mute: tuple[Muted, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known at `now` about some alerts of one office.

    `cases` and `events` by id, as they are now. `standing`: alerts that may inhibit others. `told` and `begun`: matter
    (see `matter_of`) -> when the office was last told of it, and when the first of what is still to be told came up.
    `mails`: that the office had today. `untold`: ids of recoveries from what the office was never told.
    """

    now: datetime
    catalog: Catalog
    calendar: WorkCalendar
    cases: Mapping[str, Case] = field(default_factory=dict)
    events: Mapping[str, Event] = field(default_factory=dict)
    silences: Sequence[Silence] = ()
    standing: Sequence[Alert] = ()
    told: Mapping[str, datetime] = field(default_factory=dict)
    begun: Mapping[str, datetime] = field(default_factory=dict)
    mails: int = 0
    untold: frozenset[str] = frozenset()

    @property
    def rules(self) -> Quiet:
        return self.catalog.quiet


Objection = Muted | Waiting
Step = Callable[[Alert, Situation], Objection | None]


def quiet(alerts: Sequence[Alert], situation: Situation, *, under_way: bool = False) -> Verdict:
    """Every alert is in one of the three. `under_way`: they are of a mail that was begun, which waits for nothing more:
    whether it went out is not known, and only the same mail is known for a copy."""
    steps = (settled,) if under_way else STEPS
    send: list[Alert] = []
    found: list[Objection] = []
    for alert in alerts:
        objection = next((one for step in steps if (one := step(alert, situation))), None)
        if objection:
            found.append(objection)
        else:
            send.append(alert)
    waits = tuple(one for one in found if isinstance(one, Waiting))
    return Verdict(tuple(send), waits, tuple(one for one in found if isinstance(one, Muted)))


def matter_of(event_id: str, case_id: str, kind: str) -> str:
    """What an alert is about: alerts of one office about one matter are collected."""
    return event_id or case_id or kind


def is_urgent(rules: Quiet, alert: Alert) -> bool:
    return alert.severity >= rules.urgent.severity or alert.kind in rules.urgent.kinds


# ---- not needed any more -------------------------------------------------------------------------


def settled(alert: Alert, at: Situation) -> Muted | None:
    """What a case that moved on has settled; an alert whose case is not there is none."""
    case = at.cases.get(alert.case_id)
    if case is None:
        return None
    if alert.kind == "clock_met":  # it takes back what this very office was told
        return Muted(alert, "never_told", "超期没有告知过本单位，不必另行告知") if alert.id in at.untold else None
    if alert.kind == "promise_overdue":
        return _checked_promise(alert, case)
    if not case.is_open:
        return Muted(alert, "case_closed", f"案件 {case.number} {STATE_LABELS[case.state]}，不再通知")
    if not _concerned(alert.office, case, at.catalog):
        why = f"案件 {case.number} 已改派 {at.catalog.office_name(case.office)}，不再通知原单位"
        return Muted(alert, "case_moved", why)
    clock = told_clock(alert, case)
    if clock is not None and clock.done_at is not None:
        return Muted(alert, "clock_done", f"时限“{clock.name}”已完成，不再提醒")
    if clock is not None and alert.kind == "overdue" and clock.due_at > at.now:
        return Muted(alert, "clock_moved", f"时限“{clock.name}”已延到 {moment(clock.due_at)}，尚未超期")
    return None


def _checked_promise(alert: Alert, case: Case) -> Muted | None:
    """A promise outlives the closing of its case, until somebody has checked it."""
    due = alert.figures.get("due_at")
    open_ones = {promise.by.isoformat() for promise in open_promises(case)}
    return None if due in open_ones else Muted(alert, "promise_checked", "承诺已核实，不再提醒")


def told_clock(alert: Alert, case: Case) -> RunningClock | None:
    """The clock that is told of, of several with its key the one that runs; None for alerts of no clock."""
    key = alert.figures.get("clock") if alert.kind in ("due_soon", "overdue", "extension") else None
    its = [clock for clock in case.clocks if clock.key == key]
    return next((clock for clock in its if clock.done_at is None), its[-1] if its else None)


def _concerned(office: str, case: Case, catalog: Catalog) -> bool:
    """Whether the office leads the case, helps with it, is above the one that leads, or takes what no other takes."""
    if office == case.office or office in case.helps:
        return True
    key = office.partition("@")[0]
    return key in (catalog.follow_up.government, catalog.routes.lead) or key in superiors(
        catalog.office, case.office.partition("@")[0]
    )


# ---- silenced, inhibited -------------------------------------------------------------------------


def silenced(alert: Alert, at: Situation) -> Objection | None:
    """Of several silences the one that lets nothing through counts, else the one that lasts longest."""
    case, event = at.cases.get(alert.case_id), at.events.get(alert.event_id)
    urgent = is_urgent(at.rules, alert)
    found = [
        one
        for one in at.silences
        if one.holds(at.now) and (one.grave or not urgent) and catches(one.matchers, alert, case, event)
    ]
    if not found:
        return None
    one = max(found, key=lambda silence: (silence.drop, silence.until))
    said = f"{one.author} 设了静默 {one.id}（{one.reason}），至 {moment(one.until)}"
    if one.drop:
        return Muted(alert, SILENCED, f"{said}，不补发")
    return Waiting(alert, SILENCED, f"{said}，届时仍需要的再发", one.until)


def inhibited(alert: Alert, at: Situation) -> Muted | None:
    for rule in at.rules.inhibit:
        if alert.kind not in rule.mutes:
            continue
        by = next((one for one in at.standing if _inhibits(rule, one, alert, at)), None)
        if by is not None:
            return Muted(alert, "inhibited", f"已有“{KIND.get(by.kind, by.kind)}”：{rule.name}")
    return None


def _inhibits(rule: Inhibition, by: Alert, alert: Alert, at: Situation) -> bool:
    if by.kind not in rule.by or by.id == alert.id or by.state not in ("pending", "sent"):
        return False
    if rule.hours and at.now - by.created_at > timedelta(hours=rule.hours):
        return False
    return all(_same(what, by, alert) for what in rule.same) and settled(by, at) is None


def _same(what: str, one: Alert, other: Alert) -> bool:
    """Whether both name the same, and name one at all."""
    keys: Mapping[str, Callable[[Alert], object]] = {
        "office": lambda alert: alert.office,
        "case": lambda alert: alert.case_id,
        "event": lambda alert: alert.event_id,
        "clock": lambda alert: alert.figures.get("clock"),
    }
    return bool(keys[what](one)) and keys[what](one) == keys[what](other)


# ---- not now -------------------------------------------------------------------------------------


def closed(alert: Alert, at: Situation) -> Waiting | None:
    hours = _hours(alert, at)
    if not at.rules.office_hours or is_open(at.calendar, hours, at.now):
        return None
    until = next_opening(at.calendar, hours, at.now)
    return Waiting(alert, "office_hours", f"不在办公时间（{hours}），{moment(until)} 上班后发出", until)


def gathered(alert: Alert, at: Situation) -> Waiting | None:
    rules = at.rules.rounds
    if not rules.at or alert.kind not in rules.kinds or (alert.kind in rules.first_at_once and _is_first(alert)):
        return None
    every_day = is_always_open(_hours(alert, at))
    times = (next_time(at.calendar, at.now, time.fromisoformat(one), every_day=every_day) for one in rules.at)
    until = min(times)
    return Waiting(alert, ROUND, f"与其他提醒合成一封，{moment(until)} 发出", until)


def _is_first(alert: Alert) -> bool:
    """Whether the office that has the case is told for the first time."""
    return told_level(alert) == "office" and "again" not in alert.figures


def told_level(alert: Alert) -> str:
    """Of a reminder, as the ladders of clocks.yaml call them."""
    return str(alert.figures.get("level", "office"))


def collected(alert: Alert, at: Situation) -> Waiting | None:
    """Nothing waits for what lies ahead of the clock, which may have been set back."""
    rules, matter = at.rules.group, matter_of(alert.event_id, alert.case_id, alert.kind)
    wait, interval = timedelta(minutes=rules.wait_minutes), timedelta(minutes=rules.interval_minutes)
    if (told := at.told.get(matter)) is not None:
        until = told + interval
        why = f"{moment(told)} 刚为同一事项发过信，{moment(until)} 再发新的"
        return Waiting(alert, "group_interval", why, until) if told <= at.now < until else None
    since = min(alert.created_at, at.begun.get(matter, alert.created_at))
    until = since + wait
    why = f"等同一事项的其他预警一并发出，不晚于 {moment(until)}"
    return Waiting(alert, "group_wait", why, until) if since <= at.now < until else None


def capped(alert: Alert, at: Situation) -> Waiting | None:
    rules = at.rules.daily
    if not rules.mails or at.mails < rules.mails:
        return None
    every_day = is_always_open(_hours(alert, at))
    until = next_time(at.calendar, at.now, time.fromisoformat(rules.digest_at), every_day=every_day)
    return Waiting(alert, DIGEST, f"今天已发 {at.mails} 封（上限 {rules.mails}），并入 {moment(until)} 的汇总", until)


def _hours(alert: Alert, at: Situation) -> str:
    office = at.catalog.office.get(alert.office.partition("@")[0])
    return office.hours if office else "00:00-23:59"


def _has_waited(alert: Alert) -> bool:
    """Whether it waited for a digest or a round, which is now made up."""
    return alert.quiet in (DIGEST, ROUND)


def _in_its_time(step: Step, *, digest: bool = False) -> Step:
    """The same step, but an urgent alert waits for nothing, a reminder not beyond its deadline, and what waited for a
    digest or a round for no more mails (unless `digest`: then it does)."""

    def patient(alert: Alert, at: Situation) -> Objection | None:
        if is_urgent(at.rules, alert) or (not digest and _has_waited(alert)):
            return None
        found = step(alert, at)
        return None if isinstance(found, Waiting) and _comes_too_late(found) else found

    return patient


def _comes_too_late(found: Waiting) -> bool:
    due_at = found.alert.figures.get("due_at") if found.alert.kind == "due_soon" else None
    return isinstance(due_at, str) and datetime.fromisoformat(due_at) <= found.until


STEPS: tuple[Step, ...] = (
    settled,
    silenced,
    inhibited,
    _in_its_time(closed, digest=True),
    _in_its_time(gathered),
    _in_its_time(collected),
    _in_its_time(capped),
)
