"""The alerts that a case gives rise to. Their ids are natural keys, so the same thing is never told twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.model import Action, Alert, Case, Event
from alerts.moments import moment
from alerts.rules import Firing
from configs.catalog import SHANGHAI
from configs.quiet import AlertKind


def new_case(case: Case, firing: Firing, now: datetime) -> Alert:
    return _alert(f"new_case:{case.id}", "new_case", case, firing.reason, now, _figures(firing), firing.posts)


def grave(case: Case, reason: str, posts: tuple[str, ...], now: datetime) -> Alert:
    """A case that got worse; once per severity and grade."""
    figures = {"severity": case.severity}
    name = f"grave:{case.id}:{case.severity}:{case.event_grade or ''}"
    return _alert(name, "grave", case, reason, now, figures, posts)


def growth(case: Case, firing: Firing, now: datetime) -> Alert:
    """Once per rule, Shanghai day and doubling."""
    name = f"growth:{case.id}:{firing.rule.key}:{now.astimezone(SHANGHAI):%Y%m%d}:{firing.level}"
    return _alert(name, "growth", case, firing.reason, now, _figures(firing), firing.posts)


def gathered(case: Case, firing: Firing, now: datetime) -> Alert:
    """That several tell of what one grave post opened a case for: once per rule."""
    return _alert(
        f"gathered:{case.id}:{firing.rule.key}", "growth", case, firing.reason, now, _figures(firing), firing.posts
    )


def reopened(case: Case, reason: str, posts: tuple[str, ...], now: datetime) -> Alert:
    figures = {"reopened": case.reopened, "relapses": case.relapses}
    return _alert(f"reopened:{case.id}:{case.reopened}", "reopened", case, reason, now, figures, posts)


def without_case(event: Event, office: str, firing: Firing, now: datetime) -> Alert:
    """What a rule that opens no case has to say, once per event, rule and doubling."""
    return Alert(
        id=f"event:{event.id}:{firing.rule.key}:{firing.level}",
        kind="grave" if firing.rule.kind == "grave" else "growth",
        office=office,
        case_id="",
        event_id=event.id,
        title=event.title,
        reason=firing.reason,
        created_at=now,
        severity=event.severity,
        figures=_figures(firing),
        posts=firing.posts,
    )


def _figures(firing: Firing) -> dict[str, Any]:
    """With the rule, by which staff may silence what it tells."""
    return {**firing.figures, "rule": firing.rule.key}


def after_action(case: Case, action: Action) -> tuple[Alert, ...]:
    """What to tell because a person did something to the case: the office it was sent to must hear of it."""
    if action.verb in ("dispatch", "redispatch"):
        name = f"new_case:{action.id}:{case.office}"
        return (_alert(name, "new_case", case, f"案件改派至本单位: {action.note}", action.at, {}, ()),)
    if action.verb == "uphold":
        why = f"派单异议经审核未采纳，仍由本单位办理: {action.note}"
        return (_alert(f"new_case:{action.id}:{case.office}", "new_case", case, why, action.at, {}, ()),)
    if action.verb == "reopen":
        return (reopened(case, f"案件重新办理: {action.note}", (), action.at),)
    if action.verb in ("extend", "refuse_extension"):
        return _of_extension(case, action)
    return ()


def _of_extension(case: Case, action: Action) -> tuple[Alert, ...]:
    """That a clock was put off or was not, until when it runs now, and why."""
    clock = next((one for one in case.clocks if one.key == action.data.get("clock") and one.done_at is None), None)
    if clock is None:
        return ()
    due = moment(clock.due_at)
    said = (
        f"“{clock.name}”时限已延期至 {due}" if action.verb == "extend" else f"“{clock.name}”时限未获准延期，仍为 {due}"
    )
    figures = {"clock": clock.key, "due_at": clock.due_at.isoformat(), "source": clock.source}
    why = f"{said}。理由: {action.note}"
    return (_alert(f"extension:{action.id}", "extension", case, why, action.at, figures, ()),)


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock or a promise, as those hear of it who are told. `soon_at` None: nobody is told before it runs out.

    `id` is the same as long as it is due at the same instant: one that was extended or started again may be told of again.
    """

    id: str
    key: str
    name: str
    due_at: datetime
    soon_at: datetime | None
    done_at: datetime | None
    source: str = ""
    provisional: bool = False
    stands_still: bool = False
    is_promise: bool = False

    @property
    def shown(self) -> str:
        return f"承诺“{self.name}”" if self.is_promise else f"“{self.name}”时限"

    @property
    def shown_due(self) -> str:
        at = moment(self.due_at)
        return f"{at}(暂定，节假日安排尚未公布)" if self.provisional else at


_SAID_TO: Mapping[str, str] = {
    "office": "",
    "deputy": "责任单位尚未处置，请分管负责人督促: ",
    "superior": "下级单位承办的案件",
    "government": "逐级提醒后仍未完成，请督办: ",
}


def came_near(case: Case, one: Deadline, level: str, office: str, now: datetime) -> Alert:
    reason = f"{_SAID_TO[level]}{one.shown}将于 {one.shown_due} 到期"
    return _of_deadline("due_soon", case, one, level, office, reason, now)


def ran_out(case: Case, one: Deadline, level: str, office: str, now: datetime) -> Alert:
    kind: AlertKind = "promise_overdue" if one.is_promise else "overdue"
    rest = "尚未核实兑现" if one.is_promise else "尚未完成"
    reason = f"{_SAID_TO[level]}{one.shown}已于 {one.shown_due} 到期，{rest}"
    return _of_deadline(kind, case, one, level, office, reason, now)


def met_at_last(case: Case, one: Deadline, level: str, office: str, now: datetime) -> Alert:
    """To whoever was told that it ran out."""
    done = moment(one.done_at) if one.done_at else ""
    what = "核实兑现" if one.is_promise else "完成"
    reason = f"此前告知超期的{one.shown}(原定 {one.shown_due})已于 {done} {what}，不必再催"
    return _of_deadline("clock_met", case, one, level, office, reason, now)


def _of_deadline(
    kind: AlertKind, case: Case, one: Deadline, level: str, office: str, reason: str, now: datetime
) -> Alert:
    """Once per deadline, level and office."""
    figures = {"clock": one.key, "due_at": one.due_at.isoformat(), "source": one.source, "level": level}
    suffix = "" if level == "office" else f":{level}:{office}"
    return _alert(f"{kind}:{case.id}:{one.id}{suffix}", kind, case, reason, now, figures, (), office=office)


def _alert(
    name: str,
    kind: AlertKind,
    case: Case,
    reason: str,
    now: datetime,
    figures: Mapping[str, Any],
    posts: tuple[str, ...],
    office: str = "",
) -> Alert:
    return Alert(
        id=name,
        kind=kind,
        office=office or case.office,
        case_id=case.id,
        event_id=case.event_id,
        title=case.title,
        reason=reason,
        created_at=now,
        severity=case.severity,
        figures=figures,
        posts=posts,
    )
