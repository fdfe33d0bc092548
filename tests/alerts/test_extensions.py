"""How far clocks may be put off: by law once and so long, elsewhere not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.calendar import WorkCalendar
from alerts.cases_do import do
from alerts.clocks import start_clocks
from alerts.deliver import deliver_once
from alerts.extensions import extendable, latest
from alerts.ledger import AlertFilter, Ledger
from alerts.model import Alert, Case
from alerts.moments import moment
from alerts.quiet import Situation, quiet
from configs.catalog import Catalog, Clock, ClockSet, Extension
from configs.loader import load_catalog
from stream.errors import Conflict, MinshengError
from tests.alerts.mailing import Mailbox, make_alert
from tests.alerts.town import CLOCKS, HOUR, NOW, catalog, event
from tests.contract.ledger_base import opened

DAY = timedelta(days=1)
SHIPPED = load_catalog([])
CHINA = WorkCalendar(SHIPPED.calendar)
LAW = Extension(times=1, working_days=20, source="虚构条例第三条")
TWICE = Extension(times=2, hours=48)
TOWN: Catalog = catalog(
    clocks=(
        *(clock for clock in CLOCKS if clock.key not in ("respond", "verify")),
        Clock(key="respond", name="回应", hours=48, source="虚构规定", extension=TWICE),
        Clock(key="verify", name="核查", working_days=2, source="虚构规定", extension=LAW, done_by=("verify", "close")),
    ),
    clock_sets=(ClockSet(key="all", name="全部", clocks=("respond", "verify", "slow")),),
)


def put_off(ledger: Ledger, case: Case, key: str, until: datetime) -> Case:
    with ledger.begin() as tx:
        return do(tx, TOWN, case, "extend", "wang", NOW, "等鉴定", {"clock": key, "due_at": until})


def due(case: Case, key: str) -> datetime:
    return next(clock.due_at for clock in case.clocks if clock.key == key)


@pytest.fixture
def case(ledger: Ledger) -> Case:
    return opened(ledger, event(), clocks=start_clocks(TOWN, CHINA, None, 2, NOW))


def test_a_clock_goes_as_far_as_its_rule_allows_and_no_further(ledger: Ledger, case: Case) -> None:
    last = CHINA.add_working_days(due(case, "verify"), 20).at
    with pytest.raises(MinshengError, match=r"“核查”至多延到 .*虚构条例第三条.*不超过 20 个工作日"):
        put_off(ledger, case, "verify", last + HOUR)
    assert due(put_off(ledger, case, "verify", last), "verify") == last


def test_the_number_of_extensions_is_limited(ledger: Ledger, case: Case) -> None:
    case = put_off(ledger, case, "verify", due(case, "verify") + DAY)
    with pytest.raises(MinshengError, match="已延期 1 次，不得再延"):
        put_off(ledger, case, "verify", due(case, "verify") + DAY)
    case = put_off(ledger, case, "respond", due(case, "respond") + DAY)
    case = put_off(ledger, case, "respond", due(case, "respond") + 2 * DAY)
    with pytest.raises(MinshengError, match=r"已延期 2 次.*虚构规定.*2 天"):
        put_off(ledger, case, "respond", due(case, "respond") + HOUR)


def test_what_no_rule_allows_is_refused_and_says_what_to_do(ledger: Ledger, case: Case) -> None:
    with pytest.raises(MinshengError, match=r"“办结”不得延期.*先答复进展"):
        put_off(ledger, case, "slow", due(case, "slow") + HOUR)


def test_started_anew_it_may_be_put_off_again(ledger: Ledger, case: Case) -> None:
    case = put_off(ledger, case, "verify", due(case, "verify") + DAY)
    with ledger.begin() as tx:
        for verb, note in (("answer", "已办"), ("close", ""), ("reopen", "又漏了")):
            case = do(tx, TOWN, case, verb, "wang", NOW + HOUR, note)
    assert set(extendable(TOWN, CHINA, case)) == {"respond", "verify"}


def test_only_open_clocks_can_be_put_off(ledger: Ledger, case: Case) -> None:
    assert set(extendable(TOWN, CHINA, case)) == {"respond", "verify"}
    with ledger.begin() as tx:
        case = do(tx, TOWN, case, "answer", "wang", NOW, "已办")
    assert set(extendable(TOWN, CHINA, case)) == {"verify"}


# ---- the office hears of it ------------------------------------------------------------------------


def told(ledger: Ledger) -> list[Alert]:
    with ledger.read() as tx:
        return [one for one in tx.alerts.find(AlertFilter(limit=100)) if one.kind == "extension"]


def test_what_was_granted_is_told_once_with_its_new_limit_and_why(ledger: Ledger, case: Case) -> None:
    until = due(case, "verify") + DAY
    put_off(ledger, case, "verify", until)
    with pytest.raises(Conflict):
        put_off(ledger, case, "verify", until)  # the same form sent twice
    (one,) = told(ledger)
    assert (one.office, one.case_id) == (case.office, case.id)
    assert f"“核查”时限已延期至 {moment(until)}" in one.reason
    assert "等鉴定" in one.reason
    box = Mailbox()
    for hours in (0, 1, 30):
        deliver_once(ledger, lambda _: None, TOWN, box, NOW + hours * HOUR)
    assert [ids for _, ids, _ in box.mails] == [[one.id]]


def test_of_two_clocks_each_is_told(ledger: Ledger, case: Case) -> None:
    case = put_off(ledger, case, "verify", due(case, "verify") + DAY)
    case = put_off(ledger, case, "respond", due(case, "respond") + DAY)
    put_off(ledger, case, "respond", due(case, "respond") + DAY)
    assert len(told(ledger)) == 3


def test_a_refusal_says_that_the_limit_stays(ledger: Ledger, case: Case) -> None:
    with ledger.begin() as tx:
        after = do(tx, TOWN, case, "refuse_extension", "wang", NOW, "可以按期办完", {"clock": "verify"})
    assert after.clocks == case.clocks
    (one,) = told(ledger)
    assert f"“核查”时限未获准延期，仍为 {moment(due(case, 'verify'))}" in one.reason
    assert "可以按期办完" in one.reason


def test_of_a_clock_that_is_done_nothing_is_told(ledger: Ledger, case: Case) -> None:
    with ledger.begin() as tx:
        case = do(tx, TOWN, case, "answer", "wang", NOW, "已办")
        do(tx, TOWN, case, "refuse_extension", "wang", NOW, "已经办完", {"clock": "respond"})
    assert told(ledger) == []


def test_it_waits_for_the_office_to_open_but_for_no_round() -> None:
    rules = SHIPPED.quiet
    assert "extension" not in rules.rounds.kinds
    assert "extension" not in rules.urgent.kinds
    one = make_alert(kind="extension", severity=2, created_at=NOW - DAY)
    at = Situation(datetime(2026, 11, 25, 13, 0, tzinfo=UTC), SHIPPED, CHINA)  # 21:00 of a Wednesday
    assert [wait.code for wait in quiet([one], at).wait] == ["office_hours"]
    assert quiet([one], replace(at, now=datetime(2026, 11, 26, 2, 0, tzinfo=UTC))).send == (one,)


@given(key=st.sampled_from(["respond", "verify"]), minutes=st.integers(0, 500_000), times=st.integers(0, 3))
def test_more_waiting_never_allows_less(key: str, minutes: int, times: int) -> None:
    clock = next(one for one in start_clocks(TOWN, CHINA, None, 2, NOW) if one.key == key)
    later = replace(clock, due_at=clock.due_at + timedelta(minutes=minutes), extended=times)
    first, second = latest(TOWN, CHINA, replace(clock, extended=times)), latest(TOWN, CHINA, later)
    assert (first is None) == (second is None)
    assert first is None or second is None or clock.due_at < first <= second


# ---- as shipped: clock -> its limit, how often and how much longer, whose rule it is -----------------

RULES: tuple[tuple[str, dict[str, Any], tuple[int, str, float] | None, str], ...] = (
    ("publish", {"hours": 5}, None, "国办发〔2016〕80号"),
    ("press", {"hours": 24}, None, "国办发〔2016〕61号"),
    ("respond", {"hours": 48}, None, "国办发〔2016〕61号"),
    ("report", {"hours": 2, "local": True}, None, "地方默认值"),
    ("verify", {"working_days": 2, "local": True}, (1, "working_days", 2), "地方默认值"),
    ("report_accident", {"hours": 1}, None, "第九条"),
    ("report_up", {"hours": 2}, None, "第十一条"),
    ("report_outbreak", {"hours": 2}, None, "突发公共卫生事件应急条例第二十条"),
    ("handle_ask", {"working_days": 2, "local": True}, (1, "working_days", 2), "广东省2022年"),
    ("handle_help", {"working_days": 10, "local": True}, (1, "working_days", 10), "广东省2022年"),
    ("handle_complaint", {"working_days": 15, "local": True}, (1, "working_days", 15), "广东省2022年"),
    ("petition_accept", {"hours": 15 * 24}, None, "信访工作条例第二十二条"),
    ("petition_close", {"hours": 60 * 24}, (1, "hours", 30 * 24), "信访工作条例第三十四条"),
    ("object_within", {"working_days": 5}, None, "信访工作条例"),
    ("objection", {"working_days": 1, "local": True}, None, "国办函〔2025〕66号"),
    ("disclosure", {"working_days": 20}, (1, "working_days", 20), "政府信息公开条例第三十三条"),
    ("labour_inspection", {"working_days": 60}, (1, "working_days", 30), "劳动保障监察条例第十七条"),
    ("handover", {"local": True}, None, "北京市接诉即办工作条例"),
)


@pytest.mark.parametrize(("key", "limit", "more", "source"), RULES)
def test_every_rule_is_a_clock_with_its_source(
    key: str, limit: dict[str, Any], more: tuple[int, str, float] | None, source: str
) -> None:
    clock = next(one for one in SHIPPED.clocks if one.key == key)
    assert source in clock.source
    assert {name: getattr(clock, name) for name in limit} == limit
    assert clock.local == bool(limit.get("local"))
    found = clock.extension
    assert (found is None) == (more is None)
    if found is not None and more is not None:
        assert (found.times, getattr(found, more[1])) == (more[0], more[2])


def test_no_shipped_clock_is_left_out_of_this_table() -> None:
    assert {clock.key for clock in SHIPPED.clocks} == {row[0] for row in RULES}
