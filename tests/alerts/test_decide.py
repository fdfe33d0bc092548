from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.cases import act
from alerts.ledger import AlertFilter, Ledger
from alerts.ledger.alerts import Alerts
from alerts.tick import tick
from stream.errors import Poison
from stream.log import Record
from stream.messages import JUDGED, Judged, Place
from tests.alerts.deciding import Town
from tests.alerts.town import HOUR, NOW, RULES, catalog, judged

NANJING = Place("320106", "江苏省", "南京市", "鼓楼区", basis="text")
NINGHAI = Place("330226", "浙江省", "宁波市", "宁海县", basis="text")  # of a configured city, but itself not configured


@pytest.fixture
def town(ledger: Ledger) -> Town:
    return Town(ledger)


def about(title: str, *ids: str, **changes: Any) -> list[Judged]:
    return [judged(one, title=title, **changes) for one in ids]


def close(town: Town, now: datetime = NOW) -> None:
    with town.ledger.begin() as tx:
        case = town.cases[0]
        case = tx.cases.save(*act(case, "answer", "wang", now, "已发放"))
        tx.cases.save(*act(case, "close", "wang", now))


# ---- opening ----


def test_three_complaints_become_one_case_at_the_office_with_an_alert_and_clocks(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2"))
    assert town.cases == []
    town.take(*about("云栖工地欠薪", "p3"))
    [case] = town.cases
    assert (case.number, case.title, case.office) == ("MS-20261125-0001", "云栖工地欠薪", "renshe")
    assert (case.state, [clock.key for clock in case.clocks]) == ("dispatched", ["respond"])
    assert case.why
    [alert] = town.alerts
    assert (alert.id, alert.kind, alert.office) == (f"new_case:{case.id}", "new_case", "renshe")
    assert set(alert.posts) == {"p1", "p2", "p3"}
    assert alert.figures["posts"] == 3
    assert town.counts == {("decided", "no_rule"): 1, ("decided", "opened"): 1}


def test_one_grave_post_is_enough(town: Town) -> None:
    town.take(*about("塔吊倒塌", "p1", severity=4))
    assert [clock.key for clock in town.cases[0].clocks] == ["publish", "respond"]
    assert town.alerts[0].reason.startswith("特别严重")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"topic": "none", "severity": 4}, "no_public_matter"),
        ({"intent": "praise", "severity": 4}, "praise"),
        ({"backfill": True, "severity": 4}, "backfill"),
        ({"place": NANJING, "severity": 4}, "elsewhere"),
        ({"place": NINGHAI, "severity": 4}, "elsewhere"),
    ],
)
def test_what_never_opens_a_case_is_grouped_and_counted(town: Town, changes: dict[str, Any], reason: str) -> None:
    town.take(*about("某事", "p1", "p2", "p3", **changes))
    assert (town.cases, town.alerts) == ([], [])
    assert town.events["某事"].posts == 3
    assert town.counts == {("no_case", reason): 3}


def test_a_place_elsewhere_that_only_the_source_tells_opens_a_case(town: Town) -> None:
    town.take(*about("塔吊倒塌", "p1", severity=4, place=replace(NANJING, basis="source")))
    assert len(town.cases) == 1


def test_backfill_counts_once_a_new_post_comes(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", backfill=True))
    town.take(*about("云栖工地欠薪", "p3"))
    assert len(town.cases) == 1


def test_what_was_set_aside_goes_nowhere(town: Town) -> None:
    town.take(*about("特价", "p1", "p2", set_aside="advert"))
    assert town.events == {}
    assert town.counts == {("set_aside", "advert"): 2}


def test_a_rule_may_only_tell(ledger: Ledger) -> None:
    quiet = [rule.model_copy(update={"opens_case": False}) for rule in RULES]
    town = Town(ledger, catalog(rules=tuple(quiet)))
    town.take(*about("塔吊倒塌", "p1", severity=4))
    town.take(*about("塔吊倒塌", "p2", severity=4))
    assert town.cases == []
    assert [(alert.kind, alert.office, alert.case_id) for alert in town.alerts] == [("grave", "renshe", "")]


def test_growth_is_not_told_beside_the_opening(town: Town) -> None:
    town.take(*about("云栖工地欠薪", *"abcdef"))
    assert sorted((alert.kind, alert.state) for alert in town.alerts) == [("growth", "muted"), ("new_case", "pending")]


# ---- further posts ----


def test_further_posts_join_the_case_without_a_word(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    town.take(*about("云栖工地欠薪", "p4"))
    assert (len(town.cases), len(town.alerts)) == (1, 1)
    assert town.events["云栖工地欠薪"].posts == 4
    assert town.counts["decided", "joined"] == 1


def test_a_case_that_one_grave_post_opened_tells_once_that_others_say_it_too(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", severity=4))
    for n in range(2, 6):
        town.take(*about("云栖工地欠薪", f"p{n}"))
    assert [(alert.kind, alert.figures.get("posts")) for alert in town.alerts] == [("new_case", None), ("growth", 3)]


def test_fast_growth_is_told_once_a_day_and_doubling(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    for n in range(4, 13):
        town.take(*about("云栖工地欠薪", f"p{n}"))
    growth = [alert for alert in town.alerts if alert.kind == "growth"]
    assert sorted(alert.figures["posts"] for alert in growth) == [6, 12]
    town.now = NOW + 20 * HOUR
    town.take(*about("云栖工地欠薪", "p13", at=town.now))
    assert len([alert for alert in town.alerts if alert.kind == "growth"]) == 3


def test_a_graver_post_raises_the_case_and_tells_once(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    town.take(*about("云栖工地欠薪", "p4", severity=4))
    town.take(*about("云栖工地欠薪", "p5", severity=4))
    [case] = town.cases
    assert (case.severity, [clock.key for clock in case.clocks]) == (4, ["respond", "publish"])
    assert town.verbs(case) == ["open", "escalate"]
    assert [alert.posts for alert in town.alerts if alert.kind == "grave"] == [("p4",)]


def test_a_statutory_grade_raises_the_case_too(town: Town) -> None:
    town.take(*about("塔吊倒塌", "p1", severity=4))
    town.take(*about("塔吊倒塌", "p2", severity=4, event_grade="重大"))
    assert town.cases[0].event_grade == "重大"
    assert "press" in [clock.key for clock in town.cases[0].clocks]


def test_a_complaint_after_the_closing_reopens(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    close(town)
    town.now = NOW + 30 * HOUR
    town.take(*about("云栖工地欠薪", "p4", at=NOW + 29 * HOUR))
    [case] = town.cases
    assert (case.state, case.reopened) == ("dispatched", 1)
    assert case.clocks[0].started_at == town.now
    assert town.verbs(case)[-1] == "relapse"
    assert town.alerts[-1].id == f"reopened:{case.id}:1"
    assert town.counts["decided", "relapsed"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"at": NOW - HOUR},
        {"at": NOW + 2 * HOUR, "intent": "ask"},
        {"at": NOW + 2 * HOUR, "near_copy_of": "p1"},
        {"at": NOW + 2 * HOUR, "backfill": True},
    ],
    ids=["published before", "a question", "a repost", "backfill"],
)
def test_what_does_not_reopen(town: Town, changes: dict[str, Any]) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    close(town)
    town.take(*about("云栖工地欠薪", "p4", **changes))
    assert not town.cases[0].is_open
    assert len(town.alerts) == 1
    assert town.events["云栖工地欠薪"].posts == 4


# ---- an accused office ----


def test_the_accused_office_is_not_sent_the_case_nor_shown_the_post(town: Town) -> None:
    town.take(*about("云栖欠薪", "p1", text="人社局一再推诿，不管我们"))
    town.take(*about("云栖欠薪", "p2", "p3", text="没有拿到钱"))
    assert town.cases[0].office == "gov"
    assert set(town.alerts[0].posts) == {"p1", "p2", "p3"}


def test_a_later_accusation_is_not_among_the_posts_told_to_the_office(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    town.take(*about("云栖工地欠薪", "p4", severity=4, text="人社局不作为，有人要跳楼"))
    told = [alert for alert in town.alerts if alert.kind == "grave"]
    assert [(alert.office, alert.posts) for alert in told] == [("renshe", ())]
    with town.ledger.read() as tx:
        accusing = [post.post_id for post in tx.events.posts("ev-云栖工地欠薪") if post.accuses]
    assert accusing == ["p4"]


# ---- again and after a failure ----


def test_the_same_records_again_change_nothing(town: Town) -> None:
    batch = about("云栖工地欠薪", "p1", "p2", "p3")
    town.take(*batch, *batch)
    before = (town.events, town.cases, town.alerts)
    town.take(*batch)
    town.restart()
    town.take(*batch)
    assert (town.events, town.cases, town.alerts) == before
    assert town.counts["skipped", "already_grouped"] == 6


def test_a_restart_goes_on_with_the_events_of_before(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2"))
    town.restart()
    town.take(*about("云栖工地欠薪", "p3"))
    assert town.events["云栖工地欠薪"].posts == 3
    assert len(town.cases) == 1


def test_a_failed_transaction_leaves_nothing_in_the_index(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2"))
    with monkeypatch.context() as patch:
        patch.setattr(Alerts, "add", _fails)
        with pytest.raises(OSError, match="disk full"):
            town.take(*about("云栖工地欠薪", "p3", "p4"))
    town.take(*about("云栖工地欠薪", "p3"))
    assert town.events["云栖工地欠薪"].posts == 3
    assert len(town.indexes) == 2
    assert len(town.cases) == 1
    assert ("decided", "joined") not in town.counts


def _fails(self: Alerts, alerts: object) -> int:
    raise OSError("disk full")


def test_a_broken_record_is_poison(town: Town) -> None:
    with pytest.raises(Poison):
        town.decider.handle([Record(JUDGED, 0, 0, "k", b"{}", NOW)])


def test_an_event_that_left_the_window_in_its_own_batch_is_stored(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.take(*about("旧事", "p0"))
    index = town.indexes[0]
    signature = index.signature
    monkeypatch.setattr(index, "signature", lambda one: {}[one] if "旧事" in one else signature(one))
    town.take(*about("旧事", "p1"), *about("新事", "p2"))
    assert set(town.events) == {"旧事", "新事"}
    town.restart()
    town.take(*about("新事", "p3"))
    assert set(town.indexes[-1].events) == {"ev-新事"}


# ---- clocks that run out ----


def test_clocks_are_told_of_once_each(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    due = NOW + 48 * HOUR
    ticks = [tick(town.ledger, town.catalog, due - wait) for wait in (9 * HOUR, 8 * HOUR, 8 * HOUR, HOUR)]
    assert ticks == [0, 1, 0, 0]
    assert [tick(town.ledger, town.catalog, due + wait * HOUR) for wait in (0, 1, 8, 9, 30)] == [1, 0, 1, 0, 0]
    told = [(alert.kind, alert.office) for alert in town.alerts[1:]]
    assert sorted(told) == [("due_soon", "renshe"), ("overdue", "gov"), ("overdue", "renshe")]
    assert "2026-11-27 10:00" in town.alerts[-1].reason


def test_a_case_that_was_changed_is_not_told_of_twice(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    tick(town.ledger, town.catalog, NOW + 49 * HOUR)
    with town.ledger.begin() as tx:
        tx.cases.save(*act(town.cases[0], "accept", "wang", NOW + 49 * HOUR))
    assert tick(town.ledger, town.catalog, NOW + 50 * HOUR) == 0


def test_an_extended_clock_is_told_of_again(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    tick(town.ledger, town.catalog, NOW + 49 * HOUR)
    more = {"clock": "respond", "due_at": NOW + 72 * HOUR}
    with town.ledger.begin() as tx:
        tx.cases.save(*act(town.cases[0], "extend", "wang", NOW + 49 * HOUR, "等鉴定", more))
    assert tick(town.ledger, town.catalog, NOW + 50 * HOUR) == 0
    assert tick(town.ledger, town.catalog, NOW + 73 * HOUR) == 1


@pytest.mark.parametrize("verb", ["answer", "referred"])
def test_a_stopped_clock_is_silent(town: Town, verb: str) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    with town.ledger.begin() as tx:
        tx.cases.save(*act(town.cases[0], verb, "wang", NOW + HOUR, "已处理", {"channel": "信访"}))
    assert tick(town.ledger, town.catalog, NOW + timedelta(days=30)) == 0


def test_many_cases_at_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.tick.TICK", 3)
    town = Town(ledger)
    town.take(*(replace(one) for n in range(7) for one in about(f"事{n}", f"p{n}", severity=4)))
    assert [tick(ledger, town.catalog, NOW + hours * HOUR) for hours in (99, 99, 107)] == [14, 0, 14]
    with ledger.read() as tx:
        assert len(tx.alerts.find(AlertFilter(office="gov"))) == 14


def test_a_grade_counts_whichever_post_of_the_batch_has_it(town: Town) -> None:
    town.take(*about("塔吊倒塌", "p1", severity=4))
    graded = about("塔吊倒塌", "p2", severity=3, event_grade="较大")
    town.take(*about("塔吊倒塌", "p3", severity=4), *graded)
    assert town.cases[0].event_grade == "较大"


def test_what_comes_back_graver_is_taken_up_as_grave_as_it_is(town: Town) -> None:
    town.take(*about("云栖工地欠薪", "p1", "p2", "p3"))
    close(town)
    town.now = NOW + 30 * HOUR
    town.take(*about("云栖工地欠薪", "p4", at=NOW + 29 * HOUR, severity=4))
    [case] = town.cases
    assert (case.state, case.severity) == ("dispatched", 4)
    assert "publish" in [clock.key for clock in case.clocks]
    assert town.alerts[-1].severity == 4
