"""The log on a real Kafka broker: the contract, its topics, what it refuses, dead letters."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from stream.dead import GROUP, dead_topic, list_dead, replay
from stream.errors import Poison, Unavailable
from stream.kafka_topics import MAX_RECORD
from stream.log import Out, Record
from stream.log_kafka import OPTIONS, KafkaLog
from stream.worker import Outs, Stage, run_once
from tests.contract.log import WAIT, LogContract, drain, names, outs

Open = Callable[..., KafkaLog]


@pytest.fixture
def prefix() -> str:
    return f"t{uuid.uuid4().hex[:8]}."


@pytest.fixture
def again(kafka_servers: str, prefix: str) -> Iterator[Open]:
    with ExitStack() as handles:

        def make(**settings: object) -> KafkaLog:
            options = {"prefix": prefix, "partitions": 3, "keep_days": 2, **settings}
            return handles.enter_context(closing(KafkaLog(kafka_servers, **options)))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def log(again: Open) -> KafkaLog:
    return again()


@pytest.fixture
def admin(kafka_servers: str) -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=kafka_servers) as admin:
        yield admin


def config_of(admin: KafkaAdminClient, name: str) -> dict[str, str]:
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    return {key: one["value"] for key, one in found["topic"][name].items()}


def partitions_of(admin: KafkaAdminClient, name: str) -> int:
    return len(admin.describe_topics([name])[0]["partitions"])


class TestKafkaLog(LogContract):
    """The contract suite, unchanged."""


# --- topics ------------------------------------------------------------------------------------------------------


def test_a_topic_is_made_as_the_settings_say(again: Open, prefix: str, admin: KafkaAdminClient) -> None:
    again(partitions=4, keep_days=7, compression="zstd").publish("posts.raw", outs("甲"))
    config = config_of(admin, prefix + "posts.raw")
    assert partitions_of(admin, prefix + "posts.raw") == 4
    assert config["retention.ms"] == str(7 * 24 * 3600 * 1000)
    assert config["compression.type"] == "zstd"
    assert config["message.timestamp.type"] == "LogAppendTime"


def test_a_dead_topic_has_one_partition_and_waits_long(again: Open, prefix: str, admin: KafkaAdminClient) -> None:
    again(partitions=4, keep_days=7).publish("dead.judge", outs("甲"))
    assert partitions_of(admin, prefix + "dead.judge") == 1
    assert int(config_of(admin, prefix + "dead.judge")["retention.ms"]) > 300 * 24 * 3600 * 1000


def test_a_topic_that_exists_is_left_as_it_is(log: KafkaLog, prefix: str, admin: KafkaAdminClient) -> None:
    wanted = {"num_partitions": 2, "replication_factor": 1, "configs": {"retention.ms": "60000"}}
    admin.create_topics({prefix + "t": wanted}, wait_for_metadata=True)
    log.publish("t", outs("甲"))
    assert names(drain(log, "t", "g")) == ["甲"]
    assert partitions_of(admin, prefix + "t") == 2
    assert config_of(admin, prefix + "t")["retention.ms"] == "60000"


def test_a_topic_is_made_once_however_many_need_it_first(again: Open, log: KafkaLog) -> None:
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(again().publish, "t", outs(str(n))) for n in range(4)]
    for job in jobs:
        job.result()
    assert sorted(names(drain(log, "t", "g"))) == list("0123")


def test_looking_at_the_lag_makes_no_topic(log: KafkaLog, prefix: str, admin: KafkaAdminClient) -> None:
    assert log.lag("t", "g") == 0
    assert prefix + "t" not in admin.list_topics()


@pytest.mark.parametrize("compression", ["none", "gzip", "lz4", "zstd"])
def test_every_compression_gives_back_what_was_written(again: Open, compression: str) -> None:
    log = again(compression=compression)
    texts = [f"第{n}条: 路灯坏了" * 50 for n in range(40)]
    log.publish("t", outs(*texts))
    assert names(drain(log, "t", "g")) == texts


def test_a_deleted_topic_is_made_again(
    log: KafkaLog, prefix: str, admin: KafkaAdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPTIONS, "delivery_timeout_ms", 2000)
    monkeypatch.setattr("stream.kafka_client.REQUEST_MS", 1000)
    log.publish("t", outs("甲"))
    admin.delete_topics([prefix + "t"])
    publish_in_the_end(log, "t", outs("乙"))
    assert names(drain(log, "t", "g")) == ["乙"]


def publish_in_the_end(log: KafkaLog, topic: str, items: Sequence[Out], tries: int = 5) -> None:
    for left in reversed(range(tries)):
        try:
            log.publish(topic, items)
        except Unavailable:
            if not left:
                raise
        else:
            return


# --- what goes in ------------------------------------------------------------------------------------------------


def test_the_same_key_always_goes_to_the_same_partition(again: Open) -> None:
    for _ in range(3):
        again().publish("t", [Out(f"3301{n:02d}", b"x") for n in range(12)])
    records = drain(again(), "t", "g")
    places = {(record.key, record.partition) for record in records}
    assert len(places) == 12
    assert len({partition for _, partition in places}) > 1


def test_too_large_a_record_is_poison_and_nothing_is_written(log: KafkaLog) -> None:
    with pytest.raises(Poison, match=rf"键 330106.* {MAX_RECORD + 7} 字节.*{MAX_RECORD} 字节"):
        log.publish("t", [*outs("甲"), Out("330106", b"x" * (MAX_RECORD + 1)), *outs("乙")])
    log.publish("t", outs("丙"))
    assert names(drain(log, "t", "g")) == ["丙"]


def test_the_largest_record_goes_through(again: Open) -> None:
    log = again(compression="none")
    value = b"x" * (MAX_RECORD - 100)
    log.publish("t", [Out("330106", value, {"a": "b"})])
    assert [record.value for record in drain(log, "t", "g")] == [value]


def test_what_the_topic_itself_refuses_is_poison_that_names_its_limit(
    again: Open, prefix: str, admin: KafkaAdminClient
) -> None:
    wanted = {"num_partitions": 1, "replication_factor": 1, "configs": {"max.message.bytes": "5000"}}
    admin.create_topics({prefix + "t": wanted}, wait_for_metadata=True)
    log = again(compression="none")
    with pytest.raises(Poison, match=r"max\.message\.bytes 是 5000"):
        log.publish("t", [Out("k", b"x" * 9000)])
    many = [f"{n}" * 300 for n in range(10)]  # together too large, each small enough
    log.publish("t", outs(*many))
    assert names(drain(log, "t", "g")) == many


# --- lag and retention -------------------------------------------------------------------------------------------


def test_another_process_sees_the_lag_without_reading(log: KafkaLog, again: Open) -> None:
    log.publish("t", [Out(f"k{n}", b"x") for n in range(30)])
    records = log.read("t", "g", 10, WAIT)
    log.commit("g", records)
    assert again().lag("t", "g") == 30 - len(records)


def test_what_retention_took_is_no_lag_and_reading_goes_on_behind_it(
    log: KafkaLog, again: Open, prefix: str, admin: KafkaAdminClient
) -> None:
    log.publish("dead.x", outs(*"一二三四五六"))
    first = log.read("dead.x", "g", 2, WAIT)
    log.commit("g", first)
    log.close()
    admin.delete_records({TopicPartition(prefix + "dead.x", 0): 4})
    other = again()
    assert other.lag("dead.x", "g") == 2
    assert names(drain(other, "dead.x", "g")) == ["五", "六"]


def test_records_of_others_can_be_read_whatever_their_keys_and_headers(
    log: KafkaLog, prefix: str, kafka_servers: str, admin: KafkaAdminClient
) -> None:
    admin.create_topics({prefix + "t": {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    with closing(KafkaProducer(bootstrap_servers=kafka_servers)) as producer:
        producer.send(prefix + "t", b"x").get(10)
        producer.send(prefix + "t", b"y", key=b"\xff", headers=[("a", b"\xfe")]).get(10)
    bare, binary = drain(log, "t", "g")
    assert (bare.key, bare.value, bare.headers) == ("", b"x", {})
    assert (binary.key, binary.value, binary.headers) == ("\ufffd", b"y", {"a": "\ufffd"})


def test_the_group_on_the_server_is_named_after_topic_and_group(log: KafkaLog, prefix: str, kafka_servers: str) -> None:
    log.publish("posts.raw", outs("甲"))
    log.commit("judge", log.read("posts.raw", "judge", 10, WAIT))
    with closing(KafkaConsumer(bootstrap_servers=kafka_servers, group_id=f"{prefix}judge@posts.raw")) as looks_on:
        assert sum(looks_on.committed(TopicPartition(prefix + "posts.raw", n)) or 0 for n in range(3)) == 1


# --- dead letters ------------------------------------------------------------------------------------------------


def refuse(records: Sequence[Record]) -> Outs:
    raise Poison(f"不认识 {records[0].value.decode()}")


def test_dead_letters_are_listed_and_replayed(log: KafkaLog, again: Open) -> None:
    log.publish("in", outs("甲", "乙", "丙"))
    while run_once(Stage("judge", "in", refuse), log):
        pass
    other = again()
    (first, second, third) = list_dead(other, "judge")
    assert [letter.message for letter in (first, second, third)] == ["不认识 甲", "不认识 乙", "不认识 丙"]
    assert replay(other, "judge", [second.name]) == 1
    assert replay(other, "judge") == 2
    assert other.lag(dead_topic("judge"), GROUP) == 0
    assert names(drain(log, "in", "judge")) == ["乙", "甲", "丙"]
