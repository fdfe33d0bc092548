"""Counts of everything that was dropped, skipped, muted or tried again, with the reason: kept by hour in the ledger."""

from __future__ import annotations

from collections import Counter as Sums
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alerts.ledger import Ledger
    from app.wire import Now

FLUSH_EVERY = timedelta(seconds=5)


class Counter:
    """Call it as count(what, reason, n); `flush` adds the sums up in the ledger under the hour of `now`."""

    def __init__(self, part: str, ledger: Ledger, now: Now) -> None:
        self.part = part
        self.ledger = ledger
        self.now = now
        self.sums: Sums[tuple[datetime, str, str]] = Sums()
        self.flushed_at = now()

    def __call__(self, what: str, reason: str, n: int = 1) -> None:
        hour = self.now().replace(minute=0, second=0, microsecond=0)
        self.sums[hour, what, reason] += n

    def flush_when_due(self) -> None:
        if abs(self.now() - self.flushed_at) >= FLUSH_EVERY:
            self.flush()

    def flush(self) -> None:
        sums, self.sums = self.sums, Sums()
        self.flushed_at = self.now()
        if not sums:
            return
        with self.ledger.begin() as tx:
            for (hour, what, reason), n in sums.items():
                tx.meters.add(hour, self.part, what, reason, n)
