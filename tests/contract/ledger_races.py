"""What threads and processes do to one ledger at the same time: on every database the same as one after the other.

A backend's test module imports the class and gives it one fixture, `url`: the address of an empty database.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import TypeVar

import pytest

from alerts.cases import act, open_case
from alerts.decide import Decider
from alerts.deliver import HOLD
from alerts.ledger import AlertFilter, CaseFilter, Ledger, Meter
from alerts.model import Alert, Case
from alerts.routes import decide_route
from alerts.tick import tick
from stream.errors import Conflict
from tests.alerts.deciding import Town, records
from tests.alerts.mailing import NOW as MAIL_NOW
from tests.alerts.mailing import make_action, make_alert, make_case, make_event
from tests.alerts.town import HOUR, NOW, event, judged
from tests.contract.ledger_base import TOWN, WithLedger, opened, seed
from tests.contract.ledger_corrections import correction

T = TypeVar("T")
DAY = date(2026, 11, 25)


def together(*works: Callable[[], T]) -> list[T | Exception]:
    """Do all at the same time, each in a thread; what each gave or raised."""
    barrier, done = Barrier(len(works)), dict[int, "T | Exception"]()

    def one(n: int) -> None:
        barrier.wait()
        try:
            done[n] = works[n]()
        except Exception as error:
            done[n] = error

    threads = [Thread(target=one, args=(n,)) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [done[n] for n in range(len(works))]


def note_often(ledger: Ledger, case_id: str, actor: str, times: int) -> list[int]:
    """The versions that this one wrote; tries again when somebody else was first."""
    won: list[int] = []
    while len(won) < times:
        try:
            with ledger.begin() as tx:
                case = tx.cases.get(case_id)
                assert case is not None
                won.append(tx.cases.save(*act(case, "note", actor, NOW, f"第 {len(won)} 次")).version)
        except Conflict:
            continue
    return won


def open_for(ledger: Ledger, event_id: str) -> Case:
    one = event(event_id)
    decision = decide_route(TOWN, one, None, "")
    with ledger.begin() as tx:
        return tx.cases.open(*open_case(one, decision, (), tx.cases.next_number(DAY), NOW))


def take_numbers(ledger: Ledger, times: int) -> list[str]:
    found = []
    for _ in range(times):
        with ledger.begin() as tx:
            found.append(tx.cases.next_number(DAY))
    return found


def send_at_once(url: str, book: Path, processes: int, minutes: float = 0, dies: str = "") -> list[int]:
    """Run senders in processes of their own, all beginning together; their exit codes."""
    command = [sys.executable, "-m", "tests.contract.sender", url, str(book), str(minutes), *([dies] if dies else [])]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(processes)
    ]
    for one in started:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    for one in started:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    said = [one.communicate()[0] for one in started]
    codes = [one.returncode for one in started]
    assert codes == [0] * processes or dies, said
    return codes


def mails(book: Path) -> list[tuple[frozenset[str], str]]:
    """(alert ids, mail id) of every mail that went out."""
    lines = [line.split() for line in book.read_text().splitlines()] if book.exists() else []
    return [(frozenset(ids), mail_id) for *ids, mail_id in lines]


def fill(ledger: Ledger, alerts: Sequence[Alert], cases: int) -> None:
    with ledger.begin() as tx:
        tx.events.save([make_event(n) for n in range(1, cases + 1)], {})
        for n in range(1, cases + 1):
            tx.cases.open(case := make_case(n), make_action(case))
        tx.alerts.add(alerts)


class RacesContract(WithLedger):
    def test_every_version_of_a_case_is_written_by_one_and_no_action_is_lost(self, ledger: Ledger) -> None:
        case = opened(ledger, event())
        done = together(*(lambda n=n: note_often(ledger, case.id, f"w{n}", 4) for n in range(8)))
        won = [version for versions in done if isinstance(versions, list) for version in versions]
        assert sorted(won) == list(range(2, 34))
        with ledger.read() as tx:
            actions = Counter(action.actor for action in tx.cases.actions(case.id))
            assert tx.cases.get(case.id) == replace(case, version=33)
        assert actions == {"system": 1, **{f"w{n}": 4 for n in range(8)}}

    def test_of_two_actions_on_the_same_version_one_is_refused(self, ledger: Ledger) -> None:
        case = opened(ledger, event())

        def accept(actor: str) -> Case:
            with ledger.begin() as tx:
                return tx.cases.save(*act(case, "accept", actor, NOW))

        done = together(*(lambda n=n: accept(f"w{n}") for n in range(6)))
        assert Counter(type(one) for one in done) == {Case: 1, Conflict: 5}
        with ledger.read() as tx:
            assert [action.verb for action in tx.cases.actions(case.id)] == ["open", "accept"]

    def test_an_event_gets_one_case_whoever_opens_it(self, ledger: Ledger) -> None:
        for event_id in ("ev-1", "ev-2", "ev-3"):
            seed(ledger, event(event_id))
            done = together(*[lambda event_id=event_id: open_for(ledger, event_id)] * 8)
            assert all(one == done[0] and isinstance(one, Case) for one in done), done
        with ledger.read() as tx:
            cases = tx.cases.find(CaseFilter())
            assert sorted(case.event_id for case in cases) == ["ev-1", "ev-2", "ev-3"]
            assert len({case.number for case in cases}) == 3
            assert all(len(tx.cases.actions(case.id)) == 1 for case in cases)

    def test_no_number_is_given_twice(self, ledger: Ledger) -> None:
        done = together(*[lambda: take_numbers(ledger, 5)] * 8)
        numbers = [number for some in done if isinstance(some, list) for number in some]
        assert sorted(numbers) == [f"MS-20261125-{n:04d}" for n in range(1, 41)]

    def test_two_deciders_with_the_same_posts_store_them_once(self, ledger: Ledger) -> None:
        taken = records([judged(f"p{n}", title=f"事 {n % 3}", severity=4) for n in range(12)])
        towns = [Town(ledger), Town(ledger)]

        def handle(decider: Decider) -> object:
            return decider.handle(taken)

        done = together(*(lambda one=one: handle(one.decider) for one in towns))
        assert [one for one in done if isinstance(one, Exception) and not isinstance(one, Conflict)] == []
        assert [] in done  # one of them has stored everything
        for town in towns:  # and whoever was refused takes the same records again
            town.decider.handle(taken)
        assert {title: one.posts for title, one in towns[0].events.items()} == {"事 0": 4, "事 1": 4, "事 2": 4}
        assert len(towns[0].cases) == 3
        assert [alert.kind for alert in towns[0].alerts] == ["new_case"] * 3

    def test_deciders_of_one_partition_do_not_forget_each_other_s_posts(self, ledger: Ledger) -> None:
        """Nor do they wait for each other for ever: events are locked in one order, whatever order posts come in."""
        towns, titles = [Town(ledger) for _ in range(3)], [f"事 {n}" for n in range(10)]

        def decide(n: int) -> int:
            refused, left = (
                0,
                [records([judged(f"{n}-{k}-{t}", title=t, severity=1) for t in titles]) for k in range(5)],
            )
            while left:
                try:
                    towns[n].decider.handle(left[-1] if n % 2 else left[-1][::-1])
                    left.pop()
                except Conflict:
                    refused += 1
            return refused

        done = together(*(lambda n=n: decide(n) for n in range(3)))
        assert [one for one in done if isinstance(one, Exception)] == []
        assert {title: one.posts for title, one in towns[0].events.items()} == dict.fromkeys(titles, 15)

    def test_deciders_of_different_partitions_do_not_refuse_each_other(self, ledger: Ledger) -> None:
        towns = [Town(ledger) for _ in range(3)]

        def decide(n: int) -> str:
            for k in range(5):
                batch = records([judged(f"{n}-{k}-{m}", title=f"事 {n}-{m}", severity=1) for m in range(5)])
                towns[n].decider.handle([replace(record, partition=n) for record in batch])
            return "done"

        assert together(*(lambda n=n: decide(n) for n in range(3))) == ["done"] * 3

    def test_counts_of_many_add_up(self, ledger: Ledger) -> None:
        def count() -> None:
            for _ in range(5):
                with ledger.begin() as tx:
                    tx.meters.add(NOW, "judge", "handled", "ok", 3)

        assert together(*[count] * 8) == [None] * 8
        with ledger.read() as tx:
            assert tx.meters.totals(NOW, NOW + HOUR) == [Meter("judge", "handled", "ok", 120)]

    def test_wrong_passwords_at_the_same_time_lock_the_account(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.users.add("wang", "王值班", "correct horse", "duty", NOW)

        def guess() -> object:
            with ledger.begin() as tx:
                return tx.users.verify("wang", "wrong horse", NOW)

        assert together(*[guess] * 5) == [None] * 5
        with ledger.begin() as tx:
            assert tx.users.verify("wang", "correct horse", NOW) is None
            assert tx.users.verify("wang", "correct horse", NOW + timedelta(minutes=15))

    def test_who_corrects_waits_for_the_one_before_and_sees_what_was_said(self, ledger: Ledger) -> None:
        def correct(actor: str) -> int:
            with ledger.begin() as tx:
                tx.corrections.add([correction(actor=actor, at=NOW + timedelta(minutes=int(actor)))])
                return len(tx.corrections.of_posts(["p1"])["p1"])

        assert sorted(map(str, together(*(lambda n=n: correct(str(n)) for n in range(8))))) == list("12345678")

    def test_one_user_of_a_name(self, ledger: Ledger) -> None:
        def add() -> str:
            with ledger.begin() as tx:
                return tx.users.add("wang", "王值班", "correct horse", "duty", NOW).name

        assert [one for one in together(*[add] * 4) if one == "wang"] == ["wang"]

    def test_the_audit_keeps_what_all_of_them_did(self, ledger: Ledger) -> None:
        def look(n: int) -> None:
            for _ in range(5):
                with ledger.begin() as tx:
                    tx.audit.add(NOW, f"w{n}", "查看案件", "case-1")

        assert together(*(lambda n=n: look(n) for n in range(8))) == [None] * 8
        with ledger.read() as tx:
            assert Counter(entry.actor for entry in tx.audit.find()) == {f"w{n}": 5 for n in range(8)}

    def test_a_clock_is_told_of_once_by_whoever_looks(self, ledger: Ledger) -> None:
        cases = [opened(ledger, event(f"ev-{n}")) for n in range(20)]
        late = cases[0].clocks[0].due_at + HOUR
        told = together(*[lambda: tick(ledger, TOWN, late)] * 6)
        with ledger.read() as tx:
            alerts = tx.alerts.find(AlertFilter(limit=1000))
            assert tx.cases.to_tell(late) == []
        assert [one for one in told if isinstance(one, Exception)] == []
        assert sum(one for one in told if isinstance(one, int)) == len(alerts) == 20
        assert len({alert.id for alert in alerts}) == 20

    def test_a_clock_that_was_changed_meanwhile_is_looked_at_anew(self, ledger: Ledger) -> None:
        case = opened(ledger, event())
        with ledger.begin() as tx:
            tx.cases.save(*act(case, "note", "wang", NOW, "改了"))
            tx.cases.told(case, {}, case.clocks[0].due_at)
        with ledger.read() as tx:
            assert [one.id for one in tx.cases.to_tell(case.clocks[0].due_soon_at)] == [case.id]

    @pytest.mark.slow
    def test_senders_at_the_same_time_send_every_alert_once(self, ledger: Ledger, url: str, tmp_path: Path) -> None:
        """New alerts of three offices, and forty mails of an earlier round, all for the same office."""
        fresh = [make_alert(n, id=f"a{n}", case_id="", office=("renshe", "zhujian", "gov")[n % 3]) for n in range(30)]
        again = {f"{n:032x}": [f"b{n}-{part}" for part in range(3)] for n in range(40)}
        fill(ledger, fresh + [make_alert(id=one, case_id="") for ids in again.values() for one in ids], 0)
        with ledger.begin() as tx:
            for mail_id, ids in again.items():
                tx.alerts.hold(ids, f"正在发送，邮件编号 {mail_id}", MAIL_NOW)
        send_at_once(url, tmp_path / "book", 4)
        sent = mails(tmp_path / "book")
        told = [alert.id for alert in fresh] + [one for ids in again.values() for one in ids]
        assert Counter(one for ids, _ in sent for one in ids) == Counter(told)
        assert {mail_id: ids for ids, mail_id in sent if mail_id in again} == {
            k: frozenset(v) for k, v in again.items()
        }
        assert len(sent) == len({mail_id for _, mail_id in sent}) >= 43
        with ledger.read() as tx:
            states = Counter((one.state, one.attempts) for one in tx.alerts.find(AlertFilter(limit=1000)))
        assert states == {("sent", 1): 150}

    @pytest.mark.slow
    def test_what_a_killed_sender_held_goes_out_as_the_same_mail(
        self, ledger: Ledger, url: str, tmp_path: Path
    ) -> None:
        before, after = tmp_path / "before", tmp_path / "after"
        alerts = [make_alert(n, id=f"a{n}", case_id="c1", event_id="e1") for n in range(1, 9)]
        fill(ledger, alerts, 1)
        assert send_at_once(url, before, 1, dies="sent") == [-9]
        ((ids, mail_id),) = mails(before)
        assert ids == {alert.id for alert in alerts}
        send_at_once(url, after, 2)
        assert mails(after) == []  # held
        send_at_once(url, after, 2, minutes=HOLD.total_seconds() / 60)
        assert mails(after) == [(ids, mail_id)]  # whole and under the same id, so it is known for a copy

    @pytest.mark.slow
    def test_senders_that_die_before_they_send_lose_nothing(self, ledger: Ledger, url: str, tmp_path: Path) -> None:
        alerts = [
            make_alert(n, id=f"a{n}", case_id="c1", event_id="e1", office=("renshe", "zhujian")[n % 2])
            for n in range(1, 21)
        ]
        fill(ledger, alerts, 1)
        assert send_at_once(url, tmp_path / "book", 2, dies="mine") == [-9, -9]
        send_at_once(url, tmp_path / "book", 2, minutes=HOLD.total_seconds() / 60)
        sent = mails(tmp_path / "book")
        assert Counter(one for ids, _ in sent for one in ids) == {alert.id: 1 for alert in alerts}
        assert len(sent) == 2

    def test_the_alerts_of_one_mail_come_together(self, ledger: Ledger) -> None:
        with ledger.begin() as tx:
            tx.alerts.add([make_alert(n, id=f"a{n}", created_at=MAIL_NOW + timedelta(minutes=n)) for n in range(6)])
            tx.alerts.hold(["a0", "a3", "a5"], "正在发送，邮件编号 x", MAIL_NOW)
        with ledger.begin() as tx:
            assert {one.id for one in tx.alerts.due(MAIL_NOW + HOUR, limit=2)} == {"a0", "a1", "a3", "a5"}
