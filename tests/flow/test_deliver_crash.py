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
from alerts.notify import Letterhead, Notice, OfficeAddress, OutboxFolder
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
