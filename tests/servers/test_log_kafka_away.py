"""A real Kafka broker that is stopped, killed or hangs: Unavailable meanwhile, and nothing is lost."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import TypeVar

import pytest

from app.servers.kafka import Kafka
from stream.errors import Unavailable
from stream.log import Log, Out, Record
from stream.log_kafka import OPTIONS, KafkaLog
from tests.contract.log import WAIT, outs

Open = Callable[[], KafkaLog]
Answer = TypeVar("Answer")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives up sooner than in earnest, so that a test need not wait."""
    monkeypatch.setitem(OPTIONS, "delivery_timeout_ms", 4000)
    monkeypatch.setattr("stream.log_kafka.DELIVERY_MS", 4000)
    monkeypatch.setattr("stream.kafka_client.REQUEST_MS", 2000)
    monkeypatch.setattr("stream.kafka_client.BOOTSTRAP_MS", 2000)


@pytest.fixture
def again(kafka_server: Kafka, short: None) -> Iterator[Open]:
    prefix = f"a{uuid.uuid4().hex[:8]}."
    with ExitStack() as handles:
        yield lambda: handles.enter_context(closing(KafkaLog(kafka_server.url, prefix=prefix, partitions=3)))


@pytest.fixture
def log(again: Open) -> KafkaLog:
    return again()


@contextmanager
def stopped(server: Kafka) -> Iterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.start()


@contextmanager
def paused(server: Kafka) -> Iterator[None]:
    server.pause()
    try:
        yield
    finally:
        server.resume()


class Traffic:
    """Publishes numbers 0, 1, 2 … and reads them, each in a thread that tries again whatever is Unavailable."""

    def __init__(self, publisher: Log, reader: Log) -> None:
        self.publisher, self.reader = publisher, reader
        self.sent = 0
        self.seen: list[int] = []
        self.refused: dict[str, int] = {"publish": 0, "read": 0}
        self.done = threading.Event()

    def publish(self) -> None:
        while not self.done.is_set():
            items = [Out(f"3301{n % 7:02d}", str(n).encode()) for n in range(self.sent, self.sent + 5)]
            try:
                self.publisher.publish("t", items)
            except Unavailable:
                self.refused["publish"] += 1
            else:
                self.sent += 5
            self.done.wait(0.02)

    def read(self) -> None:
        while not (self.done.is_set() and set(range(self.sent)) <= set(self.seen)):
            try:
                records = self.reader.read("t", "g", 50, 0.5)
                self.seen += [int(record.value) for record in records]
                self.reader.commit("g", records)
            except Unavailable:
                self.refused["read"] += 1
                time.sleep(0.1)


@contextmanager
def traffic(again: Open) -> Iterator[Traffic]:
    """Flowing; at the end everything that was sent must have been seen."""
    flow = Traffic(again(), again())
    with ThreadPoolExecutor(2) as pool:
        jobs: list[Future[None]] = [pool.submit(flow.publish), pool.submit(flow.read)]
        try:
            wait_until(lambda: len(flow.seen) > 20, "traffic")
            yield flow
        finally:
            flow.done.set()
        for job in jobs:
            job.result(90)


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds:.0f} s"
        time.sleep(0.05)


def goes_on(flow: Traffic) -> None:
    sent = flow.sent
    wait_until(lambda: flow.sent > sent + 20 and flow.seen[-1] > sent, "traffic after the outage")


def test_an_orderly_restart_under_traffic_loses_nothing(kafka_server: Kafka, again: Open) -> None:
    with traffic(again) as flow:
        kafka_server.stop()
        kafka_server.start()
        goes_on(flow)
    assert set(flow.seen) == set(range(flow.sent))


def test_a_kill_under_traffic_loses_nothing(kafka_server: Kafka, again: Open) -> None:
    with traffic(again) as flow:
        with stopped(kafka_server):
            wait_until(lambda: all(flow.refused.values()), "both sides hear that the broker is away")
        goes_on(flow)
    assert set(flow.seen) == set(range(flow.sent))


def test_a_broker_that_hangs_is_unavailable_in_bounded_time(kafka_server: Kafka, log: KafkaLog) -> None:
    log.publish("t", outs("甲"))
    log.commit("g", log.read("t", "g", 10, WAIT))
    with paused(kafka_server):
        for act in (
            lambda: log.read("t", "g", 10, 0.5),
            lambda: log.publish("t", outs("乙")),
            lambda: log.lag("t", "g"),
        ):
            started = time.monotonic()
            with pytest.raises(Unavailable, match=kafka_server.url):
                act()
            assert time.monotonic() - started < 12
    in_the_end(lambda: log.publish("t", outs("丙")))
    assert (
        in_the_end(lambda: log.lag("t", "g")) > 0
    )  # what asks for lags has a connection of its own, which is slower to recover
    assert "丙" in drained_in_the_end(log)


def test_a_hang_under_traffic_loses_nothing(kafka_server: Kafka, again: Open) -> None:
    with traffic(again) as flow:
        with paused(kafka_server):
            wait_until(lambda: all(flow.refused.values()), "both sides hear that the broker is away")
        goes_on(flow)
    assert set(flow.seen) == set(range(flow.sent))


def test_a_commit_that_the_broker_does_not_take_brings_the_records_again(kafka_server: Kafka, log: KafkaLog) -> None:
    log.publish("t", outs("甲", "乙"))
    records = log.read("t", "g", 10, WAIT)
    with stopped(kafka_server), pytest.raises(Unavailable):
        log.commit("g", records)
    again = read_in_the_end(log)
    assert [record.value for record in again] == [record.value for record in records]
    log.commit("g", again)
    assert log.lag("t", "g") == 0


def test_closing_is_quick_while_the_broker_is_away(kafka_server: Kafka, log: KafkaLog) -> None:
    log.publish("t", outs("甲"))
    log.read("t", "g", 10, WAIT)
    with paused(kafka_server):
        started = time.monotonic()
        log.close()
        assert time.monotonic() - started < 3


def test_a_log_that_was_opened_while_the_broker_was_away_works_afterwards(kafka_server: Kafka, again: Open) -> None:
    with stopped(kafka_server):
        log = again()
        for _ in range(2):
            with pytest.raises(Unavailable):
                log.publish("t", outs("甲"))
            with pytest.raises(Unavailable):
                log.read("t", "g", 10, 0)
    in_the_end(lambda: log.publish("t", outs("甲")))
    assert drained_in_the_end(log) == {"甲"}


def test_waiting_for_a_broker_leaves_no_threads_behind(kafka_server: Kafka, again: Open) -> None:
    log = again()
    with stopped(kafka_server):
        with pytest.raises(Unavailable):
            log.publish("t", outs("甲"))
        before = threading.active_count()
        for _ in range(3):
            with pytest.raises(Unavailable):
                log.publish("t", outs("甲"))
        wait_until(lambda: threading.active_count() <= before, "the end of the threads")


def in_the_end(act: Callable[[], Answer], seconds: float = 60.0) -> Answer:
    """What it gives once the broker serves us again. One that has just come back may lose its partitions once more."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def drained_in_the_end(log: KafkaLog) -> set[str]:
    """What is read until nothing is left."""
    seen: set[str] = set()

    def drain() -> set[str]:
        while log.lag("t", "g"):
            records = log.read("t", "g", 10, 1.0)
            seen.update(record.value.decode() for record in records)
            log.commit("g", records)
        return seen

    return in_the_end(drain)


def read_in_the_end(log: KafkaLog, seconds: float = 60.0) -> list[Record]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if records := log.read("t", "g", 10, 1.0):
                return records
        except Unavailable:
            time.sleep(0.1)
    return []
