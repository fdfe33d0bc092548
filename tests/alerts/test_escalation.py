"""Who is told of deadlines, level by level; what holds it back; who hears that it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.calendar import WorkCalendar
from alerts.cases import act, open_case
from alerts.cases_do import do as do_to
from alerts.clocks import OBJECTION, start_clocks
from alerts.escalation import highest_level, look
from alerts.ledger import CaseFilter, Ledger
from alerts.model import Alert, Case
from alerts.routes import decide_route
from alerts.tick import level_office, tick
from configs.catalog import Calendar, Catalog, Clock, ClockSet, FollowUp, Ladder, Step
from tests.alerts.deciding import Town
from tests.alerts.test_decide import about, close
from tests.alerts.town import CLOCK_SETS, CLOCKS, HOUR, NOW, OFFICES, catalog, event, judged, office
from tests.contract.ledger_base import opened

DUE = NOW + 48 * HOUR
LEVELS = ("office", "deputy", "superior", "government")
OFFICE_OF = {"office": "renshe", "deputy": "renshe", "superior": "bureau", "government": "gov"}
FOLLOW = FollowUp(
    ladders=(
        Ladder(
            due_soon=(Step(to="office"), Step(to="deputy", after_hours=2)),
            overdue=tuple(
                Step(to=level, after_hours=hours) for level, hours in zip(LEVELS, (0, 2, 8, 24), strict=True)
            ),
        ),
    )
)


def whole_town() -> Catalog:
    """renshe has a deputy and stands under the bureau, which stands under gov."""
    others = tuple(one for one in OFFICES if one.key != "renshe")
    renshe = office("renshe", "人力资源和社会保障局", "人社局", superior="bureau", deputies=("deputy@town.example",))
    return catalog(offices=(renshe, office("bureau", "上级局", "上级局"), *others), follow_up=FOLLOW)


@pytest.fixture
def town(ledger: Ledger) -> Town:
    town = Town(ledger, whole_town())
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    return town


def told(town: Town, *hours: float, since: datetime = DUE) -> list[tuple[float, str, str]]:
    """(hours after the deadline, kind, level) of every alert that ticks at these hours bring."""
    found = []
    for hour in hours:
        before = {alert.id for alert in town.alerts}
        town.now = since + hour * HOUR
        tick(town.ledger, town.catalog, town.now)
        new = [alert for alert in town.alerts if alert.id not in before]
        found += [(hour, alert.kind, str(alert.figures["level"])) for alert in sorted(new, key=lambda one: one.id)]
    return found


def do(town: Town, verb: str, hours: float, note: str = "理由", **data: Any) -> Case:
    with town.ledger.begin() as tx:
        return tx.cases.save(*act(town.cases[0], verb, "renshe", DUE + hours * HOUR, note, data))


def test_each_level_is_told_once_and_after_its_delay(town: Town) -> None:
    assert told(town, -8, -7, -6, -5, 0, 1, 2, 7, 8, 23, 24, 99) == [
        (-8, "due_soon", "office"),
        (-6, "due_soon", "deputy"),
        (0, "overdue", "office"),
        (2, "overdue", "deputy"),
        (8, "overdue", "superior"),
        (24, "overdue", "government"),
    ]
    assert [alert.office for alert in town.alerts[-2:]] == ["bureau", "gov"]
    assert highest_level(town.cases[0]) == "government"


def test_after_a_long_standstill_the_levels_still_come_one_by_one(town: Town) -> None:
    assert told(town, 100, 100, 101, 102, 108, 124) == [
        (100, "overdue", "office"),
        (102, "overdue", "deputy"),
        (108, "overdue", "superior"),
        (124, "overdue", "government"),
    ]


@pytest.mark.parametrize("verb", ["accept", "acknowledge"])
def test_an_acknowledgement_stops_it_and_expires_when_nothing_follows(town: Town, verb: str) -> None:
    assert told(town, 0, 2)[-1] == (2, "overdue", "deputy")
    do(town, verb, 3)
    assert told(town, 8, 24, 26.9) == []
    assert told(town, 27, 28, 43) == [(27, "overdue", "superior"), (43, "overdue", "government")]


def test_what_follows_an_acknowledgement_holds_it_on(town: Town) -> None:
    told(town, 0, 2)
    do(town, "accept", 3)
    do(town, "start", 20)
    assert told(town, 27, 43) == []
    assert told(town, 44) == [(44, "overdue", "superior")]


def test_a_remark_holds_nothing_back(town: Town) -> None:
    told(town, 0, 2)
    do(town, "note", 3)
    assert told(town, 8) == [(8, "overdue", "superior")]


def test_the_office_itself_is_told_whatever_it_acknowledged(town: Town) -> None:
    do(town, "accept", -1)
    assert told(town, 0, 2, 8) == [(0, "overdue", "office")]


def test_a_graver_case_lies_before_somebody_who_has_not_seen_it(town: Town) -> None:
    told(town, 0, 2)
    do(town, "accept", 3)
    do(town, "escalate", 4, severity=3)
    assert (8, "overdue", "superior") in told(town, 8)


def test_who_was_told_that_it_ran_out_hears_that_it_was_met(town: Town) -> None:
    told(town, 0, 2, 8)
    do(town, "answer", 9)
    assert told(town, 9, 10, 48) == [
        (9, "clock_met", "office"),
        (9, "clock_met", "deputy"),
        (9, "clock_met", "superior"),
    ]
    met = [alert.office for alert in town.alerts if alert.kind == "clock_met"]
    assert sorted(met) == ["bureau", "renshe", "renshe"]
    assert "完成，不必再催" in town.alerts[-1].reason


def test_closing_a_case_takes_back_what_was_told_too(town: Town) -> None:
    told(town, 0)
    do(town, "no_response_needed", 1, "已撤诉")
    assert told(town, 1, 2) == [(1, "clock_met", "office")]


def test_nobody_hears_of_a_clock_that_was_met_in_time(town: Town) -> None:
    told(town, -8)
    do(town, "answer", -1)
    assert told(town, 0, 48) == []


def test_an_extended_clock_starts_at_the_first_level_again(town: Town) -> None:
    told(town, 0, 2, 8)
    do(town, "extend", 9, "等鉴定", clock="respond", due_at=DUE + 50 * HOUR)
    assert told(town, 10, 41, 42, 50) == [(42, "due_soon", "office"), (50, "overdue", "office")]


def test_a_clock_that_stands_still_tells_nobody(town: Town) -> None:
    do(town, "object", -20, "不归我局管")
    assert told(town, -8, 0, 24) == []
    do(town, "redispatch", 24, "改派", office="zhujian")
    assert town.cases[0].clocks[0].due_at == DUE + 44 * HOUR
    assert told(town, 35, 36, 44) == [(36, "due_soon", "office"), (44, "overdue", "office")]
    assert town.alerts[-1].office == "zhujian"


def test_a_review_is_asked_of_those_on_duty_and_not_of_the_office_that_objected(ledger: Ledger) -> None:
    review = Clock(key=OBJECTION, name="派单异议审核", hours=24, source="地方默认值", due_soon_hours=2, pauses=False)
    sets = (*CLOCK_SETS, ClockSet(key="review", name="派单异议", part="object", clocks=(OBJECTION,)))
    town = Town(ledger, catalog(follow_up=FOLLOW, clocks=(*CLOCKS, review), clock_sets=sets))
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    with ledger.begin() as tx:
        do_to(tx, town.catalog, town.cases[0], "object", "renshe", NOW, "不归我局管")
    assert told(town, 22, 24, 26, 32, 48, since=NOW) == [
        (22, "due_soon", "office"),
        (24, "overdue", "office"),
        (48, "overdue", "government"),
    ]
    assert [alert.office for alert in town.alerts[1:]] == ["duty", "duty", "gov"]
    with ledger.begin() as tx:
        do_to(tx, town.catalog, town.cases[0], "uphold", "wang", NOW + 49 * HOUR, "应由人社办理")
    assert {alert.office for alert in _new(town, NOW + 50 * HOUR)} == {"duty", "gov"}


def _new(town: Town, now: datetime) -> list[Alert]:
    """Of deadlines that were met, told at `now`."""
    tick(town.ledger, town.catalog, now)
    return [alert for alert in town.alerts if alert.kind == "clock_met"]


def test_a_level_that_posts_accuse_is_passed_over(town: Town) -> None:
    town.take(judged("p4", title="云栖工地欠薪", text="政府办公室推诿扯皮，不作为", at=NOW))
    with town.ledger.read() as tx:
        assert tx.events.accusing(town.cases[0].event_id, "gov")
    assert (24, "overdue", "government") not in told(town, 0, 2, 8, 24)
    assert "gov" not in {alert.office for alert in town.alerts if alert.kind == "overdue"}


def test_where_the_superior_is_the_government_it_is_told_once(ledger: Ledger) -> None:
    town = Town(ledger, catalog(follow_up=FOLLOW))
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    assert told(town, 0, 2, 8, 24) == [(0, "overdue", "office"), (8, "overdue", "superior")]


@pytest.mark.parametrize(
    ("office_id", "found"),
    [
        ("renshe", ["renshe", "renshe", "bureau", "gov"]),
        ("bureau", ["bureau", "", "gov", "gov"]),
        ("gov", ["gov", "", "", ""]),
        ("gone", ["gone", "", "", ""]),
    ],
)
def test_the_levels_of_an_office(ledger: Ledger, office_id: str, found: list[str]) -> None:
    case = opened(ledger, event(), office=office_id)
    assert [level_office(whole_town(), case, level) for level in LEVELS] == found


def test_the_government_office_may_be_named(ledger: Ledger) -> None:
    town = whole_town()
    town = town.model_copy(update={"follow_up": FOLLOW.model_copy(update={"government": "duty"})})
    assert level_office(town, opened(ledger, event()), "government") == "duty"


# ---- promises ------------------------------------------------------------------------------------


def test_a_promise_that_nobody_checked_is_told_of_and_taken_back(town: Town) -> None:
    do(town, "promise", -40, what="发清工资", by=(DUE - 30 * HOUR).isoformat())
    do(town, "answer", -39)
    case = do(town, "close", -38)
    assert told(town, -31, -30, -28) == [(-30, "promise_overdue", "office"), (-28, "promise_overdue", "deputy")]
    assert "发清工资" in town.alerts[-1].reason
    with town.ledger.begin() as tx:
        data = {"promise": case.promises[0].id, "kept": True}
        tx.cases.save(*act(town.cases[0], "check_promise", "wang", DUE - 27 * HOUR, "", data))
    assert [kind for _, kind, _ in told(town, -27, 0)] == ["clock_met", "clock_met"]


def test_a_broken_promise_is_told_no_more(town: Town) -> None:
    do(town, "promise", -40, what="发清工资", by=(DUE - 30 * HOUR).isoformat())
    do(town, "answer", -39)
    told(town, -30)
    do(town, "check_promise", -29, "仍有两人没有拿到", promise=town.cases[0].promises[0].id, kept=False)
    assert told(town, -28, 0, 24) == []


# ---- what comes back, what is solved -------------------------------------------------------------


def test_a_closed_case_is_solved_when_nobody_complains_again(town: Town) -> None:
    close(town)
    days = timedelta(days=FOLLOW.relapse_days)
    tick(town.ledger, town.catalog, NOW + days - HOUR)
    assert town.cases[0].solved_at is None
    assert tick(town.ledger, town.catalog, NOW + days) == 0
    assert (town.cases[0].solved_at, town.cases[0].state) == (NOW + days, "closed")
    tick(town.ledger, town.catalog, NOW + 2 * days)
    assert town.verbs(town.cases[0]) == ["open", "answer", "close", "solved"]
    with town.ledger.read() as tx:
        assert tx.cases.to_tell(NOW + 9 * days) == []


def again(town: Town, at: datetime, post: str = "p9") -> None:
    town.now = at
    town.take(*about("云栖工地欠薪", post, at=at))


def test_a_complaint_soon_after_the_closing_is_a_relapse_and_is_counted(town: Town) -> None:
    close(town)
    again(town, NOW + timedelta(days=3))
    [case] = town.cases
    assert (case.state, case.reopened, case.relapses) == ("dispatched", 1, 1)
    assert "3 天内又有 1 条信息" in town.alerts[-1].reason
    assert "回潮(第 1 次)" in town.alerts[-1].reason
    with town.ledger.read() as tx:
        assert tx.cases.count_actions(["relapse", "solved"], NOW, town.now + HOUR) == {"relapse": 1}
        assert [one.id for one in tx.cases.find(CaseFilter(relapsed=True))] == [case.id]
    tick(town.ledger, town.catalog, NOW + timedelta(days=31))
    assert town.cases[0].solved_at is None


def test_a_complaint_long_after_reopens_and_is_no_relapse(town: Town) -> None:
    close(town)
    tick(town.ledger, town.catalog, NOW + timedelta(days=30))
    again(town, NOW + timedelta(days=40))
    [case] = town.cases
    assert (case.state, case.reopened, case.relapses, case.solved_at) == ("dispatched", 1, 0, None)
    assert town.counts["decided", "reopened"] == 1
    assert "并入原案" in town.alerts[-1].reason


def test_what_was_found_false_and_is_told_again_is_no_relapse(town: Town) -> None:
    do(town, "false_information", -48, "核实无此事", correction="没有欠薪")
    again(town, NOW + timedelta(days=2))
    assert (town.cases[0].state, town.cases[0].relapses) == ("dispatched", 0)
    assert "不实信息后 2 天内" in town.alerts[-1].reason


def test_a_duplicate_leaves_new_complaints_to_the_case_it_joins(town: Town) -> None:
    town.take(*about("虹溪工地欠薪", "q1", "q2", "q3"))
    first, second = sorted(town.cases, key=lambda case: case.number)
    with town.ledger.begin() as tx:
        tx.cases.save(*act(first, "duplicate", "wang", NOW, "同一工地", {"number": second.number}))
    again(town, NOW + HOUR)
    assert town.counts["decided", "joined_other"] == 1
    with town.ledger.begin() as tx:
        case = tx.cases.get(second.id)
        assert case is not None
        case = tx.cases.save(*act(case, "answer", "wang", NOW + 2 * HOUR, "已发放"))
        tx.cases.save(*act(case, "close", "wang", NOW + 2 * HOUR))
    again(town, NOW + timedelta(days=1), "p10")
    states = {case.number: (case.state, case.relapses) for case in town.cases}
    assert states == {first.number: ("duplicate", 0), second.number: ("dispatched", 1)}


# ---- a calendar that was not out yet --------------------------------------------------------------


def test_provisional_deadlines_are_counted_again_when_the_calendar_is_out(ledger: Ledger) -> None:
    slow = Clock(key="slow", name="办结", working_days=5, source="地方默认值", done_by=("close",))
    base = {"clocks": (slow,), "clock_sets": (ClockSet(key="all", name="全部", clocks=("slow",)),)}
    town = Town(ledger, catalog(**base))
    town.now = datetime.fromisoformat("2026-12-30T10:00+08:00")
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3", at=town.now))
    [clock] = town.cases[0].clocks
    assert (clock.provisional, clock.due_at) == (True, datetime.fromisoformat("2027-01-07T17:30+08:00"))
    later = town.now + timedelta(days=2)
    tick(ledger, town.catalog, later)
    assert town.verbs(town.cases[0]) == ["open"]
    off = [datetime.fromisoformat(f"2027-01-0{day}").date() for day in (1, 4)]
    out = catalog(**base, calendar=Calendar(holidays=tuple(off)))
    tick(ledger, out, later + timedelta(days=2))
    [clock] = town.cases[0].clocks
    assert (clock.provisional, clock.due_at) == (False, datetime.fromisoformat("2027-01-08T17:30+08:00"))
    assert town.verbs(town.cases[0]) == ["open", "recount"]
    with ledger.read() as tx:
        assert "由 2027-01-07 17:30 改为 2027-01-08 17:30" in tx.cases.actions(town.cases[0].id)[-1].note
    tick(ledger, out, later + timedelta(days=4))
    assert town.verbs(town.cases[0]) == ["open", "recount"]


# ---- at any pace ---------------------------------------------------------------------------------

paces = st.lists(st.floats(0.05, 40), min_size=1, max_size=30)


@settings(deadline=None)  # the machine may be busy
@given(waits=paces, acknowledged=st.one_of(st.none(), st.floats(0, 80)))
def test_at_any_pace_every_level_is_told_once_in_order_and_never_too_soon(
    waits: list[float], acknowledged: float | None
) -> None:
    base = case_at_rest()
    case = base if acknowledged is None else replace(base, acknowledged_at=NOW + acknowledged * HOUR)
    now, alerts = NOW, list[Alert]()
    for wait in waits:
        now += wait * HOUR
        found = look(case, FOLLOW, OFFICE_OF.__getitem__, now)
        again = look(replace(case, told=found.told), FOLLOW, OFFICE_OF.__getitem__, now)
        assert again.alerts == ()
        assert found.next_at is None or found.next_at > now
        alerts += found.alerts
        case = replace(case, told=found.told)
    assert len({alert.id for alert in alerts}) == len(alerts)
    late = [alert for alert in alerts if alert.kind == "overdue"]
    assert [alert.figures["level"] for alert in late] == list(LEVELS[: len(late)])
    hours = {"office": 0, "deputy": 2, "superior": 8, "government": 24}
    assert all(alert.created_at >= DUE + hours[str(alert.figures["level"])] * HOUR for alert in late)


def case_at_rest() -> Case:
    town, one = catalog(), event()
    clocks = start_clocks(town, WorkCalendar(), None, 2, NOW)
    case, _ = open_case(one, decide_route(town, one, None, ""), clocks, "MS-20261125-0001", NOW)
    return case
