"""A log in memory, with the meaning of the real ones: for tests and trials. Nothing is kept when it is gone."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from stream.log import Out, Record


class MemoryLog:
    """See `stream/log.py`; safe between threads."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._topics: defaultdict[str, list[Record]] = defaultdict(list)
        self._positions: defaultdict[tuple[str, str], int] = defaultdict(int)

    def publish(self, topic: str, items: Iterable[Out]) -> None:
        outs = list(items)
        with self._news:
            records = self._topics[topic]
            at, first = datetime.now(UTC), len(records)
            records.extend(
                Record(topic, 0, first + n, out.key, out.value, at, dict(out.headers)) for n, out in enumerate(outs)
            )
            self._news.notify_all()

    def read(self, topic: str, group: str, limit: int, wait: float) -> list[Record]:
        with self._news:
            self._news.wait_for(lambda: self.lag(topic, group), wait)
            start = self._positions[topic, group]
            return self._topics[topic][start : start + limit]

    def commit(self, group: str, records: Sequence[Record]) -> None:
        with self._news:
            for record in records:
                place = (record.topic, group)
                self._positions[place] = max(self._positions[place], record.offset + 1)

    def lag(self, topic: str, group: str) -> int:
        with self._news:
            return len(self._topics[topic]) - self._positions[topic, group]

    def close(self) -> None:
        """Nothing to let go of."""
