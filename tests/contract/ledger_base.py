"""Fixtures and values of the ledger's contract, see `ledger.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from alerts.calendar import WorkCalendar
from alerts.cases import open_case
from alerts.clocks import start_clocks
from alerts.ledger import Ledger
from alerts.model import Case, Event
from alerts.routes import decide_route
from tests.alerts.town import NOW, catalog, event

SHANGHAI = timezone(timedelta(hours=8))
TOWN = catalog()


def seed(ledger: Ledger, *events: Event) -> None:
    with ledger.begin() as tx:
        tx.events.save(events, {one.id: one.id.encode() for one in events})


def opened(ledger: Ledger, one: Event, now: datetime = NOW, **changes: Any) -> Case:
    """A case for the event, which is saved too."""
    seed(ledger, one)
    decision = decide_route(TOWN, one, None, "")
    clocks = start_clocks(TOWN, WorkCalendar(), one.event_grade, one.severity, now)
    with ledger.begin() as tx:
        case, action = open_case(one, decision, clocks, tx.cases.next_number(date(2026, 11, 25)), now)
        return tx.cases.open(replace(case, **changes), action)


def half_done(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        tx.events.save([event()], {})
        raise ZeroDivisionError


class WithLedger:
    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def ledger(self, url: str) -> Iterator[Ledger]:
        with closing(Ledger(url)) as ledger:
            ledger.migrate()
            yield ledger
