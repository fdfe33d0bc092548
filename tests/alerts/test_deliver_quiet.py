"""What need not be told any more, because the case has moved on."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.calendar import WorkCalendar
from alerts.model import Alert, Case
from alerts.quiet import Situation, quiet
from tests.alerts.mailing import NOW, make_alert, make_case, make_catalog, make_clock

REMINDER: dict[str, Any] = {"kind": "overdue", "figures": {"clock": "respond"}}
LATE: dict[str, Any] = {"clocks": (make_clock(due=-1),)}


def about(case: Case | None) -> Situation:
    return Situation(NOW, make_catalog(), WorkCalendar(), {case.id: case} if case else {})


@pytest.mark.parametrize(
    ("sentence", "alert", "case"),
    [
        ("an open case", make_alert(), make_case()),
        ("an alert without a case", make_alert(case_id=""), None),
        ("a case that is not there", make_alert(), None),
        ("a helping office", make_alert(office="zhujian"), make_case()),
        ("the office above", make_alert(office="gov"), make_case()),
        ("a branch that leads", make_alert(office="renshe@330782"), make_case(office="renshe@330782")),
        ("a reminder of a clock that ran out", make_alert(**REMINDER), make_case(**LATE)),
        ("that more time was given", make_alert(kind="extension", figures={"clock": "respond"}), make_case()),
        ("a reminder of a clock unknown", make_alert(kind="overdue"), make_case()),
    ],
)
def test_told(sentence: str, alert: Alert, case: Case | None) -> None:
    verdict = quiet([alert], about(case))
    assert (verdict.send, verdict.wait, verdict.mute) == ((alert,), (), ())


@pytest.mark.parametrize(
    ("sentence", "alert", "case", "code", "why"),
    [
        ("closed", make_alert(), make_case(state="closed"), "case_closed", "已办结"),
        ("merged", make_alert(), make_case(state="duplicate"), "case_closed", "重复并单"),
        ("moved", make_alert(), make_case(office="zhujian", helps=()), "case_moved", "已改派 住房和城乡建设局"),
        ("moved to a branch", make_alert(), make_case(office="renshe@330782"), "case_moved", "义乌市人社局"),
        (
            "answered in the meantime",
            make_alert(**REMINDER),
            make_case(clocks=(make_clock(due=-1, done=-0.5),)),
            "clock_done",
            "回应",
        ),
        (
            "given more time, and done since",
            make_alert(kind="extension", figures={"clock": "respond"}),
            make_case(clocks=(make_clock(done=1),)),
            "clock_done",
            "回应",
        ),
        ("given more time", make_alert(**REMINDER), make_case(), "clock_moved", "已延到 2026-11-27 14:30"),
    ],
)
@pytest.mark.parametrize("under_way", [False, True])
def test_muted(sentence: str, alert: Alert, case: Case, code: str, why: str, under_way: bool) -> None:
    verdict = quiet([alert], about(case), under_way=under_way)
    assert (verdict.send, verdict.wait) == ((), ())
    assert [item.code for item in verdict.mute] == [code]
    assert why in verdict.mute[0].why
