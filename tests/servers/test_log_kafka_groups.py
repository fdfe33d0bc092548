"""Consumer groups on a real Kafka broker: who joins, who leaves, who is killed, and that no record is lost for it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from stream import kafka_member
from stream.log import Out, Record
from stream.log_kafka import KafkaLog
from stream.worker import Outs, Stage, run_once
from tests.contract.log import WAIT, drain, outs
from tests.servers.sharing import handled, work

Open = Callable[[], KafkaLog]
KEYS = [f"3301{n:02d}" for n in range(20)]


@pytest.fixture
def prefix() -> str:
    return f"g{uuid.uuid4().hex[:8]}."


@pytest.fixture
def again(kafka_servers: str, prefix: str) -> Iterator[Open]:
    with ExitStack() as handles:
        yield lambda: handles.enter_context(closing(KafkaLog(kafka_servers, prefix=prefix, partitions=6)))


@pytest.fixture
def log(again: Open) -> KafkaLog:
    return again()


def until(ready: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds:.0f} s"
        time.sleep(0.05)


def numbered(count: int, first: int = 0) -> list[Out]:
    """Over all keys; the numbers rise within each."""
    return [Out(KEYS[n % len(KEYS)], str(n).encode()) for n in range(first, first + count)]


@contextmanager
def reading(log: KafkaLog, wait: float = 0.2) -> Iterator[list[Record]]:
    """Reads and commits in a thread of its own; gives what was read so far."""
    found: list[Record] = []
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            records = log.read("t", "work", 50, wait)
            found.extend(records)
            log.commit("work", records)

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(run)
        try:
            yield found
        finally:
            stop.set()
        job.result()


# --- sharing -----------------------------------------------------------------------------------------------------


def test_two_members_share_the_partitions(log: KafkaLog, again: Open) -> None:
    log.publish("t", numbered(1))
    one, other = again(), again()
    with reading(one) as first, reading(other) as second:
        sent = 1
        while not (first and second):
            assert sent < 4000, "one of the two got nothing"
            log.publish("t", numbered(40, sent))
            sent += 40
            until(lambda: log.lag("t", "work") == 0, "reading everything")
    seen = Counter(int(record.value) for record in [*first, *second])
    assert sorted(seen) == list(range(sent))


class Crew:
    """Processes of `tests/servers/sharing.py` on one group."""

    def __init__(self, servers: str, prefix: str, file: Path) -> None:
        self.arguments = (servers, prefix, str(file))
        self.members: list[BaseProcess] = []

    def hire(self) -> BaseProcess:
        member = multiprocessing.get_context("spawn").Process(target=work, args=(*self.arguments, 0.02))
        member.start()
        self.members.append(member)
        return member

    def dismiss(self) -> None:
        for member in self.members:
            if member.is_alive():
                assert member.pid
                os.kill(member.pid, signal.SIGTERM)
        for member in self.members:
            member.join(20)
            if member.exitcode is None:
                member.kill()
                member.join()


@pytest.fixture
def crew(kafka_servers: str, prefix: str, tmp_path: Path) -> Iterator[Crew]:
    crew = Crew(kafka_servers, prefix, tmp_path / "handled")
    yield crew
    crew.dismiss()


def busy(file: Path, process: BaseProcess) -> bool:
    return any(pid == process.pid for _, _, pid in handled(file))


@pytest.mark.slow
def test_nothing_is_lost_when_members_join_and_are_killed(
    log: KafkaLog, again: Open, crew: Crew, tmp_path: Path
) -> None:
    """Two members, a third joins, one is killed without a word: every record handled, each key in its order."""
    file, sent = tmp_path / "handled", 0

    def send_until(ready: Callable[[], bool], what: str) -> None:
        nonlocal sent
        deadline = time.monotonic() + 60
        while not ready():
            assert time.monotonic() < deadline, what
            log.publish("t", numbered(100, sent))
            sent += 100
            time.sleep(0.1)

    first, second = crew.hire(), crew.hire()
    send_until(lambda: busy(file, first) and busy(file, second), "two members do not share")
    third = crew.hire()
    send_until(lambda: busy(file, third), "the third member gets nothing")
    second.kill()
    second.join()
    log.publish("t", numbered(300, sent))
    sent += 300
    until(lambda: log.lag("t", "work") == 0, "handling everything")
    crew.dismiss()
    assert [first.exitcode, third.exitcode] == [0, 0]
    rows = handled(file)
    times = Counter(number for _, number, _ in rows)
    assert sorted(times) == list(range(sent))
    by_key = defaultdict(list)
    for key, number, _ in rows:
        by_key[key].append(number)
    assert all(list(dict.fromkeys(numbers)) == sorted(set(numbers)) for numbers in by_key.values())
    twice = sum(n - 1 for n in times.values())
    print(f"{sent} records, {twice} handled twice")
    assert twice <= 20 * 6, "at most the batches in hand come again"
    assert {int(record.value) for record in drain(again(), "out", "test", 1000)} == set(range(sent))


# --- partitions that move ----------------------------------------------------------------------------------------


def test_the_reader_is_told_of_its_partitions_before_the_first_record(log: KafkaLog) -> None:
    log.publish("t", numbered(5))
    told: list[tuple[str, str]] = []
    log.on_assigned = lambda topic, group: told.append((topic, group))
    seen_at_first_record = [list(told) for _ in log.read("t", "work", 10, WAIT)]
    assert seen_at_first_record[0] == [("t", "work")]
    log.read("t", "work", 10, 0)
    assert told == [("t", "work")], "nothing changed since"


def test_every_member_is_told_when_another_joins_and_when_it_leaves(log: KafkaLog, again: Open) -> None:
    log.publish("t", numbered(1))
    one, other = again(), again()
    told: list[str] = []
    one.on_assigned = lambda topic, group: told.append("one")
    other.on_assigned = lambda topic, group: told.append("other")
    with reading(one):
        until(lambda: told == ["one"], "the first assignment")
        with reading(other):
            until(lambda: sorted(told) == ["one", "one", "other"], "sharing with another")
        other.close()
        until(lambda: told.count("one") == 3, "taking over")


def test_who_cannot_make_ready_is_told_again_and_gets_no_record_before(log: KafkaLog) -> None:
    log.publish("t", numbered(5))
    told: list[str] = []

    def fail_once(topic: str, group: str) -> None:
        told.append(group)
        if len(told) == 1:
            raise RuntimeError("the database is away")

    log.on_assigned = fail_once
    with pytest.raises(RuntimeError):
        log.read("t", "work", 10, WAIT)
    assert len(log.read("t", "work", 10, WAIT)) > 0
    assert told == ["work", "work"]


def test_who_was_too_slow_commits_nothing_and_the_records_come_to_another(
    again: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kafka_member.OPTIONS, "max_poll_interval_ms", 1500)
    slow, other = again(), again()
    counted: list[tuple[str, str, int]] = []
    slow.count = lambda *what: counted.append(what)
    slow.publish("t", numbered(30))
    records = slow.read("t", "work", 10, WAIT)
    assert records
    taken = drain(other, "t", "work")  # waits until the slow one has lost its partitions
    assert sorted(int(record.value) for record in taken) == list(range(30))
    slow.commit("work", records)
    assert counted == [("repeated", "work", len(records))]
    assert other.lag("t", "work") == 0, "the position was not moved back"
    other.close()
    slow.publish("t", numbered(1, 30))
    assert [record.value for record in drain(slow, "t", "work")] == [b"30"]


def test_a_member_that_is_busy_may_still_commit_while_another_waits_to_join(log: KafkaLog, again: Open) -> None:
    log.publish("t", numbered(30))
    one, other = again(), again()
    records = one.read("t", "work", 10, WAIT)
    with ThreadPoolExecutor(1) as pool:
        joining = pool.submit(other.read, "t", "work", 100, WAIT)
        until(lambda: pending_join(other), "asking to join")
        one.commit("work", records)
        assert log.lag("t", "work") == 30 - len(records)
        one.close()
        theirs = {int(record.value) for record in joining.result()}
    assert theirs
    assert theirs.isdisjoint(int(record.value) for record in records)


def pending_join(log: KafkaLog) -> bool:
    consumers = [member._consumer for member in log._members.values() if member._consumer is not None]
    return any(consumer._coordinator.rebalance_in_progress() for consumer in consumers)


def test_records_in_hand_come_again_after_a_change_of_partitions(log: KafkaLog, again: Open) -> None:
    log.publish("t", numbered(60))
    one, other = again(), again()
    before = one.read("t", "work", 100, WAIT)
    assert before
    with reading(other) as theirs:
        mine = {int(record.value) for record in drain(one, "t", "work")}
    assert mine | {int(record.value) for record in theirs} == set(range(60))


# --- leaving -----------------------------------------------------------------------------------------------------


def test_closing_hands_the_partitions_over_at_once(log: KafkaLog, again: Open) -> None:
    log.publish("t", numbered(30))
    one, other = again(), again()
    one.read("t", "work", 10, WAIT)
    started = time.monotonic()
    one.close()
    assert time.monotonic() - started < 3
    assert len(drain(other, "t", "work")) == 30
    assert time.monotonic() - started < 8, "long before the session of the first would have ended"


def test_closing_ends_a_read_that_waits_in_another_thread(log: KafkaLog) -> None:
    log.publish("t", numbered(1))
    log.commit("work", log.read("t", "work", 10, WAIT))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(log.read, "t", "work", 10, 60.0)
        until(lambda: waiting.running(), "waiting")
        started = time.monotonic()
        log.close()
        assert waiting.result(10) == []
        assert time.monotonic() - started < 3


def test_a_closed_log_reads_nothing_and_may_be_closed_again(log: KafkaLog) -> None:
    log.publish("t", outs("甲"))
    log.close()
    log.close()
    assert log.read("t", "work", 10, WAIT) == []


def test_draining_without_waiting_takes_everything(log: KafkaLog) -> None:
    """As `minsheng worker --drain` does: the first read joins the group and still finds what is there."""
    log.publish("t", numbered(700))
    seen: list[int] = []

    def handle(records: Sequence[Record]) -> Outs:
        seen.extend(int(record.value) for record in records)
        return []

    while run_once(Stage("work", "t", handle), log):
        pass
    assert sorted(seen) == list(range(700))


def test_threads_may_publish_and_read_at_once(log: KafkaLog) -> None:
    with reading(log) as found, ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(log.publish, "t", numbered(25, 25 * n)) for n in range(8)]:
            job.result()
        until(lambda: len(found) == 200, "reading everything")
    assert sorted(int(record.value) for record in found) == list(range(200))


def test_a_batch_is_filled_from_all_partitions(log: KafkaLog) -> None:
    log.publish("t", numbered(600))
    assert len(log.read("t", "work", 500, WAIT)) == 500
