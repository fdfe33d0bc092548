"""The life of a case. `act` is the only way to change one, and pure: it gives the changed case and the line of history;
the ledger writes both. Which verbs there are stands in `alerts/cases_verbs.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from alerts.calendar import WorkCalendar
from alerts.cases_verbs import ACKNOWLEDGING, ANEW, STATE_LABELS, VERBS, Verb, allowed, checked
from alerts.clocks import moved_to, pause_clocks, restarted, resume_clocks, stop_clocks, with_stricter
from alerts.model import CLOSED_STATES, Action, Case, Event, RunningClock
from alerts.promises import with_check, with_promise
from alerts.routes import Decision
from stream.errors import MinshengError

__all__ = ["STATE_LABELS", "SYSTEM", "VERBS", "Verb", "act", "allowed", "case_id", "open_case"]

SYSTEM = "system"
AS_PUBLISHED = WorkCalendar()  # for whoever gives no calendar: the library's, without the overrides of configs/


def open_case(
    event: Event,
    decision: Decision,
    clocks: Sequence[RunningClock],
    number: str,
    now: datetime,
    intent: str = "",
) -> tuple[Case, Action]:
    """A case for the event, already sent to the office that the decision names; `intent`: what its posts want."""
    case = Case(
        id=case_id(event.id),
        number=number,
        event_id=event.id,
        title=event.title,
        topic=event.topic,
        region=event.region,
        place=event.place,
        office=decision.lead,
        helps=decision.helps,
        state=VERBS["open"].after,
        severity=event.severity,
        opened_at=now,
        updated_at=now,
        route=decision.route[-1] if decision.route else "",
        basis=decision.basis,
        why=decision.why,
        event_grade=event.event_grade,
        clocks=tuple(clocks),
        intent=intent,
    )
    data = {"office": decision.lead, "route": list(decision.route), "routes": decision.version}
    note = "".join(decision.why)
    return case, Action(f"{case.id}:1", case.id, now, SYSTEM, "open", note, "", case.state, data)


def case_id(event_id: str) -> str:
    """One case per event, so the event names it."""
    return f"case-{event_id}"


def act(
    case: Case,
    verb: str,
    actor: str,
    now: datetime,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    clocks: Sequence[RunningClock] = (),
    calendar: WorkCalendar = AS_PUBLISHED,
) -> tuple[Case, Action]:
    """Do something to a case: the changed case (not yet saved, same version) and its line of history.

    Args:
        data: what the verb needs: `office` (and `helps`) of a redispatch or dispatch; `clock` and `due_at` (a datetime
            or ISO text with a timezone) of an extend; `what` and `by` of a promise; `promise` and `kept` of its check;
            `severity` of an escalate; `number` of a duplicate; `channel` of a referral; `correction` of false information.
        clocks: new clocks for a reopen, relapse, escalate, object or recount; a reopen without them starts each anew.
        calendar: by which clocks in working days go on after a pause.

    Raises:
        MinshengError: in Chinese, when the state does not allow it or something it needs is missing.
    """
    given = dict(data or {})
    chosen = checked(case, verb, note.strip(), given)
    after = chosen.after or case.state
    closes = after in CLOSED_STATES and case.is_open
    changed = replace(
        case,
        state=after,
        updated_at=now,
        closed_at=now if closes else case.closed_at,
        clocks=_clocks_after(case, verb, after, now, calendar, all_of_them=closes),
    )
    deed = Deed(f"{case.id}:{case.version + 1}", verb, actor, now, note.strip(), given, tuple(clocks), calendar)
    if change := _CHANGES.get(verb):
        changed = change(changed, deed)
    action = Action(deed.id, case.id, now, actor, verb, deed.note, case.state, after, _plain(given))
    return _acknowledged(changed, deed), action


@dataclass(frozen=True, slots=True)
class Deed:
    """What is being done, for the changes that a verb makes beside the state. `id` is its line of history's."""

    id: str
    verb: str
    actor: str
    now: datetime
    note: str
    data: Mapping[str, Any]
    clocks: tuple[RunningClock, ...]
    calendar: WorkCalendar


Change = Callable[[Case, Deed], Case]


def _clocks_after(
    case: Case, verb: str, after: str, now: datetime, calendar: WorkCalendar, *, all_of_them: bool
) -> tuple[RunningClock, ...]:
    """Clocks stand still in the state of an objection, whatever leads into it and out of it."""
    clocks = case.clocks
    if case.state == "objected" and after != "objected":
        clocks = resume_clocks(clocks, now, calendar)
    clocks = stop_clocks(clocks, verb, now, all_of_them=all_of_them)
    return pause_clocks(clocks, now) if after == "objected" and case.state != "objected" else clocks


def _acknowledged(case: Case, deed: Deed) -> Case:
    if deed.verb in ANEW:
        return replace(case, acknowledged_at=None, acknowledged_by="")
    if deed.verb in ACKNOWLEDGING and deed.actor != SYSTEM:
        return replace(case, acknowledged_at=deed.now, acknowledged_by=deed.actor)
    return case


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Without what JSON has no form for."""
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in data.items()}


def _send(case: Case, deed: Deed) -> Case:
    """A dispatch may, a redispatch must name an office."""
    helps = tuple(deed.data["helps"]) if "helps" in deed.data else case.helps
    office = str(deed.data.get("office") or case.office)
    return replace(case, office=office, helps=tuple(one for one in helps if one != office))


def _resend(case: Case, deed: Deed) -> Case:
    if deed.data["office"] == case.office:
        raise MinshengError(f"案件 {case.number} 已在该单位，改派须选另一个单位")
    return _send(case, deed)


def _object(case: Case, deed: Deed) -> Case:
    """With the clock of the objection, which runs while the others stand still."""
    return replace(case, clocks=(*case.clocks, *deed.clocks))


def _reopen(case: Case, deed: Deed) -> Case:
    """At the same office, or at the one that is named."""
    again = deed.clocks or tuple(restarted(clock, deed.now, deed.calendar) for clock in case.clocks)
    return replace(
        _send(case, deed),
        closed_at=None,
        solved_at=None,
        joins="",
        reopened=case.reopened + 1,
        relapses=case.relapses + (deed.verb == "relapse"),
        clocks=again,
    )


def _join(case: Case, deed: Deed) -> Case:
    number = str(deed.data["number"]).strip()
    if number == case.number:
        raise MinshengError(f"案件 {case.number} 不能并入自己")
    return replace(case, joins=number)


def _extend(case: Case, deed: Deed) -> Case:
    due_at = _instant(case, deed.data["due_at"])
    clock = next((one for one in case.clocks if one.key == deed.data["clock"] and one.done_at is None), None)
    if clock is None:
        raise MinshengError(f"案件 {case.number} 没有正在计时的时限“{deed.data['clock']}”")
    if due_at <= clock.due_at:
        raise MinshengError(f"案件 {case.number}: 新的截止时间必须晚于原来的截止时间")
    later = replace(moved_to(clock, due_at), working_days=None, provisional=False, extended=clock.extended + 1)
    return replace(case, clocks=tuple(later if one is clock else one for one in case.clocks))


def _escalate(case: Case, deed: Deed) -> Case:
    grade = deed.data.get("event_grade") or case.event_grade
    severity = max(case.severity, int(deed.data["severity"]))
    return replace(case, severity=severity, event_grade=grade, clocks=with_stricter(case.clocks, deed.clocks))


_CHANGES: Mapping[str, Change] = {
    "dispatch": _send,
    "redispatch": _resend,
    "object": _object,
    "reopen": _reopen,
    "relapse": _reopen,
    "duplicate": _join,
    "extend": _extend,
    "escalate": _escalate,
    "promise": lambda case, deed: with_promise(case, deed.id, deed.actor, deed.now, deed.data),
    "check_promise": lambda case, deed: with_check(case, deed.actor, deed.now, deed.note, deed.data),
    "recount": lambda case, deed: replace(case, clocks=deed.clocks),
    "solved": lambda case, deed: replace(case, solved_at=deed.now),
}


def _instant(case: Case, value: datetime | str) -> datetime:
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError as error:
        raise MinshengError(f"案件 {case.number}: 截止时间 {value!r} 无法识别，应如 2026-11-27T17:30+08:00") from error
    if instant.tzinfo is None:
        raise MinshengError(f"案件 {case.number}: 截止时间 {value!r} 缺少时区，应如 2026-11-27T17:30+08:00")
    return instant
