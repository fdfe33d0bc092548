"""The log on Kafka.

Publishing is at least once: the producer is idempotent and waits for all in-sync replicas, and what was half written
when the servers went away is written again by the caller. A transaction for each publish would hide the half from
readers, but its markers take offsets, so that no group could ever reach a lag of 0; it takes 50 to 70 ms (measured; 1 ms
without); and every effect behind this log is idempotent anyway.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import (
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from stream.errors import Poison, Unavailable
from stream.kafka_client import REQUEST_MS, Access, open_client
from stream.kafka_member import Member
from stream.kafka_topics import MAX_RECORD, OVERHEAD, Topics
from stream.log import Out, Record

DELIVERY_MS = 30_000  # after this a record that no server confirmed counts as not published
GRACE = 2.0  # seconds more until we do not wait for the producer's own verdict
SLICE = 0.5
CLOSE_SECONDS = 1.0
REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)
OPTIONS = {
    "acks": "all",
    "enable_idempotence": True,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    "delivery_timeout_ms": DELIVERY_MS,
    "max_block_ms": REQUEST_MS,
    "linger_ms": 100,  # never waited for: every publish flushes; it keeps the sender from starting before all is in
    "batch_size": 256 * 1024,
    "max_request_size": MAX_RECORD + 64 * OVERHEAD,
}

Packed = tuple[bytes, bytes, list[tuple[str, bytes]]]  # key, value, headers

logger = logging.getLogger(__name__)


def _nobody(topic: str, group: str) -> None:
    """Nobody wants to know."""


def _uncounted(what: str, reason: str, n: int) -> None:
    """Nobody counts."""


class KafkaLog:
    """See `stream/log.py`; the arguments are those of the settings (`kafka.*`, `log.keep_days`).

    Nothing is connected before the first use. What cannot be reached raises Unavailable; the next call tries anew.

    `on_assigned(topic, group)` is told, in the thread that reads and before it gets the records, whenever the partitions
    that this process reads for the group are others than before (also at the first read). `count(what, reason, n)` is
    told of records that were handled here but whose partition had moved on before the commit: ("repeated", group, n).
    Both may be set later.
    """

    def __init__(
        self,
        servers: str,
        *,
        prefix: str = "minsheng.",
        partitions: int = 6,
        replicas: int = 1,
        keep_days: int = 30,
        compression: str = "lz4",
        security: str = "plaintext",
        mechanism: str = "SCRAM-SHA-512",
        user: str = "",
        password: str = "",
        ca_file: str = "",
        cert_file: str = "",
        key_file: str = "",
        on_assigned: Callable[[str, str], None] = _nobody,
        count: Callable[[str, str, int], None] = _uncounted,
    ) -> None:
        self._access = Access(servers, security, mechanism, user, password, ca_file, cert_file, key_file)
        self._topics = Topics(
            self._access,
            prefix=prefix,
            partitions=partitions,
            replicas=replicas,
            keep_days=keep_days,
            compression=compression,
        )
        self._compression = None if compression == "none" else compression
        self.on_assigned = on_assigned
        self.count = count
        self._members: dict[tuple[str, str], Member] = {}
        self._producer: Any = None
        self._lock = threading.RLock()
        self._closed = threading.Event()
        atexit.register(self.close)  # so that the groups need not wait for the session of this process to end
        # The client's debug lines hold whole records.
        logging.getLogger("kafka").setLevel(max(logging.WARNING, logging.getLogger("kafka").level))

    def publish(self, topic: str, items: Iterable[Out]) -> None:
        """Raises Poison, before anything is written, for an item that is too large; else see `Log`."""
        packed = [self._pack(topic, out) for out in items]
        if not packed:
            return
        name = self._topics.ensure(topic)
        with self._access.reaching(f"写入 {name}"):
            producer = self._open_producer()
            try:
                errors = self._send(producer, name, packed)
            except BaseException:
                self._drop_producer(producer)
                self._topics.forget(topic)
                raise
        self._judge(topic, producer, errors)

    def read(self, topic: str, group: str, limit: int, wait: float) -> list[Record]:
        if self._closed.is_set():
            return []
        name = self._topics.ensure(topic)
        try:
            return self._member(topic, name, group).read(limit, wait)
        except Unavailable:
            self._topics.forget(topic)
            raise

    def commit(self, group: str, records: Sequence[Record]) -> None:
        """What was not read here, or whose partition has moved on, is not committed: it comes again."""
        for topic in dict.fromkeys(record.topic for record in records):
            mine = [record for record in records if record.topic == topic]
            self._member(topic, self._topics.name(topic), group).commit(mine)

    def lag(self, topic: str, group: str) -> int:
        return self._topics.lag(topic, group)

    def close(self) -> None:
        """Leave all groups; also ends a `read` that waits in another thread."""
        self._closed.set()
        atexit.unregister(self.close)
        with self._lock:
            members, self._members = list(self._members.values()), {}
            producer = self._producer
        for member in members:
            member.close()
        if producer is not None:
            self._drop_producer(producer)
        self._topics.close()

    def _member(self, topic: str, name: str, group: str) -> Member:
        with self._lock:
            if (topic, group) not in self._members:
                self._members[topic, group] = Member(
                    self._access,
                    topic,
                    name,
                    self._topics.group(topic, group),
                    changed=lambda: self.on_assigned(topic, group),
                    repeated=lambda n: self._note_repeated(topic, group, n),
                )
            return self._members[topic, group]

    def _note_repeated(self, topic: str, group: str, n: int) -> None:
        logger.warning(
            "group %s: %d records of %s were handled here but their partitions have moved on; they come again",
            group,
            n,
            topic,
        )
        self.count("repeated", group, n)

    def _pack(self, topic: str, out: Out) -> Packed:
        key, headers = out.key.encode(), [(name, text.encode()) for name, text in out.headers.items()]
        size = len(key) + len(out.value) + sum(len(name.encode()) + len(text) + 8 for name, text in headers)
        if size > MAX_RECORD:
            raise Poison(
                f"要写入主题 {self._topics.name(topic)} 的一条记录（键 {out.key[:80]}）有 {size} 字节，超过上限 {MAX_RECORD} 字节，"
                "Kafka 永远不会接受；请缩短正文或去掉附件内容"
            )
        return key, out.value, headers

    def _open_producer(self) -> Any:
        with self._lock:
            if self._closed.is_set():
                raise KafkaError("closed")
            if self._producer is None:
                self._producer = open_client(KafkaProducer, self._access, compression_type=self._compression, **OPTIONS)
            return self._producer

    def _send(self, producer: Any, name: str, packed: Sequence[Packed]) -> list[BaseException]:
        """What went wrong with some of them; returns when the fate of all is known."""
        partitions = len(producer.partitions_for(name))
        futures = [
            producer.send(name, value=value, key=key, headers=headers, partition=zlib.crc32(key) % partitions)
            for key, value, headers in packed
        ]
        until = time.monotonic() + DELIVERY_MS / 1000 + GRACE
        while True:
            try:
                producer.flush(timeout=SLICE)
                break
            except KafkaTimeoutError:
                if self._closed.is_set() or time.monotonic() > until:
                    raise
        return [future.exception or KafkaError("unknown") for future in futures if not future.succeeded()]

    def _judge(self, topic: str, producer: Any, errors: Sequence[BaseException]) -> None:
        if not errors:
            return
        self._drop_producer(producer)  # it may refuse everything from now on
        refused = next((error for error in errors if isinstance(error, REFUSED)), None)
        name = self._topics.name(topic)
        if refused is not None:
            raise Poison(
                f"主题 {name} 不接受这条记录: {refused}；它的上限 max.message.bytes 是 {self._topics.limit(topic)} 字节，"
                "请管理员调大，或缩短记录"
            )
        self._topics.forget(topic)
        raise self._access.away(f"写入 {name}（{len(errors)} 条未确认）", errors[0])

    def _drop_producer(self, producer: Any) -> None:
        with self._lock:
            if self._producer is producer:
                self._producer = None
        with contextlib.suppress(KafkaTimeoutError):
            producer.close(timeout=CLOSE_SECONDS)
            return
        producer._sender.force_close()  # noqa: SLF001 - close() itself gives up before it gets there
