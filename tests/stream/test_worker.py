from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

import pytest

from stream.dead import list_dead
from stream.errors import Poison, Unavailable
from stream.log import Out, Record
from stream.memory import MemoryLog
from stream.worker import Outs, Stage, run_once
from tests.stream.posts import fill, values


class Handler:
    """Copies each record to "out"; raises as told, for a value, as often as told."""

    def __init__(self, **failures: Exception) -> None:
        self.failures = failures
        self.left = Counter({value: 1_000 for value in failures})
        self.calls: list[list[str]] = []

    def __call__(self, records: Sequence[Record]) -> Outs:
        seen = [record.value.decode() for record in records]
        self.calls.append(seen)
        for value in seen:
            if self.left[value] > 0:
                self.left[value] -= 1
                raise self.failures[value]
        return [("out", Out(record.key, record.value)) for record in records]


class Counts(Counter[tuple[str, str]]):
    def __call__(self, what: str, reason: str, how_many: int) -> None:
        self[what, reason] += how_many


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def pauses() -> list[float]:
    return []


def test_a_batch_is_handled_published_and_committed(log: MemoryLog) -> None:
    fill(log, "in", "a", "b", "c")
    handler, counts = Handler(), Counts()
    assert run_once(Stage("copy", "in", handler), log, count=counts) == 3
    assert values(log, "out") == ["a", "b", "c"]
    assert handler.calls == [["a", "b", "c"]]
    assert log.lag("in", "copy") == 0
    assert counts == {("handled", "ok"): 3, ("published", "out"): 3}


def test_nothing_to_do_is_zero(log: MemoryLog) -> None:
    handler = Handler()
    assert run_once(Stage("copy", "in", handler), log) == 0
    assert handler.calls == []


def test_a_batch_is_no_larger_than_the_stage_says(log: MemoryLog) -> None:
    fill(log, "in", *"abcde")
    handler = Handler()
    stage = Stage("copy", "in", handler, batch=2)
    assert [run_once(stage, log) for _ in range(4)] == [2, 2, 1, 0]
    assert handler.calls == [["a", "b"], ["c", "d"], ["e"]]


def test_outs_go_to_their_topics_in_order(log: MemoryLog) -> None:
    fill(log, "in", *"abcd")

    def split(records: Sequence[Record]) -> Outs:
        return [("odd" if n % 2 else "even", Out(r.key, r.value)) for n, r in enumerate(records)]

    run_once(Stage("split", "in", split), log)
    assert (values(log, "even"), values(log, "odd")) == (["a", "c"], ["b", "d"])


def test_poison_is_set_aside_at_once_and_the_rest_goes_on(log: MemoryLog, pauses: list[float]) -> None:
    fill(log, "in", "a", "b", "c")
    handler, counts = Handler(b=Poison("字段 text 缺失")), Counts()
    assert run_once(Stage("copy", "in", handler), log, count=counts, pause=pauses.append) == 3
    assert values(log, "out") == ["a", "c"]
    assert handler.calls == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert pauses == []
    assert log.lag("in", "copy") == 0
    assert counts["dead", "Poison"] == 1


def test_a_dead_letter_says_who_what_where_and_when(log: MemoryLog) -> None:
    fill(log, "in", "a", "b")
    (taken,) = log.read("in", "test", 2, 0)[1:]
    run_once(Stage("copy", "in", Handler(b=Poison("字段 text 缺失"))), log)
    (letter,) = list_dead(log, "copy")
    assert (letter.name, letter.stage, letter.topic) == ("in/0/1", "copy", "in")
    assert (letter.error, letter.message) == ("Poison", "字段 text 缺失")
    assert (letter.key, letter.value, letter.headers) == (taken.key, b"b", {"n": "b"})
    assert taken.at == letter.taken_at <= letter.died_at


def test_other_errors_are_tried_again_with_longer_pauses(log: MemoryLog, pauses: list[float]) -> None:
    fill(log, "in", "a")
    handler, counts = Handler(a=OSError("disk")), Counts()
    run_once(Stage("copy", "in", handler), log, tries=4, count=counts, pause=pauses.append)
    assert handler.calls == [["a"]] * 4
    assert pauses == [0.5, 1.0, 2.0]
    assert [letter.error for letter in list_dead(log, "copy")] == ["OSError"]
    assert counts == {("retried", "OSError"): 3, ("dead", "OSError"): 1}


def test_an_error_that_passes_leaves_no_dead_letter(log: MemoryLog, pauses: list[float]) -> None:
    fill(log, "in", "a", "b")
    handler = Handler(b=OSError("for a moment"))
    handler.left["b"] = 2
    run_once(Stage("copy", "in", handler), log, pause=pauses.append)
    assert values(log, "out") == ["a", "b"]
    assert pauses == [0.5]
    assert list_dead(log, "copy") == []


def test_pauses_grow_no_further_than_half_a_minute(log: MemoryLog, pauses: list[float]) -> None:
    fill(log, "in", "a")
    run_once(Stage("copy", "in", Handler(a=OSError())), log, tries=10, pause=pauses.append)
    assert max(pauses) == pauses[-1] == 30.0


def test_a_set_aside_record_is_in_the_journal_with_its_traceback(
    log: MemoryLog, caplog: pytest.LogCaptureFixture
) -> None:
    fill(log, "in", "a")
    run_once(Stage("copy", "in", Handler(a=Poison("坏")), batch=1), log)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "in/0/0" in record.getMessage()
    assert record.exc_info is not None


class Refusing(MemoryLog):
    """Raises when a refused value is published."""

    refused: tuple[bytes, Exception]

    def publish(self, topic: str, items: object) -> None:
        outs: list[Out] = list(items)  # type: ignore[call-overload]
        if topic == "out" and any(out.value == self.refused[0] for out in outs):
            raise self.refused[1]
        super().publish(topic, outs)


def test_when_the_log_fails_nothing_is_committed_or_set_aside() -> None:
    log = Refusing()
    log.refused = b"b", OSError("the log is away")
    fill(log, "in", "a", "b")
    with pytest.raises(OSError, match="away"):
        run_once(Stage("copy", "in", Handler()), log)
    assert log.lag("in", "copy") == 2
    assert list_dead(log, "copy") == []


def test_what_the_log_can_never_take_is_set_aside() -> None:
    log = Refusing()
    log.refused = b"b", Poison("太大")
    fill(log, "in", "a", "b", "c")
    assert run_once(Stage("copy", "in", Handler()), log) == 3
    assert values(log, "out") == ["a", "c"]
    assert [letter.name for letter in list_dead(log, "copy")] == ["in/0/1"]


@pytest.mark.parametrize("values_in", [("a",), ("a", "b")])
def test_a_sink_that_is_away_costs_no_record(log: MemoryLog, pauses: list[float], values_in: tuple[str, ...]) -> None:
    fill(log, "in", *values_in)
    handler = Handler(a=Unavailable("away"))
    with pytest.raises(Unavailable):
        run_once(Stage("copy", "in", handler), log, pause=pauses.append)
    assert (log.lag("in", "copy"), list_dead(log, "copy"), pauses) == (len(values_in), [], [])
    handler.left.clear()
    assert run_once(Stage("copy", "in", handler), log) == len(values_in)
