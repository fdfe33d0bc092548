"""Topics of the Kafka log: how they are named and made, and how far a group is behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import (
    NoError,
    RetriableError,
    TopicAlreadyExistsError,
    UnknownBrokerIdError,
    UnknownTopicOrPartitionError,
    for_code,
)

from stream.dead import PREFIX as DEAD
from stream.kafka_client import Access, open_client

DAY_MS = 86_400_000
DEAD_KEEP_DAYS = 365  # dead letters wait for somebody to look
MAX_RECORD = 4 * 1024 * 1024  # bytes of key, value and headers
OVERHEAD = 1024  # what a batch adds to a single record
READY_MS = 10_000  # for the leaders of a new topic
PATIENCE = 3.0  # seconds to ask again when the answer is: not yet
PAUSE = 0.2
NOT_YET = (RetriableError, UnknownBrokerIdError)  # the latter: the client asked broker -1, which is no leader at all
CLOSE_SECONDS = 0.5

Answer = TypeVar("Answer")


class Topics:
    """Asks with one connection of its own, made on first use; what fails is raised as Unavailable and may be asked again."""

    def __init__(
        self, access: Access, *, prefix: str, partitions: int, replicas: int, keep_days: int, compression: str
    ) -> None:
        self._access = access
        self._prefix = prefix
        self._partitions = partitions
        self._replicas = replicas
        self._keep_days = keep_days
        self._compression = compression
        self._known: set[str] = set()
        self._admin: Any = None
        self._lock = threading.RLock()

    def name(self, topic: str) -> str:
        """What the topic is called on the servers."""
        return self._prefix + topic

    def group(self, topic: str, group: str) -> str:
        """The consumer group on the servers. Each topic has its own: members of a group that read different topics would
        have to wait for each other at every change."""
        return f"{self._prefix}{group}@{topic}"

    def ensure(self, topic: str) -> str:
        """Make the topic if it is new; one that exists is left as it is. Returns its name on the servers."""
        name = self.name(topic)
        if name not in self._known:
            self._ask(f"建立主题 {name}", lambda admin: self._make(admin, topic, name))
            self._known.add(name)
        return name

    def forget(self, topic: str) -> None:
        """Look again before the next use: somebody may have deleted it."""
        self._known.discard(self.name(topic))

    def lag(self, topic: str, group: str) -> int:
        """Records that are still there and that the group has not committed. Joins no group."""
        return self._ask(f"查看 {self.name(topic)} 的积压", lambda admin: self._behind(admin, topic, group))

    def limit(self, topic: str) -> str:
        """The largest batch that the topic takes, as the servers say it."""
        name = self.name(topic)
        resource = ConfigResource(ConfigResourceType.TOPIC, name)
        found = self._ask(f"查看主题 {name} 的设置", lambda admin: admin.describe_configs([resource]))
        return str(found["topic"][name]["max.message.bytes"]["value"])

    def config(self, topic: str) -> dict[str, str]:
        """The settings of a new topic."""
        days = max(self._keep_days, DEAD_KEEP_DAYS) if topic.startswith(DEAD) else self._keep_days
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(days * DAY_MS),
            "segment.ms": str(DAY_MS),  # only whole segments go, so that records stay a day longer at most
            "compression.type": {"none": "uncompressed"}.get(self._compression, self._compression),
            "message.timestamp.type": "LogAppendTime",  # retention must not depend on the clocks of the publishers
            "max.message.bytes": str(MAX_RECORD + OVERHEAD),
            "min.insync.replicas": "2" if self._replicas > 2 else "1",
        }

    def close(self) -> None:
        """Ends the connection, unless another thread is waiting for an answer."""
        if self._lock.acquire(timeout=CLOSE_SECONDS):
            try:
                self._drop()
            finally:
                self._lock.release()

    def _drop(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            admin.close()

    def _ask(self, doing: str, question: Callable[[Any], Answer]) -> Answer:
        """Asks again for a little while: a coordinator or a leader is being chosen when a server has just come up.

        A connection that failed is not used again: it may hold on to a coordinator or a login that is gone.
        """
        until = time.monotonic() + PATIENCE
        with self._lock, self._access.reaching(doing):
            while True:
                self._admin = self._admin or open_client(KafkaAdminClient, self._access)
                try:
                    return question(self._admin)
                except NOT_YET:
                    self._drop()
                    if time.monotonic() > until:
                        raise
                except BaseException:
                    self._drop()
                    raise
                time.sleep(PAUSE)

    def _make(self, admin: Any, topic: str, name: str) -> None:
        if not self._numbers(admin, name):
            wanted = {
                "num_partitions": 1 if topic.startswith(DEAD) else self._partitions,
                "replication_factor": self._replicas,
                "configs": self.config(topic),
            }
            (made,) = admin.create_topics({name: wanted}, raise_errors=False)["topics"]
            error = for_code(made["error_code"])
            if error not in (NoError, TopicAlreadyExistsError):  # another process may have been first
                raise error(f"{made['error_message']}（分区 {wanted['num_partitions']}，副本 {self._replicas}）")
        admin.wait_for_topics([name], timeout_ms=READY_MS)

    def _numbers(self, admin: Any, name: str) -> list[int]:
        """The topic's partitions; none if there is no such topic."""
        (found,) = admin.describe_topics([name])
        error = for_code(found["error_code"])
        if error is UnknownTopicOrPartitionError:
            return []
        if error is not NoError:
            raise error(name)
        return [one["partition_index"] for one in found["partitions"]]

    def _behind(self, admin: Any, topic: str, group: str) -> int:
        name = self.name(topic)
        parts = [TopicPartition(name, number) for number in self._numbers(admin, name)]
        if not parts:
            return 0
        member = self.group(topic, group)
        committed = admin.list_group_offsets({member: parts})[member]
        starts = admin.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.EARLIEST))
        ends = admin.list_partition_offsets(dict.fromkeys(parts, OffsetSpec.LATEST))
        return sum(
            _left(committed[part].offset if part in committed else -1, starts[part].offset, ends[part].offset)
            for part in parts
        )


def _left(committed: int, start: int, end: int) -> int:
    """Records between the position and the end. A position that is not there any more means: from the start."""
    return end - committed if start <= committed <= end else end - start
