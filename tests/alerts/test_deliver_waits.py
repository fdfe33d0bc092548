"""Delivery by the rules of quiet.yaml: what waits comes in its time, once, and what nobody answers is told again."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.cases import act
from alerts.deliver import Delivered
from alerts.ledger import AlertFilter, Ledger
from alerts.model import Alert
from alerts.notify.view import subject_of
from alerts.silences import Matchers, add_silence, end_silence, make_silence
from configs.quiet import Daily, Grouping, Inhibition, Repeat
from stream.errors import NotifyError
from tests.alerts.delivering import Post, town
from tests.alerts.mailing import (
    NOW,
    fill,
    make_alert,
    make_case,
    make_clock,
    make_notice,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NIGHT, OPENING = datetime(2026, 11, 25, 14, 0, tzinfo=UTC), datetime(2026, 11, 26, 0, 30, tzinfo=UTC)
DIGEST = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)  # 16:30 in Shanghai


def alert(number: int = 1, **changes: Any) -> Alert:
    return make_alert(number, **{"severity": 2, "id": f"a{number}", **changes})


def test_at_night_only_what_is_grave_goes_out_and_the_rest_in_the_morning_in_one_mail(ledger: Ledger) -> None:
    fill(ledger, [alert(1, created_at=NIGHT), alert(2, created_at=NIGHT), alert(3, severity=4, created_at=NIGHT)])
    post = Post(ledger, town(office_hours=True))
    assert post.at(NIGHT) == Delivered(sent=1, waiting=2)
    assert post.at(NIGHT + HOUR) == Delivered()
    waiting = post.alert("a1")
    assert (waiting.state, waiting.quiet, waiting.next_try_at) == ("pending", "office_hours", OPENING)
    assert "2026-11-26 08:30 上班后发出" in waiting.why_not
    assert post.at(OPENING - MINUTE) == Delivered()
    assert post.at(OPENING) == Delivered(sent=2)
    assert post.mails == [["a3"], ["a1", "a2"]]
    assert post.counted == {("waits", "office_hours"): 2, ("sent", "accepted"): 3}


def test_what_the_case_settled_over_night_is_not_told_in_the_morning(ledger: Ledger) -> None:
    fill(ledger, [alert(created_at=NIGHT)], [make_case(state="answered")])
    post = Post(ledger, town(office_hours=True))
    post.at(NIGHT)
    with ledger.begin() as tx:
        case = tx.cases.get("c1")
        assert case is not None
        tx.cases.save(*act(case, "close", "duty", NIGHT + HOUR))
    assert post.at(OPENING) == Delivered(muted=1)
    assert post.mails == []


def test_what_comes_up_within_the_wait_goes_in_one_mail_and_what_comes_after_it_later(ledger: Ledger) -> None:
    post = Post(ledger, town(group=Grouping(wait_minutes=2, interval_minutes=30)))
    fill(ledger, [alert(1)])
    assert post.at(NOW) == Delivered(waiting=1)
    fill(ledger, [alert(1, id="grown", kind="growth", created_at=NOW + MINUTE)])
    assert post.at(NOW + MINUTE) == Delivered(waiting=1)
    assert post.at(NOW + 2 * MINUTE) == Delivered(sent=2)
    fill(ledger, [alert(1, id="more", kind="growth", created_at=NOW + 5 * MINUTE), alert(2, created_at=NOW)])
    assert post.at(NOW + 5 * MINUTE) == Delivered(sent=1, waiting=1), "another event does not wait"
    assert post.at(NOW + 32 * MINUTE) == Delivered(sent=1)
    assert post.mails == [["a1", "grown"], ["a2"], ["more"]]
    assert post.counted["waits", "group_wait"] == 2
    assert post.counted["waits", "group_interval"] == 1


def test_beyond_the_cap_there_is_one_digest_a_day_and_what_is_grave_goes_at_once(ledger: Ledger) -> None:
    post = Post(ledger, town(daily=Daily(mails=3, digest_at="16:30"), office_hours=True))
    for n in range(1, 9):
        fill(ledger, [alert(n, created_at=NOW + n * MINUTE)])
        post.at(NOW + n * MINUTE)
    fill(ledger, [alert(9, severity=4, created_at=NOW + HOUR), alert(10, office="zhujian", created_at=NOW + HOUR)])
    assert post.at(NOW + HOUR) == Delivered(sent=2)
    assert post.at(DIGEST) == Delivered(sent=5)
    assert post.mails == [["a1"], ["a2"], ["a3"], ["a9"], ["a10"], ["a4", "a5", "a6", "a7", "a8"]]
    assert post.counted["waits", "daily_cap"] == 5
    fill(ledger, [alert(11, created_at=DIGEST + MINUTE)])
    assert post.at(DIGEST + MINUTE) == Delivered(waiting=1), "no second digest"
    assert post.alert("a11").next_try_at == DIGEST + DAY
    fill(ledger, [alert(12, created_at=OPENING)])
    assert post.at(OPENING) == Delivered(sent=1), "a new day"
    assert post.at(DIGEST + DAY) == Delivered(sent=1)


def test_only_a_digest_calls_itself_one() -> None:
    one, late = make_notice(alert=alert(quiet="daily_cap")), make_notice(alert=alert(quiet="office_hours"))
    assert subject_of([[one], [one]]).startswith("【舆情预警·今日汇总·")
    assert "汇总" not in subject_of([[one], [late]])


def test_a_silence_holds_back_until_it_ends(ledger: Ledger) -> None:
    catalog = town()
    post = Post(ledger, catalog)
    one = make_silence(catalog, "王值班", "已电话通知", Matchers(offices=("renshe",)), NOW, NOW + 4 * HOUR)
    with ledger.begin() as tx:
        add_silence(tx, one)
    fill(ledger, [alert(1), alert(2, office="zhujian"), alert(3, severity=4)])
    assert post.at(NOW) == Delivered(sent=2, waiting=1)
    assert post.alert("a1").next_try_at == NOW + 4 * HOUR
    with ledger.begin() as tx:
        end_silence(tx, one.id, "王值班", NOW + HOUR)
    assert post.at(NOW + HOUR) == Delivered(sent=1)
    assert post.counted["waits", "silenced"] == 1


def test_what_a_dropping_silence_catches_is_never_sent_and_says_who_wanted_it(ledger: Ledger) -> None:
    catalog = town()
    post = Post(ledger, catalog)
    with ledger.begin() as tx:
        only = Matchers(kinds=("growth",))
        add_silence(tx, make_silence(catalog, "王值班", "演练", only, NOW, NOW + HOUR, drop=True))
    fill(ledger, [alert(1, kind="growth"), alert(2)])
    assert post.at(NOW) == Delivered(sent=1, muted=1)
    assert post.at(NOW + 2 * HOUR) == Delivered()
    muted = post.alert("a1")
    assert (muted.state, muted.quiet) == ("muted", "silenced")
    assert "王值班" in muted.why_not
    assert "演练" in muted.why_not


def test_a_reminder_is_not_sent_beside_the_news_that_it_is_late(ledger: Ledger) -> None:
    rule = Inhibition(key="o", name="已超期", by=("overdue",), mutes=("due_soon",), same=("case", "clock", "office"))
    figures = {"clock": "respond"}
    soon, late = alert(id="soon", kind="due_soon", figures=figures), alert(id="late", kind="overdue", figures=figures)
    fill(ledger, [soon, late], [make_case(clocks=(make_clock(due=-1),))])
    post = Post(ledger, town(inhibit=(rule,)))
    assert post.at(NOW) == Delivered(sent=1, muted=1)
    assert post.mails == [["late"]]
    assert post.alert("soon").why_not == "已有“超期提醒”：已超期"


REPEAT = Repeat(kinds=("overdue",), hours=24, times=2)


def late_case(ledger: Ledger) -> Post:
    figures = {"clock": "respond"}
    fill(ledger, [alert(id="late", kind="overdue", figures=figures)], [make_case(clocks=(make_clock(due=-1),))])
    post = Post(ledger, town(repeats=(REPEAT,)))
    assert post.at(NOW) == Delivered(sent=1)
    return post


def test_what_nobody_answers_is_told_again_but_not_for_ever(ledger: Ledger) -> None:
    post = late_case(ledger)
    assert post.at(NOW + DAY - MINUTE) == Delivered()
    assert post.at(NOW + DAY) == Delivered(sent=1)
    assert post.at(NOW + DAY) == Delivered()
    assert [post.at(NOW + n * DAY).sent for n in range(2, 6)] == [1, 0, 0, 0]
    assert post.mails == [["late"], ["late:again1"], ["late:again2"]]
    assert post.alert("late:again2").reason == f"第 2 次再提醒：{alert().reason}"
    assert post.counted["told_again", "overdue"] == 2


def test_who_does_something_is_left_alone_for_as_long_again(ledger: Ledger) -> None:
    post = late_case(ledger)
    with ledger.begin() as tx:
        case = tx.cases.get("c1")
        assert case is not None
        tx.cases.save(*act(case, "note", "renshe", NOW + 20 * HOUR, "正在核实"))
    assert post.at(NOW + DAY) == Delivered()
    assert post.at(NOW + 44 * HOUR - MINUTE) == Delivered()
    assert post.at(NOW + 44 * HOUR) == Delivered(sent=1)


def test_what_is_settled_is_not_told_again(ledger: Ledger) -> None:
    post = late_case(ledger)
    with ledger.begin() as tx:
        case = tx.cases.get("c1")
        assert case is not None
        tx.cases.save(*act(case, "no_response_needed", "duty", NOW + HOUR, "重复"))
    assert post.at(NOW + DAY) == Delivered()
    assert post.alert("late").again_at is None


def test_a_mail_that_was_begun_is_finished_whatever_the_hour(ledger: Ledger) -> None:
    """It may have gone out: only the same mail is known for a copy."""
    closing_time = datetime(2026, 11, 25, 9, 29, 50, tzinfo=UTC)
    fill(ledger, [alert(1, created_at=closing_time), alert(2, created_at=closing_time)])
    post = Post(ledger, town(office_hours=True), [NotifyError("451 稍后再试", retryable=True)])
    assert post.at(closing_time) == Delivered(failed=2)
    fill(ledger, [alert(3, created_at=NIGHT)])
    with ledger.begin() as tx:
        add_silence(tx, make_silence(post.catalog, "王", "静", Matchers(offices=("renshe",)), NIGHT, NIGHT + DAY))
    assert post.at(NIGHT) == Delivered(sent=2, waiting=1)
    assert post.mails == [["a1", "a2"]]


def test_several_senders_put_off_and_send_each_alert_once(ledger: Ledger) -> None:
    rules = {"office_hours": True, "group": Grouping(wait_minutes=1, interval_minutes=30), "daily": Daily(mails=2)}
    first, second = Post(ledger, town(**rules)), Post(ledger, town(**rules))
    fill(ledger, [alert(n, created_at=NOW + n * MINUTE) for n in range(1, 21)])
    for minute in range(0, 3 * 24 * 60, 7):
        (first if minute % 2 else second).at(NOW + minute * MINUTE)
    told = Counter(one for mail in (*first.mails, *second.mails) for one in mail)
    assert told == {f"a{n}": 1 for n in range(1, 21)}
    with ledger.read() as tx:
        assert {one.state for one in tx.alerts.find(AlertFilter())} == {"sent"}
