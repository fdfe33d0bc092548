"""What every part has: it waits for servers, keeps its counts, and stops when asked."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.ledger import Ledger
from app.process import Process
from app.stopping import Stop, Stopped
from app.wire import House, open_house
from stream.errors import Conflict, Unavailable


@pytest.fixture
def house(tmp_path: Path) -> House:
    return open_house({"MINSHENG_DATA": str(tmp_path / "data"), "MINSHENG_MONITOR__JSON_LOGS": "true"})


@pytest.fixture
def process(house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Process]:
    """Its log lines can be read from `capsys`."""
    monkeypatch.setattr("app.process.FIRST_PAUSE", 0.01)
    with Process(house, "judge") as process:
        yield process
        process.stop.asked = False


class Away:
    """Raises so many times, then answers."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left = times
        self.error = error
        self.states: list[str] = []

    def __call__(self) -> str:
        if not self.left:
            return "done"
        self.left -= 1
        raise self.error


def totals(house: House) -> dict[tuple[str, str, str], int]:
    now = house.now()
    with house.ledger.read() as tx:
        found = tx.meters.totals(now.replace(hour=0), now.replace(hour=23, minute=59))
    return {(one.part, one.what, one.reason): one.n for one in found}


def test_what_is_away_is_waited_for_as_long_as_it_takes_and_counted(
    process: Process, capsys: pytest.CaptureFixture[str]
) -> None:
    act = Away(4, Unavailable("服务器连不上"))
    assert process.insist(act) == "done"
    assert process.counter.sums.total() == 4
    assert process.pulse.state == "ok"
    told = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
    assert told[0] == "waiting for the other: Unavailable: 服务器连不上"
    assert told[1].startswith("the other is back")
    assert len(told) == 2


def test_while_it_waits_its_health_says_for_what(process: Process) -> None:
    seen: list[tuple[str, str]] = []

    def act() -> None:
        seen.append((process.pulse.state, process.pulse.why))
        if len(seen) < 2:
            raise Unavailable("服务器连不上")

    process.insist(act)
    assert seen == [("ok", ""), ("waiting", "服务器连不上")]


def test_a_conflict_is_tried_again_and_is_no_outage(process: Process) -> None:
    assert process.insist(Away(2, Conflict("别人先改了"))) == "done"
    assert {(what, reason) for _, what, reason in process.counter.sums} == {("retried", "Conflict")}


def test_other_errors_pass(process: Process) -> None:
    with pytest.raises(ValueError, match="wrong"):
        process.insist(Away(1, ValueError("wrong")))


def test_asked_to_stop_while_it_waits_it_ends_without_an_error(house: House) -> None:
    ended = []
    with Process(house, "judge") as process:
        process.stop.asked = True
        process.insist(Away(9, Unavailable("服务器连不上")))
        ended.append("not reached")
    assert ended == []
    process.stop.asked = False
    process.stop.release()
    process._plain()


def test_a_pause_between_two_tries_ends_with_the_process(process: Process) -> None:
    process.stop.asked = True
    with pytest.raises(Stopped) as ended:
        process.pause(60)
    assert ended.value.code == 0


def test_counts_are_in_the_ledger_when_the_process_ends(house: House, tmp_path: Path) -> None:
    with Process(house, "judge") as process:
        process.counter("handled", "ok", 7)
    again = open_house({"MINSHENG_DATA": str(tmp_path / "data")})
    assert totals(again)["judge", "handled", "ok"] == 7
    again.close()


def test_counts_outlast_a_ledger_that_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    begin, away = Ledger.begin, [True]

    def sometimes(ledger: Ledger) -> object:
        if away[0]:
            raise Unavailable("案件库连不上")
        return begin(ledger)

    monkeypatch.setattr(Ledger, "begin", sometimes)
    counter = house.counter("judge")
    counter("handled", "ok", 5)
    assert not counter.flush()
    counter("handled", "ok", 2)
    away[0] = False
    assert counter.flush()
    assert totals(house)["judge", "handled", "ok"] == 7
    house.close()


def test_every_count_is_among_the_metrics_at_once(process: Process) -> None:
    process.counter("dropped", "robots", 3)
    assert b'minsheng_counted_total{part="judge",reason="robots",what="dropped"} 3.0' in process.metrics.text()


def test_leaving_it_gives_signals_and_logging_back(house: House) -> None:
    before = threading.active_count(), list(logging.getLogger().handlers)
    with Process(house, "judge"):
        assert list(logging.getLogger().handlers) != before[1]
    for thread in threading.enumerate():
        if thread.name == "stop":
            thread.join(5)
    assert (threading.active_count(), list(logging.getLogger().handlers)) == before


def test_a_stop_that_listens_already_is_used(house: House) -> None:
    stop = Stop().install()
    with Process(house, "judge", stop) as process:
        assert process.stop is stop
