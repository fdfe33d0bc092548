from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stream.errors import MinshengError
from stream.log import Out
from stream.log_sqlite import SqliteLog
from tests.stream.posts import fill, values

FUTURE = datetime(2100, 1, 1, tzinfo=UTC)
WRITERS, BATCHES, SIZE = 3, 12, 5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "log.db"


@pytest.fixture
def log(path: Path) -> Iterator[SqliteLog]:
    with closing(SqliteLog(path, poll=0.005)) as log:
        yield log


def write(path: Path, writer: int) -> None:
    with closing(SqliteLog(path, poll=0.005)) as log:
        for batch in range(BATCHES):
            first = batch * SIZE
            log.publish("t", [Out(f"w{writer}", str(n).encode()) for n in range(first, first + SIZE)])


def move(path: Path) -> None:
    """Take everything over to another topic, as a stage does, until all was seen."""
    seen = 0
    with closing(SqliteLog(path, poll=0.005)) as log:
        while seen < WRITERS * BATCHES * SIZE:
            records = log.read("t", "move", 7, 20.0)
            assert records, "nothing came in 20 seconds"
            log.publish("moved", [Out(record.key, record.value) for record in records])
            log.commit("move", records)
            seen += len(records)


def test_processes_publish_read_and_commit_at_once(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=write, args=(path, n)) for n in range(WRITERS)]
    jobs.append(context.Process(target=move, args=(path,)))
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(60)
    assert [job.exitcode for job in jobs] == [0] * len(jobs)
    with closing(SqliteLog(path)) as log:
        by_writer = defaultdict(list)
        for record in log.read("moved", "test", 10_000, 0):
            by_writer[record.key].append(int(record.value))
        whole = list(range(BATCHES * SIZE))
        assert by_writer == {f"w{n}": whole for n in range(WRITERS)}
        assert log.lag("t", "move") == 0


def test_batches_of_several_threads_stay_whole(log: SqliteLog) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: fill(log, "t", *[f"{n}-{k}" for k in range(10)]), range(8)))
    found = values(log, "t")
    for start in range(0, 80, 10):
        assert [value.split("-")[1] for value in found[start : start + 10]] == [str(k) for k in range(10)]
        assert len({value.split("-")[0] for value in found[start : start + 10]}) == 1


def test_offsets_go_on_without_holes_after_a_failed_publish(log: SqliteLog) -> None:
    fill(log, "t", "a")
    with pytest.raises(UnicodeEncodeError):
        log.publish("t", [Out("ok", b"x"), Out("\ud800", b"y")])
    fill(log, "t", "b")
    assert [(record.offset, record.value) for record in log.read("t", "g", 9, 0)] == [(0, b"a"), (1, b"b")]


def test_a_reader_wakes_for_its_own_process_too(log: SqliteLog) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(log.read, "t", "g", 10, 20.0)
        fill(log, "t", "a")
        assert [record.value for record in waiting.result(20)] == [b"a"]


class WatchedEvent(threading.Event):
    """Tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        self.awaited.set()
        return super().wait(timeout)


def test_closing_ends_a_waiting_read(path: Path) -> None:
    log = SqliteLog(path, poll=60.0)
    log._closed = event = WatchedEvent()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(log.read, "t", "g", 10, 60.0)
        assert event.awaited.wait(20)
        log.close()
        assert waiting.result(20) == []


def test_what_is_committed_survives_power_loss(path: Path, log: SqliteLog) -> None:
    (mode,) = log._db.execute("PRAGMA journal_mode").fetchone()
    (synchronous,) = log._db.execute("PRAGMA synchronous").fetchone()
    assert (mode, synchronous) == ("wal", 2)


# --- retention ---------------------------------------------------------------------------------------------------


def test_trim_deletes_what_every_group_has_committed(log: SqliteLog) -> None:
    fill(log, "t", *"abcde")
    for group, n in (("archive", 3), ("decide", 2)):
        log.commit(group, log.read("t", group, n, 0))
    assert log.trim(FUTURE) == 2
    assert [record.value for record in log.read("t", "decide", 9, 0)] == [b"c", b"d", b"e"]
    assert [record.value for record in log.read("t", "archive", 9, 0)] == [b"d", b"e"]


def test_trim_keeps_what_is_younger(log: SqliteLog) -> None:
    fill(log, "t", "a")
    log.commit("g", log.read("t", "g", 1, 0))
    assert log.trim(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert log.trim(FUTURE) == 1
    assert log.trim(FUTURE) == 0


def test_trim_keeps_all_for_a_group_that_has_only_read(log: SqliteLog) -> None:
    fill(log, "t", "a", "b")
    log.read("t", "slow", 1, 0)
    log.commit("fast", log.read("t", "fast", 2, 0))
    assert log.trim(FUTURE) == 0


def test_trim_leaves_a_topic_that_nobody_has_read(log: SqliteLog) -> None:
    fill(log, "dead.judge", "a")
    assert log.trim(FUTURE) == 0
    assert values(log, "dead.judge") == ["a"]


def test_after_a_trim_lag_and_offsets_go_on(log: SqliteLog) -> None:
    fill(log, "t", *"abc")
    log.commit("g", log.read("t", "g", 3, 0))
    log.trim(FUTURE)
    fill(log, "t", "d")
    assert [record.offset for record in log.read("t", "g", 9, 0)] == [3]
    assert log.lag("t", "g") == log.lag("t", "new") == 1


def test_trim_takes_many_records(log: SqliteLog) -> None:
    log.publish("t", [Out("k", b"x")] * 12_000)
    fill(log, "other", "kept")
    log.commit("g", log.read("t", "g", 11_000, 0))
    assert log.trim(FUTURE) == 11_000
    assert log.lag("t", "g") == 1_000
    assert values(log, "other") == ["kept"]


def test_topics_are_listed(log: SqliteLog) -> None:
    fill(log, "b", "x")
    fill(log, "a", "x")
    assert log.topics() == ["a", "b"]


# --- files that cannot be used -------------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.write_text("这不是数据库" * 200, encoding="utf-8")
    with pytest.raises(MinshengError, match=r"log\.db"):
        SqliteLog(path, busy=0.05)


def test_a_file_of_another_version_is_named(path: Path) -> None:
    SqliteLog(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(MinshengError, match="99"):
        SqliteLog(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MinshengError, match="file"):
        SqliteLog(tmp_path / "file" / "log.db")
