"""The page of a case: promises, pauses, who has it in hand, how far up it went, what came back; and the promise ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.cases import act
from alerts.model import EventPost
from alerts.tick import tick
from app.wire import House
from dashboard import actions
from dashboard.promises import find_promises
from stream.errors import MinshengError
from tests.dashboard.conftest import NOW
from tests.dashboard.filled import DAY, HOUR, case_of, desk_of
from tests.dashboard.test_views import DESK, act_on, open_page, run, text


@pytest.fixture(autouse=True)
def _forget_desks() -> Iterator[None]:
    yield
    DESK.clear()


def do(house: House, key: str, verb: str, note: str = "理由", **data: Any) -> None:
    actions.do_action(desk_of(house), case_of(house.ledger, key), verb, "duty", note, data)


def page(house: House, key: str) -> str:
    return text(open_page(house, "case", "duty", id=case_of(house.ledger, key).id))


def test_a_promise_stands_on_the_page_and_is_checked_there(full: House) -> None:
    case = case_of(full.ledger, "wages")
    do(full, "wages", "promise", what="月底发清<b>工资</b>", by="2026-11-30")
    at = open_page(full, "case", "duty", id=case.id)
    assert all(words in text(at) for words in ("月底发清&lt;b&gt;工资", "待核实"))
    at.pills[0].set_value("check_promise")
    run(at)
    at.radio(key=f"kept-{case.id}-check_promise").set_value("no")
    at.text_area(key=f"note-{case.id}-check_promise").set_value("仍欠两人")
    at.button(key=f"submit-{case.id}-check_promise").click()
    said = text(run(at))
    assert all(words in said for words in ("已记录：核实承诺", "未兑现", "仍欠两人"))
    assert case_of(full.ledger, "wages").promises[0].kept is False


def test_the_promise_ledger_tells_what_is_late(full: House) -> None:
    do(full, "wages", "promise", what="发清工资", by=(NOW + HOUR).isoformat())
    do(full, "river", "promise", what="清理河面", by="2026-12-20")
    later = replace(desk_of(full), now=lambda: NOW + 2 * HOUR)
    assert [row.promise.what for row in find_promises(later, "overdue")] == ["发清工资"]
    assert [row.promise.what for row in find_promises(later, "waiting")] == ["发清工资", "清理河面"]
    assert [row.promise.what for row in find_promises(later, "", "huanjing")] == ["清理河面"]
    assert find_promises(later, "kept") == []
    said = text(open_page(full, "promises", "duty"))
    assert "清理河面" in said
    assert "尚未核实" not in said


def test_an_empty_promise_ledger(empty: House) -> None:
    assert "没有符合条件的承诺" in text(open_page(empty, "promises"))


def test_a_clock_that_stands_still_says_why(full: House) -> None:
    do(full, "river", "object", "不归我局管")
    said = page(full, "river")
    assert "暂停计时" in said
    assert "派单异议中" in said
    assert "派单异议审核" in said
    do(full, "river", "redispatch", "改派", office="shuiwu")
    assert 'class="clock paused"' not in page(full, "river")


def test_who_has_it_in_hand_and_how_far_up_it_went(full: House) -> None:
    tick(full.ledger, full.catalog, NOW - 5 * HOUR)
    tick(full.ledger, full.catalog, NOW)
    said = page(full, "wages")
    assert "分管负责人（已告知超期）" in said or "责任单位（已告知超期）" in said
    do(full, "wages", "acknowledge")
    assert "暂缓逐级提醒至 2026-11-26 10:00" in page(full, "wages")


def test_what_came_back_and_what_is_watched(full: House) -> None:
    do(full, "wages", "answer")
    do(full, "wages", "close")
    assert "至 2026-12-25 10:00 没有再反映的，确认解决" in page(full, "wages")
    with full.ledger.begin() as tx:
        case = case_of(full.ledger, "wages")
        tx.cases.save(*act(case, "relapse", "system", NOW + DAY, "办结后又有 1 条信息"))
    said = page(full, "wages")
    assert "回潮 1 次" in text(open_page(full, "cases", "duty")) or "回潮" in said
    assert "办结后又有人反映同一问题" in said


def test_endings_ask_for_what_they_need(full: House) -> None:
    case = case_of(full.ledger, "wages")
    at = act_on(open_page(full, "case", "duty", id=case.id), case.id, "false_information", "核实无此事")
    assert "须写明更正内容" in text(at).replace("\\", "")
    at.text_input(key=f"correction-{case.id}-false_information").set_value("该工地没有欠薪")
    at.button(key=f"submit-{case.id}-false_information").click()
    assert "更正: 该工地没有欠薪" in text(run(at))
    assert case_of(full.ledger, "wages").state == "false_information"


@pytest.mark.parametrize(("number", "message"), [("MS-1", "没有编号为"), ("{own}", "不能并入自己")])
def test_a_duplicate_joins_a_case_that_is_there(full: House, number: str, message: str) -> None:
    own = case_of(full.ledger, "wages").number
    with pytest.raises(MinshengError, match=message):
        do(full, "wages", "duplicate", number=number.format(own=own))
    do(full, "wages", "duplicate", number=f" {case_of(full.ledger, 'river').number} ")
    assert case_of(full.ledger, "wages").joins == case_of(full.ledger, "river").number
    with pytest.raises(MinshengError, match="请直接并入该案"):
        do(full, "river", "duplicate", number=own)


def test_reopening_by_hand_starts_the_clocks_of_the_case(full: House) -> None:
    do(full, "wages", "answer")
    do(full, "wages", "close")
    do(full, "wages", "reopen", "当事人反映没有解决")
    case = case_of(full.ledger, "wages")
    assert {clock.key for clock in case.clocks} == {"respond", "verify", "handle_complaint"}
    assert all(clock.started_at == NOW for clock in case.clocks)
    assert case.clocks[0].due_at == NOW + timedelta(hours=48)


def test_a_page_of_a_case_that_is_not_there_has_a_title(empty: House) -> None:
    at = open_page(empty, "case", "duty", id="MS-1")
    assert [one.value for one in at.title] == ["案件详情"]
    assert "没有案件" in text(at)


def test_posts_that_accuse_who_has_the_case_are_pointed_out(full: House) -> None:
    assert "直接指向" not in page(full, "wages")
    case = case_of(full.ledger, "wages")
    with full.ledger.begin() as tx:
        tx.events.link([EventPost("w9", case.event_id, NOW, "board", 2, 1.0, accuses=("renshe",))])
    assert "有信息直接指向人力资源和社会保障局" in page(full, "wages").replace("\\", "")
