"""A correction by staff stands whatever writes to the archive, and becomes training data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.corrections import Correction, apply_corrections, is_corrected
from app.correcting import (
    catch_up,
    corrected_examples,
    export_corrections,
    held_corrections,
    is_held_back,
    store_corrected,
)
from app.stages import make_stage
from app.wire import House, open_house
from stream.archive import Query
from stream.log import Out
from stream.messages import JUDGED, Judged, Judgement, Place, Post, Scored, encode_judged
from stream.worker import ignore, run_once

NOW = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = open_house({"MINSHENG_DATA": str(tmp_path / "data")}, now=lambda: NOW)
    yield house
    house.close()


def judged(name: str, topic: str = "ecology", model: str = "old-1", **changes: Any) -> Judged:
    post = Post(name, "board", "forum", "虚构小区夜里装卸货物", f"{name}，每天半夜装卸，无法入睡。", NOW, NOW)
    said = Judgement(
        name,
        (Scored(topic, 0.5), Scored("municipal", 0.4)),
        Scored("huanjing", 0.7),
        Scored("neg", 0.9),
        Scored("complaint", 0.9),
        2,
        2.0,
        Place("330106", "浙江省", "杭州市", "西湖区", basis="text"),
        model,
        needs_human=True,
    )
    return Judged(post, replace(said, **changes))


def correction(name: str, field: Any = "topic", value: str = "transport", at: datetime = NOW) -> Correction:
    return Correction(name, field, value, "ecology", "wang", at, "虚构的理由")


def correct(house: House, *corrections: Correction) -> None:
    with house.ledger.begin() as tx:
        tx.corrections.add(corrections)


def archived(house: House, name: str) -> Judgement:
    found = house.archive.get(name)
    assert found is not None
    return found.judgement


def test_a_judgement_that_comes_again_does_not_override_a_person(house: House) -> None:
    correct(house, correction("p1"))
    store_corrected(house, [judged("p1", "ecology", "new-2"), judged("p2", "ecology", "new-2")])
    assert archived(house, "p1").topic == "transport"
    assert archived(house, "p1").model == "new-2"
    assert archived(house, "p2") == judged("p2", "ecology", "new-2").judgement


def test_the_archiving_stage_goes_that_way_whenever_a_record_is_read_again(house: House) -> None:
    stage = make_stage(house, "archive", ignore)
    for model in ("old-1", "new-2"):
        records = [judged(name, model=model) for name in ("p1", "p2")]
        house.log.publish(JUDGED, [Out(one.partition_key, encode_judged(one)) for one in records])
        run_once(stage, house.log)
        correct(house, correction("p1"))
    assert [archived(house, name).topic for name in ("p1", "p2")] == ["transport", "ecology"]
    assert archived(house, "p1").model == "new-2"


class Interrupted:
    """An archive to which somebody else writes first, once."""

    def __init__(self, archive: Any, first: Callable[[], None]) -> None:
        self.archive = archive
        self.first: Callable[[], None] | None = first

    def __getattr__(self, name: str) -> Any:
        return getattr(self.archive, name)

    def upsert(self, posts: Sequence[Judged]) -> None:
        if self.first:
            first, self.first = self.first, None
            first()
        self.archive.upsert(posts)


def test_a_correction_made_in_the_middle_of_archiving_stands(house: House) -> None:
    """The page writes ledger and archive after the stage looked and before it writes."""
    archive = house.archive
    correct(house, correction("other"))

    def by_a_person() -> None:
        correct(house, correction("p1"))
        archive.upsert(apply_corrections(house.catalog, [judged("p1")], {"p1": [correction("p1")]}))

    house.__dict__["archive"] = Interrupted(archive, by_a_person)
    store_corrected(house, [judged("p1", model="new-2"), judged("p2", model="new-2")])
    assert archived(house, "p1").topic == "transport"
    assert archived(house, "p2").topic == "ecology"


def test_without_any_correction_no_post_is_looked_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("looked up")

    monkeypatch.setattr("alerts.ledger.corrections.Corrections.of_posts", refuse)
    store_corrected(house, [judged("p1")])
    assert archived(house, "p1").topic == "ecology"


def test_what_was_cut_off_between_ledger_and_archive_is_caught_up(house: House) -> None:
    house.archive.upsert([judged("p1"), judged("p2")])
    correct(house, correction("p1", at=NOW - HOUR), correction("gone", at=NOW - HOUR))
    assert catch_up(house, NOW) == 1
    assert is_corrected(archived(house, "p1"))
    assert not is_corrected(archived(house, "p2"))


def test_a_post_that_is_decided_after_its_correction_is_decided_as_corrected(house: House) -> None:
    correct(house, correction("p1", "topic", "wages"), correction("p1", "severity", "4"))
    decider = make_stage(house, "decide", ignore)
    house.log.publish(JUDGED, [Out("330106", encode_judged(judged("p1")))])
    run_once(decider, house.log)
    with house.ledger.read() as tx:
        event = tx.events.get(tx.events.of_posts(["p1"])["p1"])
    assert event is not None
    assert (event.topic, event.severity) == ("wages", 4)


def names(held: bool, n: int) -> list[str]:
    found = (f"p{k}" for k in range(1000) if is_held_back(judged(f"p{k}")) is held)
    return [next(found) for _ in range(n)]


def test_corrected_posts_are_rows_of_the_labelled_files(house: House) -> None:
    (name,) = names(held=False, n=1)
    house.archive.upsert([judged(name), judged("never-corrected")])
    correct(house, correction(name), correction(name, "severity", "3"))
    (row,) = corrected_examples(house)
    assert row == {
        "id": name,
        "title": "虚构小区夜里装卸货物",
        "text": f"{name}，每天半夜装卸，无法入睡。",
        "topic": "transport",
        "topic2": "-",
        "office": "huanjing",
        "sentiment": "neg",
        "intent": "complaint",
        "severity": 3,
        "source": "forum",
    }


def test_the_archive_may_be_behind_the_ledger(house: House) -> None:
    (name,) = names(held=False, n=1)
    house.archive.upsert([judged(name)])
    correct(
        house, correction(name), correction(name, value="land", at=NOW + HOUR), correction(name, "topic2", "ecology")
    )
    assert [(row["topic"], row["topic2"]) for row in corrected_examples(house)] == [("land", "ecology")]


def test_a_fifth_is_held_back_and_never_trained_on(house: House) -> None:
    both = [*names(held=False, n=3), *names(held=True, n=2)]
    house.archive.upsert([judged(name) for name in both])
    correct(house, *(correction(name) for name in both))
    held = held_corrections(house)
    assert {one.post.id for one in held} == set(both[3:])
    assert all(one.gold == {"topic": "transport"} for one in held)
    assert {row["id"] for row in corrected_examples(house)} == set(both[:3])
    share = sum(is_held_back(judged(f"q{n}")) for n in range(2000)) / 2000
    assert 0.17 < share < 0.23


def test_near_copies_are_held_back_together() -> None:
    (held,) = names(held=True, n=1)
    assert is_held_back(judged(names(held=False, n=1)[0], near_copy_of=held))


def test_all_corrections_are_exported_and_the_export_is_audited(house: House, tmp_path: Path) -> None:
    both = [*names(held=False, n=1), *names(held=True, n=1)]
    house.archive.upsert([judged(name) for name in both])
    correct(house, *(correction(name) for name in both))
    out = tmp_path / "deep" / "corrections.jsonl"
    export_corrections(house, out)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {row["id"]: row.get("held_back", False) for row in rows} == {both[0]: False, both[1]: True}
    with house.ledger.read() as tx:
        (entry,) = tx.audit.find(1)
    assert (entry.what, entry.detail) == ("export.corrections", "2 条")


def test_thousands_of_corrections_are_read_in_portions(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.archive.PAGE", 3)
    both = names(held=False, n=8)
    house.archive.upsert([judged(name) for name in both])
    correct(house, *(correction(name) for name in both))
    assert len(corrected_examples(house)) == 8
    assert house.archive.search(Query(topics=("ecology",))).total == 8  # reading changes nothing
