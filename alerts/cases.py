"""The life of a case as data: which verb leads from which states to which, and what it needs.

`act` is the only way to change a case. It is pure: it gives the changed case and the line of history; the ledger
writes both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.clocks import stop_clocks, with_stricter
from alerts.model import CLOSED_STATES, OPEN_STATES, Action, Case, Event, RunningClock
from alerts.routes import Decision
from stream.errors import MinshengError

SYSTEM = "system"

STATE_LABELS: Mapping[str, str] = {
    "new": "待确认",
    "confirmed": "已确认",
    "dispatched": "已派单",
    "accepted": "已签收",
    "objected": "派单异议",
    "in_progress": "办理中",
    "answered": "已答复",
    "verified": "已回访核实",
    "closed": "已办结",
    "not_responsible": "不属职责范围",
    "duplicate": "重复并单",
    "referred": "已转其他渠道",
    "false_information": "不实信息",
    "no_response_needed": "无需回应",
}


@dataclass(frozen=True, slots=True)
class Verb:
    """What can be done to a case.

    `before`: the states it is allowed in; `after`: the state it leads to, "" to stay. `needs`: fields of the action's
    data that must be there, with the Chinese name to ask for. `for_people` is False where only the system does it.
    """

    key: str
    label: str
    before: tuple[str, ...]
    after: str = ""
    needs_note: bool = False
    needs: Mapping[str, str] | None = None
    for_people: bool = True


_UNDER_WAY = ("dispatched", "accepted", "in_progress")

_VERBS = (
    Verb("open", "立案派单", (), "dispatched", for_people=False),
    Verb("confirm", "确认", ("new",), "confirmed"),
    Verb("dispatch", "派单", ("new", "confirmed"), "dispatched"),
    Verb("accept", "签收", ("dispatched",), "accepted"),
    Verb("object", "提出派单异议", ("dispatched", "accepted"), "objected", needs_note=True),
    Verb(
        "redispatch",
        "改派",
        ("confirmed", "objected", *_UNDER_WAY),
        "dispatched",
        needs_note=True,
        needs={"office": "新的责任单位"},
    ),
    Verb("start", "开始办理", ("dispatched", "accepted", "answered"), "in_progress"),
    Verb("answer", "答复", _UNDER_WAY, "answered", needs_note=True),
    Verb("verify", "回访核实", ("answered",), "verified"),
    Verb("close", "办结", ("answered", "verified"), "closed"),
    Verb("reopen", "重新办理", CLOSED_STATES, "dispatched", needs_note=True),
    Verb("not_responsible", "不属职责范围", OPEN_STATES, "not_responsible", needs_note=True),
    Verb("duplicate", "并入其他案件", OPEN_STATES, "duplicate", needs_note=True),
    Verb("referred", "转其他渠道", OPEN_STATES, "referred", needs_note=True),
    Verb("false_information", "认定不实", OPEN_STATES, "false_information", needs_note=True),
    Verb("no_response_needed", "无需回应", OPEN_STATES, "no_response_needed", needs_note=True),
    Verb("note", "备注", (*OPEN_STATES, *CLOSED_STATES), needs_note=True),
    Verb("extend", "延期", OPEN_STATES, needs_note=True, needs={"clock": "时限", "due_at": "新的截止时间"}),
    Verb("promise", "承诺", OPEN_STATES, needs={"what": "承诺事项", "by": "兑现时间"}),
    Verb("escalate", "升级", OPEN_STATES, needs={"severity": "严重程度"}, for_people=False),
)
VERBS: Mapping[str, Verb] = {verb.key: verb for verb in _VERBS}


def allowed(case: Case) -> tuple[Verb, ...]:
    """What a person may do to the case as it is, in the order of a case's life."""
    return tuple(verb for verb in _VERBS if verb.for_people and case.state in verb.before)


def open_case(
    event: Event, decision: Decision, clocks: Sequence[RunningClock], number: str, now: datetime
) -> tuple[Case, Action]:
    """A case for the event, already sent to the office that the decision names."""
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
    )
    data = {"office": decision.lead, "route": list(decision.route)}
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
) -> tuple[Case, Action]:
    """Do something to a case: the changed case (not yet saved, same version) and its line of history.

    Args:
        data: what the verb needs: `office` (and `helps`) of a redispatch or dispatch; `clock` and `due_at` (a datetime
            or ISO text with a timezone) of an extend; `what` and `by` of a promise; `severity` of an escalate.
        clocks: new clocks for a reopen or escalate; a reopen without them gives each clock its first span again.

    Raises:
        MinshengError: in Chinese, when the state does not allow it or something it needs is missing.
    """
    chosen, given = _checked(case, verb, note.strip(), data or {}), dict(data or {})
    after = chosen.after or case.state
    closes = after in CLOSED_STATES and case.is_open
    changed = replace(
        case,
        state=after,
        updated_at=now,
        closed_at=now if closes else case.closed_at,
        clocks=stop_clocks(case.clocks, verb, now, all_of_them=closes),
    )
    if change := _CHANGES.get(verb):
        changed = change(changed, now, given, clocks)
    action = Action(
        id=f"{case.id}:{case.version + 1}",
        case_id=case.id,
        at=now,
        actor=actor,
        verb=verb,
        note=note.strip(),
        before=case.state,
        after=after,
        data={key: value.isoformat() if isinstance(value, datetime) else value for key, value in given.items()},
    )
    return changed, action


def _checked(case: Case, key: str, note: str, data: Mapping[str, Any]) -> Verb:
    verb = VERBS.get(key)
    if verb is None:
        raise MinshengError(f"没有“{key}”这种办理动作, 可用的有: {'、'.join(VERBS)}")
    if case.state not in verb.before:
        can = "、".join(one.label for one in allowed(case))
        raise MinshengError(f"案件 {case.number} 现为“{STATE_LABELS[case.state]}”, 不能“{verb.label}”; 现在可以: {can}")
    if verb.needs_note and not note:
        raise MinshengError(f"案件 {case.number}: “{verb.label}”须写明理由或内容")
    for field, name in (verb.needs or {}).items():
        if data.get(field) in (None, ""):
            raise MinshengError(f"案件 {case.number}: “{verb.label}”须写明{name}")
    return verb


Change = Callable[[Case, datetime, Mapping[str, Any], Sequence[RunningClock]], Case]


def _send(case: Case, now: datetime, data: Mapping[str, Any], clocks: Sequence[RunningClock]) -> Case:
    """A dispatch may, a redispatch must name an office."""
    helps = tuple(data["helps"]) if "helps" in data else case.helps
    office = str(data.get("office") or case.office)
    return replace(case, office=office, helps=tuple(one for one in helps if one != office))


def _resend(case: Case, now: datetime, data: Mapping[str, Any], clocks: Sequence[RunningClock]) -> Case:
    if data["office"] == case.office:
        raise MinshengError(f"案件 {case.number} 已在该单位, 改派须选另一个单位")
    return _send(case, now, data, clocks)


def _reopen(case: Case, now: datetime, data: Mapping[str, Any], clocks: Sequence[RunningClock]) -> Case:
    again = tuple(clocks) or tuple(_again(clock, now) for clock in case.clocks)
    return replace(case, closed_at=None, reopened=case.reopened + 1, clocks=again)


def _extend(case: Case, now: datetime, data: Mapping[str, Any], clocks: Sequence[RunningClock]) -> Case:
    due_at = _instant(case, data["due_at"])
    clock = next((one for one in case.clocks if one.key == data["clock"] and one.done_at is None), None)
    if clock is None:
        raise MinshengError(f"案件 {case.number} 没有正在计时的时限“{data['clock']}”")
    if due_at <= clock.due_at:
        raise MinshengError(f"案件 {case.number}: 新的截止时间必须晚于原来的截止时间")
    later = replace(clock, due_at=due_at, due_soon_at=clock.due_soon_at + (due_at - clock.due_at))
    return replace(case, clocks=tuple(later if one is clock else one for one in case.clocks))


def _escalate(case: Case, now: datetime, data: Mapping[str, Any], clocks: Sequence[RunningClock]) -> Case:
    grade = data.get("event_grade") or case.event_grade
    severity = max(case.severity, int(data["severity"]))
    return replace(case, severity=severity, event_grade=grade, clocks=with_stricter(case.clocks, clocks))


_CHANGES: Mapping[str, Change] = {
    "dispatch": _send,
    "redispatch": _resend,
    "reopen": _reopen,
    "extend": _extend,
    "escalate": _escalate,
}


def _again(clock: RunningClock, now: datetime) -> RunningClock:
    """The same span from now on; in working days that is a guess, so it is marked provisional."""
    due_at = now + (clock.due_at - clock.started_at)
    due_soon_at = due_at - (clock.due_at - clock.due_soon_at)
    return replace(
        clock, started_at=now, due_at=due_at, due_soon_at=max(now, due_soon_at), done_at=None, provisional=True
    )


def _instant(case: Case, value: datetime | str) -> datetime:
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError as error:
        raise MinshengError(f"案件 {case.number}: 截止时间 {value!r} 无法识别, 应如 2026-11-27T17:30+08:00") from error
    if instant.tzinfo is None:
        raise MinshengError(f"案件 {case.number}: 截止时间 {value!r} 缺少时区, 应如 2026-11-27T17:30+08:00")
    return instant
