from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.calendar import WorkCalendar
from alerts.cases import STATE_LABELS, VERBS, act, allowed, open_case
from alerts.clocks import start_clocks
from alerts.model import CLOSED_STATES, OPEN_STATES, Case
from alerts.routes import decide_route
from configs.loader import load_catalog
from stream.errors import MinshengError
from tests.alerts.town import HOUR, NOW, catalog, event

TOWN = catalog()
DATA: dict[str, dict[str, Any]] = {
    "redispatch": {"office": "zhujian"},
    "extend": {"clock": "respond", "due_at": NOW + 90 * HOUR},
    "refuse_extension": {"clock": "respond"},
    "promise": {"what": "月底前发清工资", "by": "2027-11-30"},
    "check_promise": {"promise": "case-ev-1:2", "kept": True},
    "duplicate": {"number": "MS-20261124-0003"},
    "referred": {"channel": "信访"},
    "false_information": {"correction": "经核实没有欠薪"},
    "report": {"to": "县应急管理局"},
    "escalate": {"severity": 4},
}


def a_case(state: str = "dispatched", severity: int = 2) -> Case:
    one = event(severity=severity)
    clocks = start_clocks(TOWN, WorkCalendar(), None, severity, NOW)
    case, _ = open_case(one, decide_route(TOWN, one, None, "工地"), clocks, "MS-20261125-0001", NOW)
    return replace(case, state=state, closed_at=NOW if state in CLOSED_STATES else None)


def do(case: Case, *verbs: str) -> Case:
    for verb in verbs:
        case, _ = act(case, verb, "wang", NOW + HOUR, "理由", DATA.get(verb))
    return case


def test_opening_sends_it_to_the_office_and_keeps_why() -> None:
    one = event(severity=4, event_grade="较大")
    decision = decide_route(TOWN, one, None, "工地欠薪")
    case, action = open_case(one, decision, (), "MS-20261125-0001", NOW)
    assert (case.state, case.office, case.helps) == ("dispatched", "renshe", ("zhujian", "gongan"))
    assert (case.severity, case.event_grade, case.route) == (4, "较大", "wages.site")
    assert case.why == decision.why
    assert (action.actor, action.verb, action.after) == ("system", "open", "dispatched")


def test_every_state_and_verb_has_a_label() -> None:
    assert set(STATE_LABELS) == {*OPEN_STATES, *CLOSED_STATES}
    assert all(verb.label and verb.key == key for key, verb in VERBS.items())
    assert {state for verb in VERBS.values() for state in (*verb.before, verb.after) if state} <= set(STATE_LABELS)


@pytest.mark.parametrize(
    ("verbs", "state"),
    [
        (("accept", "start", "answer", "verify", "close"), "closed"),
        (("object", "redispatch", "accept"), "accepted"),
        (("answer", "start", "answer", "close", "reopen"), "dispatched"),
        (("promise", "note", "extend", "escalate"), "dispatched"),
        (("not_responsible", "note", "reopen"), "dispatched"),
        (("duplicate",), "duplicate"),
        (("referred",), "referred"),
        (("false_information",), "false_information"),
        (("no_response_needed",), "no_response_needed"),
    ],
)
def test_a_life_of_a_case(verbs: tuple[str, ...], state: str) -> None:
    assert do(a_case(), *verbs).state == state


def test_a_new_case_is_confirmed_and_dispatched() -> None:
    case = do(a_case("new"), "confirm")
    sent, _ = act(case, "dispatch", "wang", NOW, data={"office": "zhujian"})
    assert (sent.state, sent.office, sent.helps) == ("dispatched", "zhujian", ("gongan",))


@pytest.mark.parametrize(
    ("state", "verb", "note", "data", "message"),
    [
        ("closed", "accept", "", {}, "现为“已办结”，不能“签收”；现在可以: 重新办理、备注"),
        ("dispatched", "fly", "", {}, "没有“fly”"),
        ("dispatched", "open", "", {}, "不能“立案派单”"),
        ("dispatched", "object", "  ", {}, "须写明理由"),
        ("dispatched", "redispatch", "不归我管", {}, "新的责任单位"),
        ("dispatched", "redispatch", "不归我管", {"office": "renshe"}, "另一个单位"),
        ("dispatched", "extend", "", {"clock": "respond", "due_at": NOW}, "须写明理由"),
        ("dispatched", "extend", "等鉴定", {"clock": "respond"}, "新的截止时间"),
        ("dispatched", "extend", "等鉴定", {"clock": "respond", "due_at": NOW}, "晚于"),
        ("dispatched", "extend", "等鉴定", {"clock": "none", "due_at": NOW + 99 * HOUR}, "没有正在计时的时限"),
        ("dispatched", "extend", "等鉴定", {"clock": "respond", "due_at": "明天"}, "无法识别"),
        ("dispatched", "extend", "等鉴定", {"clock": "respond", "due_at": "2026-12-01T10:00"}, "缺少时区"),
        ("dispatched", "promise", "", {"what": "修路"}, "兑现时间"),
        ("accepted", "duplicate", "", {}, "须写明理由"),
    ],
)
def test_what_is_refused(state: str, verb: str, note: str, data: dict[str, Any], message: str) -> None:
    with pytest.raises(MinshengError, match=message):
        act(a_case(state), verb, "wang", NOW, note, data)


def test_the_history_says_who_did_what_and_why() -> None:
    _, action = act(a_case(), "extend", "wang", NOW + HOUR, " 等鉴定 ", DATA["extend"])
    assert (action.actor, action.at, action.note) == ("wang", NOW + HOUR, "等鉴定")
    assert (action.before, action.after) == ("dispatched", "dispatched")
    assert action.data == {"clock": "respond", "due_at": (NOW + 90 * HOUR).isoformat()}


def test_answering_stops_the_clock_and_closing_stops_all() -> None:
    answered = do(a_case(), "answer")
    assert [clock.done_at for clock in answered.clocks] == [NOW + HOUR]
    closed = do(a_case(severity=4), "referred")
    assert {clock.done_at for clock in closed.clocks} == {NOW + HOUR}
    assert closed.closed_at == NOW + HOUR


def test_extending_moves_one_clock_and_its_reminder() -> None:
    before, after = a_case(severity=4), do(a_case(severity=4), "extend")
    assert after.clocks[0] == before.clocks[0]
    assert after.clocks[1].due_at == NOW + 90 * HOUR
    assert after.clocks[1].due_soon_at == NOW + 82 * HOUR


def test_redispatching_goes_to_the_new_office_and_keeps_the_clocks() -> None:
    case = a_case()
    sent, _ = act(case, "redispatch", "wang", NOW, "归住建", {"office": "zhujian"})
    assert (sent.office, sent.helps, sent.clocks) == ("zhujian", ("gongan",), case.clocks)


def test_reopening_starts_the_clocks_again() -> None:
    closed = do(a_case(), "answer", "close")
    again, _ = act(closed, "reopen", "system", NOW + 100 * HOUR, "又有反映")
    assert again.is_open
    assert (again.reopened, again.closed_at) == (1, None)
    assert [clock.due_at for clock in again.clocks] == [NOW + 148 * HOUR]
    fresh = start_clocks(TOWN, WorkCalendar(), None, 4, NOW)
    given_clocks, _ = act(closed, "reopen", "system", NOW, "又有反映", clocks=fresh)
    assert given_clocks.clocks == fresh


def test_escalating_adds_clocks_and_never_lowers() -> None:
    stricter = start_clocks(TOWN, WorkCalendar(), None, 4, NOW + HOUR)
    raised, _ = act(a_case(), "escalate", "system", NOW + HOUR, "有人受伤", {"severity": 4}, stricter)
    assert (raised.severity, [clock.key for clock in raised.clocks]) == (4, ["respond", "publish"])
    kept, _ = act(raised, "escalate", "system", NOW + HOUR, "", {"severity": 2})
    assert kept.severity == 4


@given(st.lists(st.tuples(st.sampled_from(sorted(VERBS)), st.timedeltas(timedelta(0), timedelta(days=3))), max_size=25))
def test_no_sequence_of_verbs_leaves_the_known_states(steps: list[tuple[str, timedelta]]) -> None:
    case, now = a_case("new"), NOW
    for verb, wait in steps:
        now += wait
        case = _try(case, verb, now)
        assert case.state in STATE_LABELS
        assert (case.closed_at is None) == case.is_open
        assert case.is_open or all(clock.done_at for clock in case.clocks)
        assert allowed(case)


def _try(case: Case, verb: str, now: datetime) -> Case:
    office = "zhujian" if case.office != "zhujian" else "renshe"
    data = {**DATA.get(verb, {}), "due_at": now + 90 * HOUR} | ({"office": office} if verb == "redispatch" else {})
    possible = case.state in VERBS[verb].before
    try:
        changed, action = act(case, verb, "wang", now, "理由", data)
    except MinshengError:
        assert not possible or verb in ("extend", "check_promise")
        return case
    assert possible
    assert (action.before, action.after) == (case.state, changed.state)
    return replace(changed, version=case.version + 1)


@pytest.mark.parametrize(
    ("verb", "data", "message"),
    [
        ("false_information", {}, "更正内容"),
        ("referred", {}, "转往的渠道"),
        ("duplicate", {}, "并入的案件编号"),
        ("duplicate", {"number": "MS-20261125-0001"}, "不能并入自己"),
        ("report", {}, "上报给谁"),
        ("promise", {"what": "修路", "by": "月底"}, "无法识别"),
        ("promise", {"what": "修路", "by": "2026-11-24"}, "须晚于现在"),
        ("check_promise", {"promise": "none", "kept": True}, "没有承诺"),
    ],
)
def test_what_an_ending_or_a_promise_needs(verb: str, data: dict[str, Any], message: str) -> None:
    with pytest.raises(MinshengError, match=message):
        act(a_case(), verb, "wang", NOW, "理由", data)


def test_a_promise_lasts_until_the_end_of_its_day_and_is_checked_once() -> None:
    case, _ = act(a_case(), "promise", "renshe", NOW, "", {"what": "发清工资", "by": "2026-11-30"})
    [promise] = case.promises
    assert (promise.by.isoformat(), promise.office, promise.kept) == ("2026-12-01T00:00:00+08:00", "renshe", None)
    assert "check_promise" in {verb.key for verb in allowed(case)}
    with pytest.raises(MinshengError, match="须写明情况"):
        act(case, "check_promise", "wang", NOW, "", {"promise": promise.id, "kept": False})
    done, action = act(case, "check_promise", "wang", NOW + HOUR, "仍欠两人", {"promise": promise.id, "kept": "no"})
    [checked] = done.promises
    assert (checked.kept, checked.checked_by, checked.checked_at, checked.note) == (
        False,
        "wang",
        NOW + HOUR,
        "仍欠两人",
    )
    assert action.data == {"promise": promise.id, "kept": "no"}
    assert "check_promise" not in {verb.key for verb in allowed(done)}
    with pytest.raises(MinshengError, match="已由 wang 核实过"):
        act(done, "check_promise", "li", NOW, "", {"promise": promise.id, "kept": True})


def test_an_objection_stops_the_clocks_and_its_end_moves_them_on() -> None:
    own = start_clocks(load_catalog([]), WorkCalendar(), None, 2, NOW, parts=("object",))
    objected, _ = act(a_case(), "object", "renshe", NOW + HOUR, "不归我局", clocks=own)
    assert [(clock.key, clock.runs) for clock in objected.clocks] == [("respond", False), ("objection", True)]
    sent, _ = act(objected, "redispatch", "wang", NOW + 6 * HOUR, "归住建", {"office": "zhujian"})
    respond, objection = sent.clocks
    assert (respond.due_at, respond.paused_seconds, respond.runs) == (NOW + 53 * HOUR, 5 * 3600, True)
    assert objection.done_at == NOW + 6 * HOUR


def test_an_objection_that_ends_the_case_stops_all_clocks() -> None:
    objected, _ = act(a_case(), "object", "renshe", NOW + HOUR, "不归我局")
    ended, _ = act(objected, "not_responsible", "wang", NOW + 2 * HOUR, "不属政府职责")
    assert [(clock.done_at, clock.paused_at) for clock in ended.clocks] == [(NOW + 2 * HOUR, None)]


def test_who_has_a_case_in_hand() -> None:
    case = do(a_case(), "accept")
    assert (case.acknowledged_by, case.acknowledged_at) == ("wang", NOW + HOUR)
    assert do(case, "note").acknowledged_at == NOW + HOUR
    sent, _ = act(case, "redispatch", "li", NOW + 2 * HOUR, "归住建", {"office": "zhujian"})
    assert (sent.acknowledged_by, sent.acknowledged_at) == ("", None)


def test_a_duplicate_names_the_case_it_joins_until_it_is_reopened() -> None:
    joined = do(a_case(), "duplicate")
    assert joined.joins == "MS-20261124-0003"
    assert do(joined, "reopen").joins == ""
