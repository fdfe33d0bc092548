"""The log: durable, ordered topics that consumer groups read at their own pace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

REREADS = "rejudge-"  # groups so named read again what others have read: retention does not wait for them


@dataclass(frozen=True, slots=True)
class Out:
    """What is to be published: `key` picks the partition and names the record; `headers` are short text pairs."""

    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One record as read. `at` is when the log took it (UTC)."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


class Log(Protocol):
    """See `tests/contract/log.py` for what every backend must do."""

    def publish(self, topic: str, items: Iterable[Out]) -> None:
        """Append all items in order, all or none; returns when they are durable."""
        ...

    def read(self, topic: str, group: str, limit: int, wait: float) -> list[Record]:
        """Up to `limit` records after the group's committed position, oldest first; waits up to `wait` seconds for the first.

        Reading again without a commit gives the same records again (a crash or a failure loses nothing).
        """
        ...

    def commit(self, group: str, records: Sequence[Record]) -> None:
        """Move the group past these records; never moves it back."""
        ...

    def lag(self, topic: str, group: str) -> int:
        """How many records the group has not committed."""
        ...

    def close(self) -> None: ...
