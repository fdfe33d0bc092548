"""What the parts do beside their loop: housekeeping by one of many, crawls that wait, a batch that meets another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.parts import HOUSEKEEP_EVERY, claim_house, deliver_round, patient_deps, try_to_keep_house
from app.process import Process
from app.stages import MEETINGS, patient
from app.wire import House, open_house
from stream.errors import Conflict, Unavailable
from stream.log import Record
from stream.messages import RAW, Post
from stream.worker import Outs, ignore
from tests.flow.town_posts import make_posts

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")}, now=lambda: NOW)
    yield house
    house.close()


def test_of_many_that_deliver_one_keeps_the_house_each_hour(house: House, tmp_path: Path) -> None:
    other = open_house({"MINSHENG_DATA": str(tmp_path / "data")})
    assert claim_house(house, NOW)
    assert not claim_house(other, NOW)
    assert not claim_house(house, NOW + HOUSEKEEP_EVERY - timedelta(seconds=1))
    assert claim_house(other, NOW + HOUSEKEEP_EVERY)
    other.close()


def test_a_clock_that_was_set_back_does_not_stop_the_housekeeping(house: House) -> None:
    assert claim_house(house, NOW + timedelta(days=3))
    assert claim_house(house, NOW)


def test_housekeeping_that_fails_is_counted_and_harms_no_mail(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(house: House, now: datetime) -> None:
        raise OSError("no space")

    counted: list[tuple[str, str, int]] = []
    monkeypatch.setattr("app.parts.keep_house", fail)
    try_to_keep_house(house, lambda *count: counted.append(count))
    assert counted == [("failed", "housekeeping", 1)]


def test_no_mail_waits_for_the_house_while_the_archive_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(before: datetime) -> int:
        raise Unavailable("检索库连不上")

    counted: list[tuple[str, str, int]] = []
    monkeypatch.setattr(house.archive, "purge", away)
    try_to_keep_house(house, lambda *count: counted.append(count))
    assert counted == [("failed", "housekeeping", 1)]


def test_a_round_of_delivering_that_is_to_stop_takes_no_mail_in_hand(house: House) -> None:
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return True

    assert deliver_round(house, NOW, ignore, stop) == 0
    assert asked


@dataclass
class Sometimes:
    """Away for the first `left` calls."""

    act: Callable[[Sequence[Post]], None]
    left: int

    def __call__(self, posts: Sequence[Post]) -> None:
        self.left -= 1
        if self.left >= 0:
            raise Unavailable("日志连不上")
        self.act(posts)


def test_a_crawl_waits_for_the_log_and_then_publishes_what_it_has(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.process.FIRST_PAUSE", 0.01)
    with Process(house, "crawl") as process:
        deps = house.crawl_deps(process.counter)
        publish = Sometimes(deps.publish, 3)
        patient_deps(process, replace(deps, publish=publish)).publish(make_posts()[:2])
        assert house.log.lag(RAW, "judge") == 2
        assert {(what, n) for (_, what, _), n in process.counter.sums.items()} == {("waited", 3)}


class Meets:
    """A handle that another process is faster than, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.calls = 0

    def __call__(self, records: Sequence[Record]) -> Outs:
        self.calls += 1
        self.left -= 1
        if self.left >= 0:
            raise Conflict("另一个进程处理过")
        return []


def test_a_batch_that_meets_another_process_is_handled_again_whole() -> None:
    meets, counted = Meets(2), list[tuple[str, str, int]]()
    assert patient(meets, lambda *count: counted.append(count))([]) == []
    assert meets.calls == 3
    assert counted == [("retried", "Conflict", 0)] * 2


def test_one_that_meets_another_every_time_is_left_to_the_worker() -> None:
    meets = Meets(100)
    with pytest.raises(Conflict):
        patient(meets, ignore)([])
    assert meets.calls == MEETINGS
