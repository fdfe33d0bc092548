"""Cases: a part of the ledger's contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from threading import Thread

import pytest

from alerts.cases import act, open_case
from alerts.ledger import CaseFilter, Ledger
from alerts.routes import decide_route
from stream.errors import Conflict
from tests.alerts.town import HOUR, NOW, event
from tests.contract.ledger_base import TOWN, WithLedger, opened


class CasesContract(WithLedger):
    def test_a_case_comes_back_as_it_was(self, ledger: Ledger) -> None:
        case = opened(ledger, event(severity=4, event_grade="重大"))
        with ledger.read() as tx:
            assert tx.cases.get(case.id) == case
            assert tx.cases.by_number("MS-20261125-0001") == case
            assert tx.cases.by_event("ev-1") == case
            assert tx.cases.by_events(["ev-1", "ev-2"]) == {"ev-1": case}
            assert tx.cases.get("none") is None
            assert [action.verb for action in tx.cases.actions(case.id)] == ["open"]

    def test_an_event_has_one_case_however_often_it_is_opened(self, ledger: Ledger) -> None:
        first = opened(ledger, event())
        assert opened(ledger, event(), title="另一个标题", id="case-other") == first
        with ledger.read() as tx:
            assert tx.cases.count(CaseFilter()) == 1
            assert len(tx.cases.actions(first.id)) == 1

    def test_numbers_run_per_day(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            today = [tx.cases.next_number(date(2026, 11, 25)) for _ in range(2)]
            assert today == ["MS-20261125-0001", "MS-20261125-0002"]
            assert tx.cases.next_number(date(2026, 11, 26)) == "MS-20261126-0001"

    def test_writers_at_the_same_time_get_different_numbers(self, ledger: Ledger) -> None:
        numbers: list[str] = []

        def take() -> None:
            for _ in range(5):
                with ledger.begin() as tx:
                    numbers.append(tx.cases.next_number(date(2026, 11, 25)))

        threads = [Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(numbers) == [f"MS-20261125-{n:04d}" for n in range(1, 21)]

    def test_saving_writes_the_history(self, ledger: Ledger) -> None:
        case = opened(ledger, event())
        changed, action = act(case, "accept", "wang", NOW + HOUR, "收到", {"tel": "值班"})
        with ledger.begin() as tx:
            saved = tx.cases.save(changed, action)
            assert saved == replace(changed, version=2)
            assert tx.cases.get(case.id) == saved
            assert tx.cases.actions(case.id)[1] == action
            assert tx.cases.actions_between(NOW + HOUR, NOW + 2 * HOUR) == [action]
            assert [one.verb for one in tx.cases.actions_between(NOW, NOW + HOUR)] == ["open"]

    def test_who_changes_a_case_second_is_told(self, ledger: Ledger) -> None:
        case = opened(ledger, event())
        with ledger.begin() as tx:
            tx.cases.save(*act(case, "accept", "wang", NOW))
        with pytest.raises(Conflict, match="MS-20261125-0001"), ledger.begin() as tx:
            tx.cases.save(*act(case, "start", "li", NOW))
        with ledger.read() as tx:
            assert [action.verb for action in tx.cases.actions(case.id)] == ["open", "accept"]

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            (CaseFilter(), ["b", "a", "c"]),
            (CaseFilter(sort="newest"), ["c", "b", "a"]),
            (CaseFilter(sort="severity"), ["b", "a", "c"]),
            (CaseFilter(open=True), ["b", "a"]),
            (CaseFilter(open=False), ["c"]),
            (CaseFilter(states=("dispatched",)), ["b", "a"]),
            (CaseFilter(offices=("renshe",)), ["b", "a"]),
            (CaseFilter(offices=("renshe@330109",)), ["b"]),
            (CaseFilter(offices=("huanjing", "gov")), ["c"]),
            (CaseFilter(topics=("ecology",)), ["c"]),
            (CaseFilter(region="330100"), ["b", "a"]),
            (CaseFilter(region="330109"), ["b"]),
            (CaseFilter(severity_min=4), ["b"]),
            (CaseFilter(opened_since=NOW - 2 * HOUR), ["b", "c"]),
            (CaseFilter(opened_until=NOW - 2 * HOUR), ["a"]),
            (CaseFilter(overdue_at=NOW), []),
            (CaseFilter(overdue_at=NOW + 4 * HOUR), ["b"]),
            (CaseFilter(overdue_at=NOW + 99 * HOUR), ["b", "a"]),
            (CaseFilter(text="-0002"), ["b"]),
            (CaseFilter(text="噪声"), ["c"]),
            (CaseFilter(limit=1, offset=1), ["a"]),
        ],
    )
    def test_cases_are_found_by(self, ledger: Ledger, wanted: CaseFilter, found: list[str]) -> None:
        opened(ledger, event("a"), NOW - 3 * HOUR)
        opened(ledger, event("b", region="330109", severity=4), NOW - HOUR)
        last = opened(ledger, event("c", topic="ecology", region="330212", title="夜间噪声", severity=1), NOW)
        with ledger.begin() as tx:
            tx.cases.save(*act(last, "referred", "wang", NOW, "已在信访程序中", {"channel": "信访"}))
        with ledger.read() as tx:
            assert [one.event_id for one in tx.cases.find(wanted)] == found
            if not wanted.offset:
                assert tx.cases.count(wanted) == len(found)

    def test_cases_are_told_of_when_their_next_clock_falls_due(self, ledger: Ledger) -> None:
        case = opened(ledger, event())
        soon, due = case.clocks[0].due_soon_at, case.clocks[0].due_at

        def waiting(now: datetime) -> list[str]:
            with ledger.read() as tx:
                return [one.id for one in tx.cases.to_tell(now)]

        assert waiting(soon - HOUR) == []
        assert waiting(soon) == [case.id]
        with ledger.begin() as tx:
            tx.cases.told(case, {"a": {"soon": 1}}, due)
        assert waiting(due - HOUR) == []
        assert waiting(due) == [case.id]
        with ledger.begin() as tx:
            tx.cases.told(case, {}, None)
        assert waiting(due + 999 * HOUR) == []

    def test_a_saved_case_is_looked_at_anew_and_what_was_told_stays(self, ledger: Ledger) -> None:
        case = opened(ledger, event())
        with ledger.begin() as tx:
            tx.cases.told(case, {"respond:1": {"soon": 1}}, None)
            tx.cases.save(*act(case, "accept", "wang", NOW + HOUR))
        with ledger.read() as tx:
            [found] = tx.cases.to_tell(NOW + HOUR)
        assert (found.state, found.told) == ("accepted", {"respond:1": {"soon": 1}})

    def test_promises_pauses_and_who_acknowledged_come_back(self, ledger: Ledger) -> None:
        case = opened(ledger, event())
        with ledger.begin() as tx:
            case = tx.cases.save(*act(case, "promise", "renshe", NOW, "", {"what": "发清工资", "by": "2026-11-30"}))
            case = tx.cases.save(*act(case, "object", "renshe", NOW + HOUR, "不归我局"))
            assert tx.cases.get(case.id) == case
        assert case.clocks[0].paused_at == NOW + HOUR
        with ledger.read() as tx:
            assert [one.id for one in tx.cases.find(CaseFilter(promised=True, sort="promise"))] == [case.id]
            assert tx.cases.find(CaseFilter(promise_until=NOW + HOUR)) == []
            assert len(tx.cases.find(CaseFilter(promise_until=NOW + 999 * HOUR))) == 1
            assert tx.cases.count(CaseFilter(overdue_at=NOW + 999 * HOUR)) == 0  # its clocks stand still
        with ledger.begin() as tx:
            data = {"promise": case.promises[0].id, "kept": True}
            case = tx.cases.save(*act(case, "check_promise", "wang", NOW + 2 * HOUR, "", data))
            assert tx.cases.get(case.id) == case
            assert tx.cases.find(CaseFilter(promise_until=NOW + 999 * HOUR)) == []
            assert tx.cases.count(CaseFilter(promised=True)) == 1

    def test_actions_are_counted(self, ledger: Ledger) -> None:
        case = opened(ledger, event())
        with ledger.begin() as tx:
            for n in range(2):
                case = tx.cases.save(*act(case, "note", "wang", NOW + n * HOUR, "备注"))
            assert tx.cases.count_actions(["note", "close"], NOW, NOW + HOUR) == {"note": 1}
            assert tx.cases.count_actions(["note", "open"], NOW, NOW + 2 * HOUR) == {"note": 2, "open": 1}

    def test_a_case_needs_its_event(self, ledger: Ledger) -> None:
        orphan = open_case(event("none"), decide_route(TOWN, event(), None, ""), (), "MS-1", NOW)
        with pytest.raises(Exception, match=r"(?i)foreign key"), ledger.begin() as tx:
            tx.cases.open(*orphan)
