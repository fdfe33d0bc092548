"""Kill delivery between every two steps: afterwards every alert is sent, and the outbox holds one file per mail."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, cast

import pytest

from alerts.deliver import HOLD, deliver_once
from alerts.ledger import AlertFilter, Ledger
from alerts.model import Alert
from alerts.notify import Letterhead, Notice, OfficeAddress, OutboxFolder
from configs.quiet import Daily, Grouping, Quiet, Repeat
from tests.alerts.mailing import NOW, make_action, make_alert, make_case, make_catalog, make_event, make_judged

STEPS = 3 * 11 + 3  # each mail: hold 3, gather 3, send 2, mark 3; and the look that finds nothing more


class Killed(BaseException):
    """The process is gone: nothing that handles errors may catch it."""


class Fuse:
    """Counts the steps and kills at one of them."""

    def __init__(self, at: int) -> None:
        self.left, self.steps = at, 0

    def step(self) -> None:
        self.steps += 1
        self.left -= 1
        if self.left == 0:
            raise Killed


class MortalLedger:
    """Dies before a transaction begins, before it commits (it is rolled back), or right after it has committed."""

    def __init__(self, ledger: Ledger, fuse: Fuse) -> None:
        self._ledger, self._fuse = ledger, fuse

    def begin(self) -> AbstractContextManager[Any]:
        return self._mortal(self._ledger.begin)

    def read(self) -> AbstractContextManager[Any]:
        return self._mortal(self._ledger.read)

    @contextmanager
    def _mortal(self, enter: Callable[[], AbstractContextManager[Any]]) -> Any:
        self._fuse.step()
        with enter() as tx:
            yield tx
            self._fuse.step()
        self._fuse.step()


class MortalOutbox:
    """Dies before the mail is written, or after it was accepted and before anybody could note it."""

    def __init__(self, outbox: OutboxFolder, fuse: Fuse) -> None:
        self._outbox, self._fuse = outbox, fuse
        self.accepted: list[str] = []

    def send(
        self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str = ""
    ) -> Mapping[str, str]:
        self._fuse.step()
        refused = self._outbox.send(office, notices, now, mail_id)
        self.accepted.append(mail_id)
        self._fuse.step()
        return refused


def run(folder: Path, kill_at: int) -> tuple[Fuse, list[str], Counter[str]]:
    """Deliver three mails, killed at one step; then an alert comes and others deliver.

    Returns the fuse, the mail ids that were accepted, and how many of the mails in the folder tell of each case.
    """
    ledger = Ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
    ledger.migrate()
    with ledger.begin() as tx:
        for number in (1, 2, 3):
            tx.events.save([make_event(number)], {})
            tx.cases.open(make_case(number), make_action(make_case(number)))
        tx.alerts.add([make_alert(1), make_alert(2), make_alert(3, office="zhujian"), make_alert(9, office="gov")])
    fuse = Fuse(kill_at)
    outbox = MortalOutbox(OutboxFolder(folder / "outbox", Letterhead("m@town.example", "http://desk.example")), fuse)
    catalog = make_catalog()
    try:
        deliver_once(cast(Ledger, MortalLedger(ledger, fuse)), make_judged, catalog, outbox, NOW)
    except Killed:
        with ledger.begin() as tx:
            tx.alerts.add([make_alert(4)])
    for now in (NOW, NOW + timedelta(minutes=1), NOW + HOLD):
        deliver_once(ledger, make_judged, catalog, outbox, now)
    with ledger.read() as tx:
        states = {alert.state for alert in tx.alerts.find(AlertFilter())}
    ledger.close()
    assert states == {"sent"}
    return fuse, outbox.accepted, cases_told(folder / "outbox")


def cases_told(folder: Path) -> Counter[str]:
    """case id -> in how many of the mails."""
    told: Counter[str] = Counter()
    for file in folder.glob("*.eml"):
        part = message_from_bytes(file.read_bytes(), policy=policy.default).get_body(("plain",))
        assert part is not None
        told.update(set(re.findall(r"case\?id=(c\d+)", part.get_content())))
    return told


def test_without_a_death_each_office_has_one_mail(tmp_path: Path) -> None:
    fuse, accepted, told = run(tmp_path, kill_at=0)
    assert len(accepted) == 3
    assert told == Counter({"c1": 1, "c2": 1, "c3": 1, "c9": 1})
    assert fuse.steps == STEPS


@pytest.mark.parametrize("kill_at", range(1, STEPS + 1))
def test_a_death_at_any_step_loses_nothing_and_tells_nobody_twice(tmp_path: Path, kill_at: int) -> None:
    fuse, accepted, told = run(tmp_path, kill_at)
    assert fuse.left <= 0, "the process was to die and did not"
    assert told == Counter({"c1": 1, "c2": 1, "c3": 1, "c4": 1, "c9": 1})
    assert len(accepted) - len(set(accepted)) <= 1


RULES = Quiet(
    office_hours=True,
    group=Grouping(wait_minutes=2, interval_minutes=30),
    daily=Daily(mails=1, digest_at="16:30"),
    repeats=(Repeat(kinds=("new_case",), hours=24, times=1),),
)
WAITS = range(1, 31)  # steps of a round in which some alerts wait, some go out and one is told again


def run_by_rules(folder: Path, kill_at: int) -> tuple[bool, Counter[str], dict[str, Alert]]:
    """Killed at one step of a round; whether it died, how often each alert was told in different mails, the alerts."""
    ledger = Ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
    ledger.migrate()
    with ledger.begin() as tx:
        for number in (1, 2, 3):
            tx.events.save([make_event(number)], {})
            tx.cases.open(make_case(number), make_action(make_case(number)))
        quiet_ones = [make_alert(n, severity=2, created_at=NOW - timedelta(minutes=5)) for n in (1, 2)]
        tx.alerts.add([*quiet_ones, make_alert(3, severity=2), make_alert(4, case_id="", event_id="", office="gov")])
        tx.alerts.add([make_alert(1, id="told", state="sent", sent_at=NOW - timedelta(days=1), kind="new_case")])
        tx.quiet.tell_again("told", NOW)
    fuse = Fuse(kill_at)
    mails: dict[str, set[str]] = {}

    class Book:
        def send(
            self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str = ""
        ) -> Mapping[str, str]:
            fuse.step()
            for notice in notices:
                mails.setdefault(notice.alert.id, set()).add(mail_id)
            fuse.step()
            return {}

    catalog = make_catalog().model_copy(update={"quiet": RULES})
    died = False
    try:
        deliver_once(cast(Ledger, MortalLedger(ledger, fuse)), make_judged, catalog, Book(), NOW)
    except Killed:
        died = True
    fuse.left = 0
    for minutes in (0, 2, 12, 40, 130, 24 * 60, 25 * 60, 26 * 60, 48 * 60, 50 * 60, 72 * 60, 74 * 60):
        deliver_once(ledger, make_judged, catalog, Book(), NOW + timedelta(minutes=minutes))
    with ledger.read() as tx:
        alerts = {alert.id: alert for alert in tx.alerts.find(AlertFilter())}
    ledger.close()
    return died, Counter({name: len(ids) for name, ids in mails.items()}), alerts


@pytest.mark.parametrize("kill_at", WAITS)
def test_a_death_while_others_wait_loses_nothing_and_tells_nobody_twice(tmp_path: Path, kill_at: int) -> None:
    _, told, alerts = run_by_rules(tmp_path, kill_at)
    assert {alert.state for alert in alerts.values()} == {"sent"}
    assert set(told.values()) == {1}
    assert {"told:again1", "new_case:c1", "new_case:c3", "new_case:c4"} <= set(told) == set(alerts) - {"told"}


def test_the_steps_of_that_round_are_all_tried(tmp_path: Path) -> None:
    (tmp_path / "last").mkdir()
    assert run_by_rules(tmp_path / "last", WAITS[-1] + 1)[0] is False
    (tmp_path / "first").mkdir()
    assert run_by_rules(tmp_path / "first", 1)[0] is True
