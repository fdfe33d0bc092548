"""Killing a worker between any two steps loses nothing and changes nothing: the stores end as without the kill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from stream.archive import Archive, Query
from stream.archive_sqlite import SqliteArchive
from stream.dead import list_dead
from stream.log import Log, Out, Record
from stream.log_sqlite import SqliteLog
from stream.memory import MemoryArchive, MemoryLog
from stream.messages import JUDGED, RAW, Judged, decode_judged, decode_post, encode_judged, encode_post
from stream.worker import Outs, Stage, run_once
from tests.stream.posts import judge, post

POSTS = 5
BATCH = 3


class Killed(BaseException):
    """The process is gone: nothing after this line runs, not even the handling of errors."""


class Fuse:
    """Blows at the n-th step; every step is one moment before or after something that lasts."""

    def __init__(self, at: int | None) -> None:
        self.at, self.steps = at, 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise Killed

    @contextmanager
    def around(self) -> Iterator[None]:
        self.step()
        yield
        self.step()


@dataclass
class FusedLog:
    log: Log
    fuse: Fuse

    def publish(self, topic: str, items: Iterable[Out]) -> None:
        with self.fuse.around():
            self.log.publish(topic, items)

    def read(self, topic: str, group: str, limit: int, wait: float) -> list[Record]:
        with self.fuse.around():
            return self.log.read(topic, group, limit, wait)

    def commit(self, group: str, records: Sequence[Record]) -> None:
        with self.fuse.around():
            self.log.commit(group, records)

    def lag(self, topic: str, group: str) -> int:
        return self.log.lag(topic, group)

    def close(self) -> None:
        self.log.close()


@dataclass(frozen=True)
class Outcome:
    archived: dict[str, Judged]
    found: int
    dead: list[tuple[str, bytes]]
    lags: tuple[int, int]


@dataclass
class World:
    """Stores that outlive the process: each `open_*` is what a new process would get."""

    open_log: Callable[[], Log]
    open_archive: Callable[[], Archive]


def memory_world(_: Path, __: ExitStack) -> World:
    log, archive = MemoryLog(), MemoryArchive()
    return World(lambda: log, lambda: archive)


def sqlite_world(folder: Path, handles: ExitStack) -> World:
    return World(
        lambda: handles.enter_context(closing(SqliteLog(folder / "log.db"))),
        lambda: handles.enter_context(closing(SqliteArchive(folder / "archive.db"))),
    )


def stages(archive: Archive, fuse: Fuse) -> list[Stage]:
    def judge_all(records: Sequence[Record]) -> Outs:
        fuse.step()
        judged = [judge(decode_post(record.value)) for record in records]
        return [(JUDGED, Out(one.partition_key, encode_judged(one))) for one in judged]

    def archive_all(records: Sequence[Record]) -> Outs:
        with fuse.around():
            archive.upsert([decode_judged(record.value) for record in records])
        return []

    return [Stage("judge", RAW, judge_all, BATCH), Stage("archive", JUDGED, archive_all, BATCH)]


def work(world: World, fuse: Fuse) -> None:
    """One life of a process that runs both stages until nothing is left."""
    log = FusedLog(world.open_log(), fuse)
    todo = stages(world.open_archive(), fuse)
    while sum(run_once(stage, log) for stage in todo):
        pass


def fill(log: Log) -> None:
    """Posts with one record in the midst that can never be read."""
    outs = [Out("330106", encode_post(post(f"p{n}"))) for n in range(POSTS)]
    log.publish(RAW, [*outs[:4], Out("330106", b"{broken"), *outs[4:]])


def outcome(world: World) -> Outcome:
    log, archive = world.open_log(), world.open_archive()
    hits = archive.search(Query(limit=1000)).hits
    letters = list_dead(log, "judge") + list_dead(log, "archive")
    return Outcome(
        {hit.judged.post.id: hit.judged for hit in hits},
        archive.search(Query(text="楼道 三天")).total,
        [(letter.name, letter.value) for letter in letters],
        (log.lag(RAW, "judge"), log.lag(JUDGED, "archive")),
    )


@pytest.mark.parametrize("make", [memory_world, sqlite_world])
def test_a_kill_between_any_two_steps_changes_nothing(make: Callable[[Path, ExitStack], World], tmp_path: Path) -> None:
    kills = 0
    for at in count(1):
        with ExitStack() as handles:
            folder = tmp_path / str(at)
            world = make(folder, handles)
            fill(world.open_log())
            killed = _run_and_die(world, Fuse(at))
            work(world, Fuse(None))
            result = outcome(world)
        assert set(result.archived) == {f"p{n}" for n in range(POSTS)}, f"killed at step {at}"
        assert result.archived == {f"p{n}": judge(post(f"p{n}")) for n in range(POSTS)}
        assert result.found == POSTS
        assert result.dead == [(f"{RAW}/0/4", b"{broken")]
        assert result.lags == (0, 0)
        kills += killed
        if not killed:
            break
    assert kills > 40, "every read, handle, publish and commit has a moment before and after it"


def _run_and_die(world: World, fuse: Fuse) -> bool:
    """Whether the fuse blew before the work was done."""
    try:
        work(world, fuse)
    except Killed:
        return True
    return False
