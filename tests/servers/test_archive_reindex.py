"""Indexing a month anew on a real Elasticsearch, while others write, delete and search."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import stream.elastic_reindex
from app.archive_admin import reindex_months
from stream.archive import Query
from stream.archive_elastic import ElasticArchive
from stream.elastic_reindex import _Move
from stream.errors import MinshengError, Unavailable
from stream.messages import Judged
from tests.contract.archive import NOON, found, judged
from tests.servers.elastic_archives import TEMPLATES, Open, archive, open_archive

__all__ = ["archive", "open_archive"]  # fixtures

MONTH = "2026.11"


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Templates of a later version of the program, which has one more field."""
    template = json.loads((TEMPLATES / "posts.json").read_text(encoding="utf-8"))
    template["version"] = template["template"]["mappings"]["_meta"]["version"] = template["version"] + 1
    template["template"]["mappings"]["properties"]["extra"] = {"type": "keyword"}
    (tmp_path / "posts.json").write_text(json.dumps(template), encoding="utf-8")
    return tmp_path


@contextmanager
def meanwhile(step: Callable[[int], None]) -> Iterator[None]:
    """Calls step(0), step(1), … in another thread for as long as the block runs."""
    stop, faults = threading.Event(), list[BaseException]()

    def work() -> None:
        n = 0
        try:
            while not stop.is_set():
                step(n)
                n += 1
        except BaseException as error:  # raised again below
            faults.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    if faults:
        raise faults[0]


def insist(write: Callable[[], None]) -> None:
    """As the process loop does: what the server does not take now is given again."""
    while True:
        try:
            return write()
        except Unavailable:
            continue


def indices(archive: ElasticArchive) -> list[str]:
    return sorted(archive._server.es.indices.get(index=f"{archive.months.prefix}-*").body)


def test_a_month_gets_the_new_mapping_and_loses_nothing(
    archive: ElasticArchive, open_archive: Open, newer: Path
) -> None:
    posts = [judged(f"p{n}", at=NOON - timedelta(hours=n)) for n in range(30)]
    archive.upsert([*posts, judged("october", at=NOON - timedelta(days=40))])
    after = open_archive(newer, shards=2)
    assert after.months.outdated() == ["2026.10", MONTH]
    assert after.reindex(MONTH) == 30
    assert after.months.outdated() == ["2026.10"]
    assert indices(archive) == [f"{archive.months.prefix}-2026.10-1", f"{archive.months.prefix}-2026.11-2"]
    for handle in (archive, after):
        assert handle.search(Query(text="停水")).total == 31
        assert handle.get("p7") == posts[7]
    archive.upsert([judged("late")])
    assert archive.search(Query()).total == 32
    assert after.reindex(MONTH) == 31  # and again, from two shards


def test_what_is_written_meanwhile_is_in_the_new_index(
    archive: ElasticArchive, open_archive: Open, newer: Path, monkeypatch: Any
) -> None:
    """A writer adds, changes and moves away; a reader never misses a post that was there all the time."""
    monkeypatch.setattr(stream.elastic_reindex, "FEW", 5)
    writer, reader = open_archive(shards=2), open_archive()
    old = [judged(f"old{n}", at=NOON - timedelta(minutes=n)) for n in range(1500)]
    writer.upsert(old)
    writer.search(Query(limit=0))
    written: dict[str, Judged] = {}
    steps: list[int] = []

    def write(n: int) -> None:
        changed = judged(f"old{n % 500}", text=f"第{n}次改", at=NOON)
        away = judged(f"old{1000 + n % 300}", at=NOON - timedelta(days=40))
        away = replace(away, post=replace(away.post, fetched_at=NOON + timedelta(days=1)))
        batch = [judged(f"new{n}"), changed, away]
        insist(lambda: writer.upsert(batch))
        written.update({one.post.id: one for one in batch})
        steps.append(n)

    def read(n: int) -> None:
        assert reader.search(Query(ids=("old1400", "old1499"))).total == 2
        assert reader.get("old1450") == old[1450]

    with meanwhile(write), meanwhile(read):
        for _ in range(2):
            before = len(steps)
            open_archive(newer, shards=2).reindex(MONTH)
            assert len(steps) > before
    expected = {one.post.id: one for one in old} | written
    page = writer.search(Query(limit=10**6, set_aside=None))
    assert {hit.judged.post.id: hit.judged for hit in page.hits} == expected
    assert len(page.hits) == len(expected)
    assert [name for name in indices(writer) if MONTH in name] == [f"{writer.months.prefix}-{MONTH}-3"]


def test_a_post_deleted_after_it_was_copied_is_not_in_the_new_index(archive: ElasticArchive, monkeypatch: Any) -> None:
    archive.upsert([judged(f"p{n}", at=NOON - timedelta(hours=n)) for n in range(20)])
    copy = _Move.copy

    def copy_then_purge(move: _Move, upto: str) -> int:
        copied = copy(move, upto)
        if upto == "global_checkpoint":
            archive.purge(NOON - timedelta(hours=9))
        return copied

    monkeypatch.setattr(_Move, "copy", copy_then_purge)
    monkeypatch.setattr(stream.elastic_reindex, "CHUNK", 6)
    assert archive.reindex(MONTH) == 10
    assert found(archive) == sorted(f"p{n}" for n in range(10))


def test_a_failure_leaves_all_as_it_was(archive: ElasticArchive, monkeypatch: Any) -> None:
    archive.upsert([judged("a")])

    def fail(*_: object) -> None:
        raise Unavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(type(archive.months), "switch", fail)
        with pytest.raises(Unavailable):
            archive.reindex(MONTH)
    archive.upsert([judged("b")])
    assert (found(archive), indices(archive)) == (["a", "b"], [f"{archive.months.prefix}-{MONTH}-1"])
    assert archive.reindex(MONTH) == 2


def test_what_a_killed_run_left_is_thrown_away_when_asked(archive: ElasticArchive, open_archive: Open) -> None:
    archive.upsert([judged("a")])
    archive.months.make(MONTH, 2, in_use=False)
    archive._server.es.indices.add_block(index=archive.months.index(MONTH, 1), block="write")
    assert found(archive) == ["a"]
    with pytest.raises(Unavailable, match="blocked"):
        open_archive(pauses=(0.01,)).upsert([judged("b")])
    with pytest.raises(MinshengError, match="--restart"):
        archive.reindex(MONTH)
    assert archive.reindex(MONTH, restart=True) == 1
    archive.upsert([judged("b")])
    assert found(archive) == ["a", "b"]


def test_a_month_that_is_not_there_is_named(archive: ElasticArchive) -> None:
    archive.upsert([judged("a")])
    with pytest.raises(MinshengError, match=r"没有月份 2026\.12，有: 2026\.11"):
        archive.reindex("2026.12")


def test_the_command_says_what_it_did(
    archive: ElasticArchive, open_archive: Open, newer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class House:
        distributed = True

        def __init__(self, archive: ElasticArchive) -> None:
            self.archive = archive

    archive.upsert([judged("a"), judged("b", at=NOON - timedelta(days=40))])
    reindex_months(House(archive), ())  # type: ignore[arg-type]
    assert "--all" in capsys.readouterr().out
    reindex_months(House(open_archive(newer)), ())  # type: ignore[arg-type]
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("，")[0] for line in lines] == ["2026.10: 1 条", "2026.11: 1 条", "共重建 2 个月。"]
    reindex_months(House(archive), [MONTH])  # type: ignore[arg-type]
    assert "2026.11: 1 条" in capsys.readouterr().out
