"""The alerts that a case gives rise to. Their ids are natural keys, so the same thing is never told twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from alerts.model import Action, Alert, AlertKind, Case, Event, RunningClock
from alerts.rules import Firing
from configs.catalog import SHANGHAI


def new_case(case: Case, firing: Firing, now: datetime) -> Alert:
    return _alert(f"new_case:{case.id}", "new_case", case, firing.reason, now, firing.figures, firing.posts)


def grave(case: Case, reason: str, posts: tuple[str, ...], now: datetime) -> Alert:
    """A case that got worse; once per severity and grade."""
    figures = {"severity": case.severity}
    name = f"grave:{case.id}:{case.severity}:{case.event_grade or ''}"
    return _alert(name, "grave", case, reason, now, figures, posts)


def growth(case: Case, firing: Firing, now: datetime) -> Alert:
    """Once per rule, Shanghai day and doubling."""
    name = f"growth:{case.id}:{firing.rule.key}:{now.astimezone(SHANGHAI):%Y%m%d}:{firing.level}"
    return _alert(name, "growth", case, firing.reason, now, firing.figures, firing.posts)


def reopened(case: Case, reason: str, posts: tuple[str, ...], now: datetime) -> Alert:
    figures = {"reopened": case.reopened}
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
        figures=firing.figures,
        posts=firing.posts,
    )


def after_action(case: Case, action: Action) -> tuple[Alert, ...]:
    """What to tell because a person did something to the case: the office it was sent to must hear of it."""
    if action.verb in ("dispatch", "redispatch"):
        name = f"new_case:{action.id}:{case.office}"
        return (_alert(name, "new_case", case, f"案件改派至本单位: {action.note}", action.at, {}, ()),)
    if action.verb == "reopen":
        return (reopened(case, f"案件重新办理: {action.note}", (), action.at),)
    return ()


def of_clocks(case: Case, superior: str, now: datetime) -> Iterator[Alert]:
    """Alerts for the open clocks that are near or past their end; `superior` ("" if none) hears of those past it."""
    for clock in case.clocks:
        if clock.done_at is not None or now < clock.due_soon_at:
            continue
        if now < clock.due_at:
            yield _of_clock("due_soon", case, clock, case.office, f"“{clock.name}”时限将于 {_shown(clock)} 到期", now)
            continue
        reason = f"“{clock.name}”时限已于 {_shown(clock)} 到期, 尚未完成"
        yield _of_clock("overdue", case, clock, case.office, reason, now)
        if superior and superior != case.office:
            yield _of_clock("overdue", case, clock, superior, f"下级单位承办的案件{reason}", now, suffix=f":{superior}")


def _of_clock(
    kind: AlertKind, case: Case, clock: RunningClock, office: str, reason: str, now: datetime, suffix: str = ""
) -> Alert:
    """The due instant is part of the id: a clock that was extended or started again may be told of again."""
    figures = {"clock": clock.key, "due_at": clock.due_at.isoformat(), "source": clock.source}
    name = f"{kind}:{case.id}:{clock.key}:{clock.due_at:%Y%m%d%H%M%S}{suffix}"
    return _alert(name, kind, case, reason, now, figures, (), office=office)


def _shown(clock: RunningClock) -> str:
    at = f"{clock.due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return f"{at}(暂定, 节假日安排尚未公布)" if clock.provisional else at


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
