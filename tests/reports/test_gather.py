"""The inputs of a week read from real stores, more than one page of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.ledger import Ledger, SourceRun
from alerts.model import EventPost
from reports import gather
from reports.gather import gather_week
from stream.memory import MemoryArchive
from tests.reports.weeks import (
    AFTER,
    DAY,
    HOUR,
    MONDAY,
    START,
    make_alert,
    make_case,
    make_catalog,
    make_event,
    make_history,
    make_post,
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    yield ledger
    ledger.close()


def test_everything_of_the_week_is_found(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "PAGE", 7)
    archive = MemoryArchive()
    posts = [make_post(f"p{n:02d}", START + n * HOUR, set_aside="advert" if n == 3 else "") for n in range(30)]
    archive.upsert(
        [*posts, make_post("old", START - DAY), make_post("older", START - 8 * DAY), make_post("new", AFTER)]
    )
    closed = make_case(1, START - 20 * DAY)
    with ledger.begin() as tx:
        tx.events.save([*(make_event(f"e{n}") for n in range(1, 12)), make_event("taken", merged_into="e2")], {})
        tx.events.link(
            [EventPost("p00", "e1", START, "board", 2, 1.0), EventPost("p01", "taken", START, "board", 2, 1.0)]
        )
        for number in range(2, 12):
            case = make_case(number, START + DAY)
            tx.cases.open(case, make_history(case, ("dispatched", START + DAY))[0])
        tx.cases.open(closed, make_history(closed, ("dispatched", START - 20 * DAY))[0])
        done = replace(closed, state="closed", closed_at=START + 8 * DAY)
        tx.cases.save(done, make_history(closed, ("dispatched", START), ("closed", START + 8 * DAY))[1])
        tx.alerts.add([make_alert("a", "pending"), make_alert("b", "pending", created_at=START - HOUR)])
        tx.meters.source_run(SourceRun("board", START + DAY, True, 3, 3))
    week = gather_week(archive, ledger, make_catalog(), MONDAY, AFTER)
    assert (week.total("posts").value, week.total("posts").before) == (29, 1)
    assert [item.ids for item in week.set_aside] == [("p03",)]
    assert {line.event.id: line.week_posts.ids for line in week.events} == {"e1": ("p00",), "e2": ("p01",)}
    assert week.total("open").value == 11
    assert week.total("opened").value == 10
    assert [alert.id for alert in week.alerts] == ["a"]
    assert [line.name for line in week.silent_sources] == ["论坛"]


def test_empty_stores_give_an_empty_week(ledger: Ledger) -> None:
    week = gather_week(MemoryArchive(), ledger, make_catalog(), MONDAY, START + timedelta(hours=1))
    assert week.total("posts").value == 0
    assert not week.complete
