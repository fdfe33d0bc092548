"""What every log must do. A backend's test module imports this class and gives it two fixtures:

`log`: an open, empty Log; `again`: a function that gives another handle on the same log, as another process would have.
Topics are named anew in each test, so one server can serve them all. Only order within a key is asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from stream.log import Log, Out, Record

WAIT = 10.0


def outs(*names: str, key: str = "330106") -> list[Out]:
    return [Out(key, name.encode()) for name in names]


def names(records: list[Record]) -> list[str]:
    return [record.value.decode() for record in records]


def drain(log: Log, topic: str, group: str, limit: int = 100) -> list[Record]:
    """Read and commit until the group has no lag."""
    found: list[Record] = []
    while log.lag(topic, group):
        records = log.read(topic, group, limit, WAIT)
        log.commit(group, records)
        found += records
    return found


class LogContract:
    @pytest.fixture
    def topic(self) -> str:
        return f"t.{uuid.uuid4().hex[:12]}"

    def test_gives_back_what_was_published_in_order(self, log: Log, topic: str) -> None:
        log.publish(topic, outs("甲", "乙"))
        log.publish(topic, outs("丙"))
        assert names(drain(log, topic, "g")) == ["甲", "乙", "丙"]

    def test_a_record_keeps_key_value_and_headers(self, log: Log, topic: str) -> None:
        before = datetime.now(UTC) - timedelta(seconds=2)
        log.publish(topic, [Out("西湖区", b"\x00\xff\n", {"stage": "判定", "empty": ""})])
        (record,) = log.read(topic, "g", 10, WAIT)
        assert (record.topic, record.key, record.value) == (topic, "西湖区", b"\x00\xff\n")
        assert dict(record.headers) == {"stage": "判定", "empty": ""}
        assert before <= record.at <= datetime.now(UTC) + timedelta(seconds=2)

    def test_without_a_commit_the_same_records_come_again(self, log: Log, topic: str) -> None:
        log.publish(topic, outs("甲", "乙"))
        first = log.read(topic, "g", 10, WAIT)
        assert log.read(topic, "g", 10, WAIT) == first

    def test_a_limit_holds_and_the_rest_comes_next(self, log: Log, topic: str) -> None:
        log.publish(topic, outs(*"一二三四五"))
        first = log.read(topic, "g", 2, WAIT)
        assert len(first) <= 2
        log.commit("g", first)
        assert names(first + drain(log, topic, "g", limit=2)) == list("一二三四五")

    def test_committing_a_part_leaves_the_rest(self, log: Log, topic: str) -> None:
        log.publish(topic, outs("甲", "乙", "丙"))
        log.commit("g", log.read(topic, "g", 3, WAIT)[:1])
        assert names(drain(log, topic, "g")) == ["乙", "丙"]

    def test_a_commit_never_moves_back(self, log: Log, topic: str) -> None:
        log.publish(topic, outs("甲", "乙", "丙"))
        records = log.read(topic, "g", 3, WAIT)
        log.commit("g", records[:2])
        log.commit("g", records[:1])
        assert names(drain(log, topic, "g")) == ["丙"]

    def test_groups_do_not_disturb_each_other(self, log: Log, topic: str) -> None:
        log.publish(topic, outs("甲", "乙"))
        assert names(drain(log, topic, "archive")) == ["甲", "乙"]
        assert log.lag(topic, "decide") == 2
        assert names(drain(log, topic, "decide")) == ["甲", "乙"]

    def test_topics_do_not_disturb_each_other(self, log: Log, topic: str) -> None:
        log.publish(topic, outs("甲"))
        log.publish(topic + ".b", outs("乙"))
        assert names(drain(log, topic, "g")) == ["甲"]
        assert names(drain(log, topic + ".b", "g")) == ["乙"]

    def test_lag_counts_what_is_not_committed(self, log: Log, topic: str) -> None:
        log.publish(topic, outs(*"一二三四五"))
        assert log.lag(topic, "g") == 5
        records = log.read(topic, "g", 2, WAIT)
        assert log.lag(topic, "g") == 5, "reading alone moves nothing"
        log.commit("g", records)
        assert log.lag(topic, "g") == 5 - len(records)

    def test_a_new_topic_is_empty(self, log: Log, topic: str) -> None:
        assert log.lag(topic, "g") == 0
        assert log.read(topic, "g", 10, 0) == []

    def test_publishing_nothing_is_allowed(self, log: Log, topic: str) -> None:
        log.publish(topic, [])
        log.commit("g", [])
        assert log.lag(topic, "g") == 0

    def test_a_publish_that_breaks_off_leaves_nothing(self, log: Log, topic: str) -> None:
        def broken() -> Iterator[Out]:
            yield Out("k", b"first")
            raise RuntimeError("the producer died")

        with pytest.raises(RuntimeError):
            log.publish(topic, broken())
        assert log.lag(topic, "g") == 0

    def test_reading_waits_for_the_first_record(self, log: Log, again: Callable[[], Log], topic: str) -> None:
        assert log.read(topic, "g", 10, 0) == []
        other = again()
        thread = Thread(target=other.publish, args=(topic, outs("迟到")))
        thread.start()
        records = log.read(topic, "g", 10, WAIT)
        thread.join()
        assert names(records) == ["迟到"]

    def test_another_handle_goes_on_from_the_commit(self, log: Log, again: Callable[[], Log], topic: str) -> None:
        log.publish(topic, outs("甲", "乙"))
        log.commit("g", log.read(topic, "g", 2, WAIT)[:1])
        log.close()
        assert names(drain(again(), topic, "g")) == ["乙"]

    def test_order_within_a_key_holds_over_many_keys(self, log: Log, topic: str) -> None:
        items = [Out(f"3301{n % 7:02d}", str(n).encode()) for n in range(500)]
        log.publish(topic, items)
        records = drain(log, topic, "g", limit=64)
        assert len(records) == 500
        for key in {item.key for item in items}:
            mine = [int(record.value) for record in records if record.key == key]
            assert mine == sorted(mine)
