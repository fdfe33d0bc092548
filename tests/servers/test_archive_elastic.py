"""The archive on a real Elasticsearch: the contract, its months, and what it does with odd posts and odd queries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import stream.archive_elastic
import stream.elastic_query
from stream.archive import Query
from stream.archive_elastic import ElasticArchive
from stream.errors import MinshengError, Poison
from stream.fields import write_mark
from stream.log import Out
from stream.memory import MemoryLog
from stream.messages import JUDGED, Judged, decode_judged, encode_judged
from stream.worker import Stage, run_once
from tests.contract.archive import NOON, ArchiveContract, found, ids, judged, walk, with_texts
from tests.servers.elastic_archives import TEMPLATES, Open, archive, open_archive, opening, wait_for
from tests.stream.posts import judgeds

__all__ = ["archive", "open_archive"]  # fixtures

NOVEMBER = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)  # it begins in Shanghai
FAR = [datetime(1, 6, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 50, tzinfo=UTC)]


@pytest.fixture(scope="module")
def filled(elastic_url: str) -> Iterator[ElasticArchive]:
    """It holds the contract's TEXTS: making an index costs more than all that is asked of it."""
    with opening(elastic_url) as make:
        yield with_texts(make())


class TestElasticArchive(ArchiveContract):
    """The contract, with the fixture `archive` of this folder."""

    @pytest.fixture
    def texts(self, filled: ElasticArchive) -> ElasticArchive:
        return filled


# --- months --------------------------------------------------------------------------------------------------


def test_posts_lie_in_the_month_of_shanghai(archive: ElasticArchive) -> None:
    archive.upsert([judged("october", at=NOVEMBER - timedelta(microseconds=1)), judged("november", at=NOVEMBER)])
    prefix = archive.months.prefix
    assert dict(archive.months.look()) == {"2026.11": f"{prefix}-2026.11-1", "2026.10": f"{prefix}-2026.10-1"}
    count = archive._server.es.count
    assert [count(index=f"{prefix}-{month}")["count"] for month in ("2026.10", "2026.11")] == [1, 1]


def test_dates_beyond_reason_share_two_months_and_are_found(archive: ElasticArchive) -> None:
    archive.upsert([judged(str(n), at=at) for n, at in enumerate(FAR)])
    assert list(archive.months.look()) == ["2100.01", "1999.12"]
    assert ids(archive.search(Query(sort="oldest"))) == ["0", "1", "2"]
    assert [archive.get(str(n)) for n in range(3)] == [judged(str(n), at=at) for n, at in enumerate(FAR)]
    assert sum(bucket.count for bucket in archive.histogram(Query(until=FAR[2]), "week")) == 2
    assert archive.purge(FAR[1]) == 1
    assert archive.purge(NOON) == 1
    assert archive.get("2") is not None


def test_the_template_of_a_newer_program_stays_and_an_older_one_goes(
    archive: ElasticArchive, open_archive: Open, tmp_path: Path
) -> None:
    def version() -> int:
        answer = archive._server.es.indices.get_index_template(name=archive.months.prefix)
        return int(answer["index_templates"][0]["index_template"]["version"])

    shipped = json.loads((TEMPLATES / "posts.json").read_text(encoding="utf-8"))
    assert shipped["template"]["mappings"]["_meta"]["version"] == shipped["version"]
    archive.upsert([judged("a")])
    assert version() == shipped["version"]
    (tmp_path / "posts.json").write_text(json.dumps(shipped | {"version": shipped["version"] + 1}), encoding="utf-8")
    open_archive(tmp_path).upsert([judged("b", at=NOON - timedelta(days=40))])
    assert version() == shipped["version"] + 1
    open_archive().upsert([judged("c", at=NOON - timedelta(days=80))])
    assert version() == shipped["version"] + 1
    wait_for(lambda: found(archive) == ["a", "b", "c"])


def test_a_broken_template_is_named(open_archive: Open, tmp_path: Path) -> None:
    (tmp_path / "posts.json").write_text("{", encoding="utf-8")
    with pytest.raises(MinshengError, match=r"posts\.json"):
        open_archive(tmp_path).upsert([judged("a")])


# --- a post whose month changes ------------------------------------------------------------------------------


def moved(name: str, days: int, **facts: Any) -> Judged:
    """A post fetched at the usual time that was published so many days later."""
    one = judged(name, **facts)
    return replace(one, post=replace(one.post, published_at=NOON + timedelta(days=days)))


@pytest.mark.parametrize("days", [-40, 40])
def test_a_post_whose_month_changed_is_not_doubled(archive: ElasticArchive, open_archive: Open, days: int) -> None:
    other = open_archive()
    archive.upsert([judged("a"), judged("b"), judged("c", at=NOON + timedelta(days=days))])
    one = moved("a", days, text="路灯不亮")
    other.upsert([one, judged("d")])
    for handle in (archive, other):
        assert handle.get("a") == one
        assert sorted(walk(handle, Query(limit=2))) == ["a", "b", "c", "d"]
        assert found(handle, text="三天") == ["b", "c", "d"]


def test_a_move_and_its_way_back_at_once(archive: ElasticArchive) -> None:
    for days in (0, -40, 0, -80, -40):
        one = moved("a", days, text=f"第{-days}天")
        archive.upsert([one])
    assert ids(archive.search(Query())) == ["a"]
    assert archive.get("a") == one


def test_of_two_months_the_one_fetched_last_stays_whoever_comes_late(archive: ElasticArchive) -> None:
    new = judged("a", at=NOON)
    late = judged("a", at=NOON - timedelta(days=40))  # fetched 40 days before
    archive.upsert([new])
    archive.upsert([late])
    assert (archive.get("a"), ids(archive.search(Query()))) == (new, ["a"])


def test_a_replay_after_a_crash_between_the_copies_heals(archive: ElasticArchive, monkeypatch: Any) -> None:
    archive.upsert([judged("a"), judged("b", at=NOON - timedelta(days=40))])
    one = moved("a", 40)
    with monkeypatch.context() as patch:
        patch.setattr(ElasticArchive, "_drop_moved", lambda *_: None)
        archive.upsert([one])
    assert archive.search(Query()).total == 3
    archive.upsert([one])
    assert (archive.search(Query()).total, archive.get("a")) == (2, one)


# --- bad posts -----------------------------------------------------------------------------------------------


def test_poison_is_named_and_the_rest_is_written(archive: ElasticArchive) -> None:
    with pytest.raises(Poison, match="信息 bad: 400") as error:
        archive.upsert([judged("a"), judged("bad", topic="x" * 40_000), judged("c")])
    assert "xxxx" not in str(error.value)
    assert found(archive) == ["a", "c"]


@pytest.mark.parametrize("name", ["", "x" * 513, "\ud800"])
def test_an_id_that_no_index_takes_is_poison(archive: ElasticArchive, name: str) -> None:
    with pytest.raises(Poison, match="信息"):
        archive.upsert([judged(name)])
    assert archive.get(name) is None


def test_the_worker_sets_aside_the_poison_alone(archive: ElasticArchive) -> None:
    log = MemoryLog()
    posts = [judged("a"), judged("bad", topic="x" * 40_000), judged("c")]
    log.publish(JUDGED, [Out(one.post.id, encode_judged(one)) for one in posts])

    def handle(records: Any) -> list[Any]:
        archive.upsert([decode_judged(record.value) for record in records])
        return []

    assert run_once(Stage("archive", JUDGED, handle), log, pause=lambda _: None) == 3
    assert found(archive) == ["a", "c"]
    assert [record.key for record in log.read("dead.archive", "look", 9, 0)] == ["bad"]


def test_content_never_makes_a_field(archive: ElasticArchive) -> None:
    def fields() -> Any:
        return archive._server.es.indices.get_mapping(index=archive.months.alias("2026.11")).body

    archive.upsert([judged("a")])
    before = fields()
    odd = replace(judged("b").post, counts={"": 1, ".": 2, "a.b": 3, " . ": 4, "_id": 5, "text": 6})
    one = Judged(odd, judged("b").judgement)
    archive.upsert([one])
    assert fields() == before
    assert archive.get("b") == one
    assert found(archive, text="停水") == ["a", "b"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(judgeds)
def test_any_post_comes_back_as_it_was(archive: ElasticArchive, one: Judged) -> None:
    one = replace(one, post=replace(one.post, id="same", published_at=NOON))
    archive.upsert([one])
    assert archive.get("same") == one


# --- many, and others ----------------------------------------------------------------------------------------


def test_more_than_one_answer_holds(archive: ElasticArchive, monkeypatch: Any) -> None:
    monkeypatch.setattr(stream.archive_elastic, "CHUNK", 7)
    monkeypatch.setattr(stream.elastic_query, "MANY", 3)
    archive.upsert([judged(f"p{n:02d}", at=NOON - timedelta(days=n), topic=f"t{n % 2}") for n in range(60)])
    expected = [f"p{n:02d}" for n in range(60)]
    for limit in (5, 6, 7, 13, 14, 15, 59, 60, 61, 10**9):
        page = archive.search(Query(limit=limit))
        assert (ids(page), page.total, bool(page.next)) == (expected[:limit], 60, limit < 60)
    assert len(archive.histogram(Query(), "day", "topic")) == 60
    assert archive.purge(NOON - timedelta(days=25)) == 34
    assert archive.purge(NOON - timedelta(days=25)) == 0
    assert (found(archive), sorted(archive.months.look())) == (expected[:26], ["2026.10", "2026.11"])


def test_what_others_write_is_found_soon_and_by_id_at_once(archive: ElasticArchive, open_archive: Open) -> None:
    other = open_archive()
    assert other.search(Query()).total == 0
    archive.upsert([judged("a")])
    assert other.get("a") == judged("a")
    wait_for(lambda: found(other, text="停水") == ["a"])
    archive.upsert([judged("b", at=NOON - timedelta(days=40))])
    assert other.get("b") is not None
    wait_for(lambda: found(other) == ["a", "b"])


def test_an_empty_archive_answers(archive: ElasticArchive) -> None:
    assert archive.search(Query(text="工资", facets=True)).facets["topic"] == {}
    assert archive.histogram(Query(), "day", "topic") == []
    assert archive.purge(NOON) == 0
    assert archive.months.outdated() == []


@pytest.mark.parametrize(
    "query",
    [
        {"sources": ("\ud800",)},
        {"ids": ("\udfff", "", "x" * 600)},
        {"region": "\ud800"},
        {"topics": tuple(f"t{n}" for n in range(70_000))},
        {"text": '" OR _exists_:id /.*/ AND {!} \\'},
    ],
    ids=lambda query: next(iter(query)),
)
def test_odd_filters_find_nothing_and_do_not_raise(archive: ElasticArchive, query: dict[str, Any]) -> None:
    archive.upsert([judged("a")])
    assert found(archive, **query) == []
    assert archive.histogram(Query(**query), "day") == []


def test_a_mark_at_the_edge_is_read(archive: ElasticArchive) -> None:
    archive.upsert([judged("a")])
    assert found(archive, sort="oldest", after=write_mark("oldest", (-(2**63) + 1, "\x00"))) == ["a"]
    assert found(archive, text="停水", sort="relevance", after=write_mark("relevance", (1e37, "中"))) == ["a"]
