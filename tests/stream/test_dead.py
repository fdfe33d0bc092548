from __future__ import annotations

from collections.abc import Sequence

import pytest

from stream.dead import GROUP, dead_topic, list_dead, replay, show_dead
from stream.errors import MinshengError, Poison
from stream.log import Out, Record
from stream.memory import MemoryLog
from stream.worker import Outs, Stage, run_once
from tests.stream.posts import everything, fill, values


def refuse(records: Sequence[Record]) -> Outs:
    raise Poison(f"不认识 {records[0].value.decode()}")


def accept(records: Sequence[Record]) -> Outs:
    return [("out", Out(record.key, record.value, record.headers)) for record in records]


@pytest.fixture
def log() -> MemoryLog:
    """With three dead letters of the stage "judge"."""
    log = MemoryLog()
    fill(log, "in", "a", "b", "c")
    run_once(Stage("judge", "in", refuse), log)
    return log


def names(log: MemoryLog) -> list[str]:
    return [letter.name for letter in list_dead(log, "judge")]


def test_listing_takes_nothing_away(log: MemoryLog) -> None:
    assert names(log) == names(log) == ["in/0/0", "in/0/1", "in/0/2"]


def test_a_stage_without_dead_letters_lists_none(log: MemoryLog) -> None:
    assert list_dead(log, "archive") == []
    assert replay(log, "archive") == 0


def test_show_gives_one_letter(log: MemoryLog) -> None:
    letter = show_dead(log, "judge", "in/0/1")
    assert (letter.value, letter.message) == (b"b", "不认识 b")


def test_show_says_when_there_is_none(log: MemoryLog) -> None:
    with pytest.raises(MinshengError, match=r"dead\.judge 里没有 in/0/9"):
        show_dead(log, "judge", "in/0/9")


def test_replay_gives_all_back_to_their_source_as_they_were(log: MemoryLog) -> None:
    before = [(record.key, record.value, record.headers) for record in everything(log, "in")]
    assert replay(log, "judge") == 3
    after = [(record.key, record.value, record.headers) for record in everything(log, "in")]
    assert after == before * 2
    assert names(log) == []


def test_a_replayed_record_can_be_handled(log: MemoryLog) -> None:
    replay(log, "judge")
    run_once(Stage("judge", "in", accept), log)
    assert values(log, "out") == ["a", "b", "c"]


def test_what_dies_again_is_listed_again(log: MemoryLog) -> None:
    replay(log, "judge")
    run_once(Stage("judge", "in", refuse), log)
    assert names(log) == ["in/0/3", "in/0/4", "in/0/5"]


def test_replay_of_one_leaves_the_others(log: MemoryLog) -> None:
    assert replay(log, "judge", ["in/0/1"]) == 1
    assert values(log, "in") == ["a", "b", "c", "b"]
    assert sorted(names(log)) == ["in/0/0", "in/0/2"]
    assert show_dead(log, "judge", "in/0/2").message == "不认识 c"


def test_replay_of_an_unknown_name_changes_nothing(log: MemoryLog) -> None:
    assert replay(log, "judge", ["in/0/9"]) == 0
    assert sorted(names(log)) == ["in/0/0", "in/0/1", "in/0/2"]


def test_a_letter_that_was_buried_twice_is_one(log: MemoryLog) -> None:
    twice = everything(log, dead_topic("judge"))[0]
    log.publish(dead_topic("judge"), [Out(twice.key, twice.value, twice.headers)])
    assert names(log) == ["in/0/0", "in/0/1", "in/0/2"]
    assert replay(log, "judge") == 3
    assert values(log, "in") == ["a", "b", "c", "a", "b", "c"]


def test_many_letters_are_replayed_in_one_go() -> None:
    log = MemoryLog()
    fill(log, "in", *map(str, range(600)))
    while run_once(Stage("judge", "in", refuse), log):
        pass
    assert replay(log, "judge", ["in/0/599"]) == 1
    assert replay(log, "judge") == 599
    assert log.lag(dead_topic("judge"), GROUP) == 0


def test_a_long_message_is_cut(log: MemoryLog) -> None:
    def shout(records: Sequence[Record]) -> Outs:
        raise Poison("啊" * 10_000)

    fill(log, "loud", "x")
    run_once(Stage("shout", "loud", shout), log)
    assert len(list_dead(log, "shout")[0].message) == 500


def test_a_record_that_is_no_dead_letter_is_named(log: MemoryLog) -> None:
    fill(log, dead_topic("other"), "x")
    with pytest.raises(MinshengError, match=r"dead\.other/0/0"):
        list_dead(log, "other")
