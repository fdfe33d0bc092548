"""One member of a consumer group: what it has read and not committed stays in its hands and comes again."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.errors import CommitFailedError, IllegalGenerationError, RebalanceInProgressError, UnknownMemberIdError
from kafka.structs import MemberState

from stream.kafka_client import Access, open_client
from stream.log import Record

SLICE = 0.2  # seconds of waiting after which a close is noticed
SETTLE = 5.0  # seconds that a read without waiting gives to joining the group and to the first fetch
FILL = 0.05  # seconds to wait for more of what is known to be there
CONTACT_MS = 1_500
COMMIT_SECONDS = 10.0
LEAVE_MS = 1_000
CLOSE_SECONDS = 1.6  # a little more than the contact that another thread may be waiting for
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OPTIONS = {
    "enable_auto_commit": False,
    "auto_offset_reset": "earliest",
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    # Whole assignments at once: the library's cooperative protocol stops reading during a change just the same, and may
    # leave a partition without an owner when several members come back after an outage.
    "partition_assignment_strategy": [StickyPartitionAssignor],
    "session_timeout_ms": 10_000,  # a process that was killed is noticed after this; heartbeats have a thread of their own
    "heartbeat_interval_ms": 1_000,  # also how soon a member hears that another wants to join
    "max_poll_interval_ms": 600_000,  # the slowest batch; while it lasts the group waits for this member
    "metadata_max_age_ms": 60_000,  # partitions that somebody added are noticed after this
    "fetch_max_bytes": 16 * 1024 * 1024,
    # Wait a moment for more: at 100 records a second this takes a seventh of the CPU, and adds 0.06 s on average.
    "fetch_min_bytes": 64 * 1024,
    "fetch_max_wait_ms": 100,
}

logger = logging.getLogger(__name__)


class Member:
    """Reads one topic for one group. Any thread may call it.

    Args:
        topic: our name of the topic; `name` is that of the servers.
        changed: told, in the thread that reads and before the first record, that the partitions are others than before,
            or that others may have had them meanwhile. When it raises it is told again at the next read.
        repeated: told how many records were handled here but could not be committed, as their partitions had moved to
            another process, where they come again.
    """

    def __init__(
        self,
        access: Access,
        topic: str,
        name: str,
        group: str,
        *,
        changed: Callable[[], None],
        repeated: Callable[[int], None],
    ) -> None:
        self._access = access
        self._topic = topic
        self._name = name
        self._group = group
        self._changed = changed
        self._repeated = repeated
        self._consumer: Any = None
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._listener = Listener()
        self._held: dict[TopicPartition, deque[Record]] = {}
        self._next: dict[TopicPartition, int] = {}  # of the partitions that are ours: where the group's position is
        self._identity: object = None
        self._untold = False

    def read(self, limit: int, wait: float) -> list[Record]:
        now = time.monotonic()
        deadline, patience = now + wait, now + max(wait, SETTLE)
        while not self._closed.is_set():
            with self._lock, self._serving("读取"):
                records = self._step(limit, min(SLICE, max(deadline - now, FILL)))
            self._tell()
            if records:
                return records
            now = time.monotonic()
            if now >= deadline and (not self._behind() or now >= patience):
                break
        return []

    def commit(self, records: Sequence[Record]) -> None:
        """Raises Unavailable when the servers do not take it: then the same records come again."""
        ends: dict[TopicPartition, int] = {}
        for record in records:
            part = TopicPartition(self._name, record.partition)
            ends[part] = max(ends.get(part, 0), record.offset + 1)
        with self._lock, self._serving("提交读取位置"):
            gone = {part for part in ends if part not in self._next}
            if self._consumer is not None and not self._commit(ends):
                gone = set(ends)
        if gone:
            self._repeated(sum(TopicPartition(self._name, record.partition) in gone for record in records))

    def close(self) -> None:
        """Leave the group, so that the others take over at once; ends a read that waits in another thread."""
        self._closed.set()
        if self._lock.acquire(timeout=CLOSE_SECONDS):  # else another thread waits for a server that is away
            try:
                self._leave()
            finally:
                self._lock.release()

    def _serving(self, doing: str) -> contextlib.AbstractContextManager[None]:
        return self._access.reaching(f"{doing} {self._topic}（{self._group}）")

    def _step(self, limit: int, seconds: float) -> list[Record]:
        """Take part in the group once; what is held, or what comes within `seconds`."""
        if self._closed.is_set():
            return []
        try:
            if self._consumer is None:
                self._join()
            if any(self._held.values()):
                self._stay()
            else:
                self._poll(seconds, limit)
            if not self._settled():
                return []
            self._fill(limit)
        except BaseException:
            self._leave()  # whatever is wrong with this consumer, a new one starts from the committed position
            raise
        return [record for records in self._held.values() for record in records][:limit]

    def _join(self) -> None:
        self._consumer = open_client(KafkaConsumer, self._access, group_id=self._group, **OPTIONS)
        self._consumer.subscribe([self._name], listener=self._listener)
        # Whoever shares out the partitions must know them by then.
        self._consumer.end_offsets([TopicPartition(self._name, 0)], timeout_ms=CONTACT_MS)

    def _leave(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._held.clear()
        self._next.clear()
        if consumer is None:
            return
        try:
            consumer.close(timeout_ms=LEAVE_MS)
        except Exception as error:
            logger.warning("group %s: the consumer did not close cleanly: %r", self._group, error)

    def _poll(self, seconds: float, limit: int) -> int:
        """How many records came. After a change of partitions everything starts at the group's position."""
        found = self._consumer.poll(timeout_ms=round(seconds * 1000), max_records=limit)
        if self._listener.take() or not found.keys() <= self._next.keys():
            self._start_over()
            return 0
        for part, raw in found.items():
            if raw[0].offset < self._next[part]:  # the log was cut back behind us, or the topic made anew
                self._next[part] = raw[0].offset
                self._held.pop(part, None)
            self._held.setdefault(part, deque()).extend(_record(self._topic, one) for one in raw)
        return sum(map(len, found.values()))

    def _stay(self) -> None:
        """Keep the place in the group (and let others in) without taking in more."""
        self._consumer.pause(*self._consumer.assignment())
        try:
            self._poll(0.0, 1)
        finally:
            self._consumer.resume(*self._consumer.paused())

    def _fill(self, limit: int) -> None:
        """Go on while more is known to be there: few large batches cost less than many small ones."""
        count = sum(map(len, self._held.values()))
        while 0 < count < limit and self._more() and (came := self._poll(FILL, limit - count)):
            count += came

    def _more(self) -> bool:
        return any((self._consumer.highwater(part) or 0) > (self._position(part) or 0) for part in self._next)

    def _position(self, part: TopicPartition) -> int | None:
        position: int | None = self._consumer.position(part, timeout_ms=CONTACT_MS)
        return position

    def _settled(self) -> bool:
        """Whether we are a full member now: not before the first join, nor while the partitions are shared out anew."""
        return self._consumer.group_metadata().state is MemberState.STABLE

    def _start_over(self) -> None:
        """Others may have had our partitions meanwhile: go on from where the group is."""
        self._held.clear()
        self._next.clear()
        for part in self._consumer.assignment():
            committed = self._consumer.committed(part, timeout_ms=int(COMMIT_SECONDS * 1000))
            self._next[part] = committed or 0
            if committed is None:
                self._consumer.seek_to_beginning(part)
            else:
                self._consumer.seek(part, committed)
        identity = (self._consumer.group_metadata().member_id, frozenset(self._next))
        self._untold = self._untold or identity != self._identity
        self._identity = identity
        logger.info("group %s: reading partitions %s", self._group, sorted(part.partition for part in self._next))

    def _tell(self) -> None:
        if self._untold:
            self._changed()
            self._untold = False

    def _behind(self) -> bool:
        """Whether there is more than was read. Asks the servers: raises Unavailable when they do not answer."""
        with self._lock, self._serving("读取"):
            if self._consumer is None:
                return False
            parts = list(self._next) or [TopicPartition(self._name, 0)]
            ends = self._consumer.end_offsets(parts, timeout_ms=CONTACT_MS)
            return not self._settled() or any(ends[part] > (self._position(part) or 0) for part in self._next)

    def _commit(self, ends: Mapping[TopicPartition, int]) -> bool:
        """Whether what is still ours was committed; False when the group has gone on without us."""
        until = time.monotonic() + COMMIT_SECONDS
        while True:
            due = {part: end for part, end in ends.items() if end > self._next.get(part, end)}
            if not due:
                return True
            try:
                offsets = {part: OffsetAndMetadata(end, "", -1) for part, end in due.items()}
                self._consumer.commit(offsets, timeout_ms=int(COMMIT_SECONDS * 1000))
            except RebalanceInProgressError:
                if time.monotonic() > until:
                    raise
                self._stay()
                self._closed.wait(FILL)
            except (CommitFailedError, UnknownMemberIdError, IllegalGenerationError) as error:
                logger.warning("group %s: the group went on without us: %r", self._group, error)
                self._held.clear()
                self._next.clear()
                return False
            else:
                self._drop(due)
                return True

    def _drop(self, ends: Mapping[TopicPartition, int]) -> None:
        for part, end in ends.items():
            self._next[part] = end
            held = self._held.get(part, deque())
            while held and held[0].offset < end:
                held.popleft()
            if not held and (self._position(part) or 0) < end:
                self._consumer.seek(part, end)


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Notes that the partitions were shared out anew. Called by the client's own thread, which must not be held up."""

    def __init__(self) -> None:
        self._noted = threading.Event()

    def take(self) -> bool:
        """Whether it happened since the last call."""
        noted = self._noted.is_set()
        self._noted.clear()
        return noted

    def on_partitions_assigned(self, assigned: object) -> None:
        self._noted.set()

    def on_partitions_revoked(self, revoked: object) -> None:
        """Nothing: only `poll` changes partitions, and then no record is being handled."""

    def on_partitions_lost(self, lost: object) -> None:
        """Nothing: the next assignment starts from the committed position."""


def _record(topic: str, raw: Any) -> Record:
    return Record(
        topic,
        raw.partition,
        raw.offset,
        _text(raw.key),
        raw.value or b"",
        EPOCH + timedelta(milliseconds=raw.timestamp),
        {name: _text(value) for name, value in raw.headers} if raw.headers else {},
    )


def _text(raw: bytes | None) -> str:
    """What is no text was written by somebody else; it must not stop the reader."""
    return raw.decode("utf-8", "replace") if raw else ""
