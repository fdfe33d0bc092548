"""What can be done to a case, as data: which verb leads from which states to which, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.model import CLOSED_STATES, OPEN_STATES, Case
from stream.errors import MinshengError

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
    data that must be there, with the Chinese name to ask for. `for_people` is False for what nobody chooses on a case's
    page: the system does it, or it ends what was asked for elsewhere.
    """

    key: str
    label: str
    before: tuple[str, ...]
    after: str = ""
    needs_note: bool = False
    needs: Mapping[str, str] | None = None
    for_people: bool = True


_UNDER_WAY = ("dispatched", "accepted", "in_progress")
_EVERY_STATE = (*OPEN_STATES, *CLOSED_STATES)

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
    Verb("uphold", "维持原派单", ("objected",), "dispatched", needs_note=True),
    Verb("start", "开始办理", ("dispatched", "accepted", "answered"), "in_progress"),
    Verb("answer", "答复", _UNDER_WAY, "answered", needs_note=True),
    Verb("verify", "回访核实", ("answered",), "verified"),
    Verb("close", "办结", ("answered", "verified"), "closed"),
    Verb("reopen", "重新办理", CLOSED_STATES, "dispatched", needs_note=True),
    Verb("relapse", "回潮重办", ("closed",), "dispatched", needs_note=True, for_people=False),
    Verb("not_responsible", "不属职责范围", OPEN_STATES, "not_responsible", needs_note=True),
    Verb("duplicate", "并入其他案件", OPEN_STATES, "duplicate", needs_note=True, needs={"number": "并入的案件编号"}),
    Verb("referred", "转其他渠道", OPEN_STATES, "referred", needs_note=True, needs={"channel": "转往的渠道"}),
    Verb(
        "false_information",
        "认定不实",
        OPEN_STATES,
        "false_information",
        needs_note=True,
        needs={"correction": "更正内容"},
    ),
    Verb("no_response_needed", "无需回应", OPEN_STATES, "no_response_needed", needs_note=True),
    Verb("acknowledge", "知悉跟进", OPEN_STATES),
    Verb("report", "上报", OPEN_STATES, needs={"to": "上报给谁"}),
    Verb("note", "备注", _EVERY_STATE, needs_note=True),
    Verb("extend", "延期", OPEN_STATES, needs_note=True, needs={"clock": "时限", "due_at": "新的截止时间"}),
    Verb("refuse_extension", "不予延期", OPEN_STATES, needs_note=True, needs={"clock": "时限"}, for_people=False),
    Verb("promise", "承诺", OPEN_STATES, needs={"what": "承诺事项", "by": "兑现时间"}),
    Verb("check_promise", "核实承诺", _EVERY_STATE, needs={"promise": "哪一项承诺", "kept": "是否兑现"}),
    Verb("escalate", "升级", OPEN_STATES, needs={"severity": "严重程度"}, for_people=False),
    Verb("recount", "重算时限", OPEN_STATES, needs_note=True, for_people=False),
    Verb("solved", "确认解决", ("closed",), needs_note=True, for_people=False),
)
VERBS: Mapping[str, Verb] = {verb.key: verb for verb in _VERBS}

# After these somebody has the case in hand, which holds the higher levels back for a while.
ACKNOWLEDGING = frozenset({"accept", "acknowledge", "report", "start", "answer", "verify", "extend", "promise"})
# After these it lies before somebody who has not seen it.
ANEW = frozenset({"dispatch", "redispatch", "uphold", "reopen", "relapse", "escalate"})


def allowed(case: Case) -> tuple[Verb, ...]:
    """What a person may do to the case as it is, in the order of a case's life."""
    return tuple(verb for verb in _VERBS if verb.for_people and case.state in verb.before and _can(case, verb))


def checked(case: Case, key: str, note: str, data: Mapping[str, Any]) -> Verb:
    """The verb; raises MinshengError, in Chinese, when the state does not allow it or something it needs is missing."""
    verb = VERBS.get(key)
    if verb is None:
        raise MinshengError(f"没有“{key}”这种办理动作，可用的有: {'、'.join(VERBS)}")
    if case.state not in verb.before:
        can = "、".join(one.label for one in allowed(case))
        raise MinshengError(f"案件 {case.number} 现为“{STATE_LABELS[case.state]}”，不能“{verb.label}”；现在可以: {can}")
    if verb.needs_note and not note:
        raise MinshengError(f"案件 {case.number}: “{verb.label}”须写明理由或内容")
    for field, name in (verb.needs or {}).items():
        if data.get(field) is None or data[field] == "":
            raise MinshengError(f"案件 {case.number}: “{verb.label}”须写明{name}")
    return verb


def _can(case: Case, verb: Verb) -> bool:
    """Whether there is anything to do it to."""
    return verb.key != "check_promise" or any(one.kept is None for one in case.promises)
