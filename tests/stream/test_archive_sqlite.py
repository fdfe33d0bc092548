from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from stream.archive import Query
from stream.archive_sqlite import SqliteArchive
from tests.stream.posts import NOON, judge, post

POSTS, PROCESSES = 60, 3


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def archive(path: Path) -> Iterator[SqliteArchive]:
    with closing(SqliteArchive(path)) as archive:
        yield archive


def write(path: Path) -> None:
    with closing(SqliteArchive(path)) as archive:
        for start in range(0, POSTS, 10):
            archive.upsert([judge(post(f"p{n}")) for n in range(start, start + 10)])


def test_processes_write_the_same_posts_at_once(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=write, args=(path,)) for _ in range(PROCESSES)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(60)
    assert [job.exitcode for job in jobs] == [0] * PROCESSES
    with closing(SqliteArchive(path)) as archive:
        assert archive.search(Query(text="楼道")).total == POSTS


def test_threads_search_while_one_writes(archive: SqliteArchive) -> None:
    with ThreadPoolExecutor(4) as pool:
        writing = pool.map(lambda n: archive.upsert([judge(post(f"p{n}"))]), range(30))
        totals = [archive.search(Query(text="楼道")).total for _ in range(30)]
        list(writing)
    assert totals == sorted(totals)
    assert archive.search(Query()).total == 30


def test_unchanged_posts_write_nothing(archive: SqliteArchive) -> None:
    posts = [judge(post(f"p{n}")) for n in range(20)]
    archive.upsert(posts)
    before = archive._db.total_changes
    archive.upsert(posts)
    assert archive._db.total_changes == before


def test_the_index_stays_sound_through_changes_and_purges(archive: SqliteArchive) -> None:
    archive.upsert([judge(post(f"p{n}", text=f"第{n}条，路灯不亮")) for n in range(30)])
    archive.upsert([judge(post(f"p{n}", text=f"改第{n}条，电梯KTV故障")) for n in range(0, 30, 2)])
    archive.upsert([judge(replace(post(f"p{n}"), published_at=NOON - timedelta(days=9))) for n in range(0, 30, 3)])
    assert archive.purge(NOON - timedelta(days=1)) == 10
    archive._db.execute("INSERT INTO words (words) VALUES ('integrity-check')")
    assert archive.search(Query(text="路灯")).total == 10
    assert archive.search(Query(text="ktv")).total == 10


def test_what_was_written_is_there_after_reopening(path: Path, archive: SqliteArchive) -> None:
    archive.upsert([judge(post("a"))])
    with closing(SqliteArchive(path)) as again:
        assert again.search(Query(text="楼道 修")).total == 1
