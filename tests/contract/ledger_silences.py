"""Silences, and alerts that wait: a part of the ledger's contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.ledger import AlertFilter, Ledger
from alerts.silences import Matchers, Silence, add_silence, end_silence
from stream.errors import MinshengError
from tests.alerts.town import HOUR, NOW, event
from tests.contract.ledger_base import SHANGHAI, WithLedger, opened
from tests.contract.ledger_notices import alert


def silence(name: str = "S-1", **changes: Any) -> Silence:
    matchers = Matchers(offices=("renshe",), kinds=("growth", "new_case"))
    return replace(Silence(name, NOW, "王值班", "已电话通知", NOW, NOW + 4 * HOUR, matchers), **changes)


class SilencesContract(WithLedger):
    def test_a_silence_comes_back_as_it_was(self, ledger: Ledger) -> None:
        one, other = (
            silence(),
            silence("S-2", grave=True, drop=True, ends_at=NOW + HOUR, matchers=Matchers(cases=("c",))),
        )
        with ledger.begin() as tx:
            assert tx.silences.add(one)
            assert tx.silences.add(other)
            assert not tx.silences.add(replace(one, starts_at=NOW.astimezone(SHANGHAI), reason="改了"))
        with ledger.read() as tx:
            assert tx.silences.get("S-1") == one
            assert tx.silences.get("S-3") is None
            assert tx.silences.holding(NOW) == [other, one]
            assert tx.silences.find() == [other, one]

    def test_those_that_hold_and_those_that_are_to_come(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            for one in (silence("now"), silence("later", starts_at=NOW + HOUR), silence("over", ends_at=NOW)):
                tx.silences.add(one)
            assert [one.id for one in tx.silences.holding(NOW)] == ["now"]
            assert [one.id for one in tx.silences.coming(NOW)] == ["now", "later"]
            assert [one.id for one in tx.silences.holding(NOW + 2 * HOUR)] == ["now", "later"]

    def test_it_ends_once_with_who_and_why_and_stays_to_be_seen(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            add_silence(tx, silence())
            end_silence(tx, "S-1", "li", NOW + HOUR, "已恢复")
        for name, message in (("S-1", "已经结束"), ("S-2", "没有静默")):
            with pytest.raises(MinshengError, match=message), ledger.begin() as tx:
                end_silence(tx, name, "li", NOW + HOUR)
        with ledger.read() as tx:
            (found,) = tx.silences.find()
            assert (found.until, found.ended_by, found.ended_why) == (NOW + HOUR, "li", "已恢复")
            assert tx.silences.holding(NOW + HOUR) == []
            said = [(entry.actor, entry.what, entry.target, entry.detail) for entry in tx.audit.find()]
        assert said == [("li", "silence.end", "S-1", "已恢复"), ("王值班", "silence.add", "S-1", "已电话通知")]

    def test_one_that_is_over_cannot_be_ended(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            add_silence(tx, silence())
        with pytest.raises(MinshengError, match="已经结束"), ledger.begin() as tx:
            end_silence(tx, "S-1", "li", NOW + 4 * HOUR)

    def test_a_silence_of_a_case_or_event_that_is_not_there_is_refused(self, ledger: Ledger) -> None:
        case = opened(ledger, event())
        with ledger.begin() as tx:
            add_silence(tx, silence(matchers=Matchers(cases=(case.id,), events=("ev-1",))))
        for matchers in (Matchers(cases=("case-9",)), Matchers(events=("ev-9",))):
            with pytest.raises(MinshengError, match=r"没有(案件|事件)"), ledger.begin() as tx:
                add_silence(tx, silence("S-2", matchers=matchers))

    def test_what_waits_comes_when_its_time_is_there_or_when_it_is_woken(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.alerts.add([alert("a"), alert("b"), alert("c", why_not="正在发送，邮件编号 x", next_try_at=NOW + HOUR)])
            tx.quiet.wait(["a"], "silenced", "静默", NOW + HOUR)
            tx.quiet.wait(["b"], "office_hours", "下班", NOW + 2 * HOUR)
            waiting = {one.id: one for one in tx.alerts.find(AlertFilter())}
            assert (waiting["a"].state, waiting["a"].quiet, waiting["a"].why_not) == ("pending", "silenced", "静默")
            assert tx.alerts.due(NOW) == []
            tx.quiet.wake("silenced")
            assert [one.id for one in tx.alerts.due(NOW)] == ["a"]
            assert [one.id for one in tx.alerts.due(NOW + 2 * HOUR)] == ["a", "b", "c"]
            tx.alerts.mark_sent(["b"], NOW + 2 * HOUR)
            assert tx.alerts.find(AlertFilter(states=("sent",)))[0].quiet == "office_hours", "why it came late"

    def test_what_an_office_was_told_of_and_when(self, ledger: Ledger) -> None:
        old, new = NOW - 2 * HOUR, NOW - HOUR
        with ledger.begin() as tx:
            tx.alerts.add(
                [alert("a"), alert("b", kind="growth"), alert("c", event_id="ev-2"), alert("d", office="gov")]
            )
            tx.alerts.mark_sent(["a", "c"], old)
            tx.alerts.mark_sent(["b", "d"], new)
            assert tx.quiet.told("renshe", old) == {
                ("ev-1", "case-1", "new_case"): old,
                ("ev-2", "case-1", "new_case"): old,
                ("ev-1", "case-1", "growth"): new,
            }
            assert tx.quiet.told("renshe", new) == {("ev-1", "case-1", "growth"): new}
            assert tx.quiet.mails_since("renshe", old) == 2
            assert tx.quiet.mails_since("renshe", NOW) == 0

    def test_when_the_first_of_a_matter_came_up(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.alerts.add(
                [alert("a", created_at=NOW - HOUR), alert("b"), alert("c", state="muted", created_at=NOW - HOUR)]
            )
            assert tx.quiet.begun("renshe", NOW - HOUR) == {("ev-1", "case-1", "new_case"): NOW - HOUR}
            assert tx.quiet.begun("renshe", NOW) == {("ev-1", "case-1", "new_case"): NOW}
            assert tx.quiet.begun("gov", NOW - HOUR) == {}

    def test_what_stands_for_a_case_or_an_event(self, ledger: Ledger) -> None:
        others = [alert("m", kind="grave", state="muted"), alert("n", kind="grave", case_id="", event_id="ev-2")]
        with ledger.begin() as tx:
            tx.alerts.add([alert("a", kind="grave", state="sent"), alert("b", kind="growth"), *others])
            assert [one.id for one in tx.quiet.standing(["case-1"], [], ["grave", "overdue"])] == ["a"]
            assert [one.id for one in tx.quiet.standing([], ["ev-2"], ["grave"])] == ["n"]
            assert tx.quiet.standing([], [], ["grave"]) == []

    def test_what_is_to_be_told_again(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.alerts.add([alert("a"), alert("b"), alert("c")])
            tx.quiet.tell_again("a", NOW + HOUR)
            tx.quiet.tell_again("b", NOW)
            assert [one.id for one in tx.quiet.unanswered(NOW, 10)] == ["b"]
            assert [one.id for one in tx.quiet.unanswered(NOW + HOUR, 1)] == ["b"]
            tx.quiet.tell_again("b", None)
            assert [one.id for one in tx.quiet.unanswered(NOW + HOUR, 10)] == ["a"]

    def test_a_digest_comes_whole(self, ledger: Ledger) -> None:
        """Beyond the limit, too; others that wait for the same reason do not."""
        with ledger.begin() as tx:
            tx.alerts.add([alert(f"a{n}", created_at=NOW + timedelta(minutes=n)) for n in range(8)])
            tx.quiet.wait([f"a{n}" for n in range(0, 8, 2)], "daily_cap", "并入汇总", NOW + HOUR)
            tx.quiet.wait([f"a{n}" for n in range(1, 8, 2)], "office_hours", "下班", NOW + HOUR)
            assert {one.id for one in tx.alerts.due(NOW + HOUR, limit=2)} == {"a0", "a1", "a2", "a4", "a6"}
