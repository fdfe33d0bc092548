"""Counts of everything that was dropped, skipped, muted or tried again, with the reason: kept by hour in the ledger."""

from __future__ import annotations

import logging
from collections import Counter as Sums
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stream.errors import Conflict, Unavailable
from stream.faults import tell
from stream.worker import Count, ignore

if TYPE_CHECKING:
    from alerts.ledger import Ledger
    from app.wire import Now

FLUSH_EVERY = timedelta(seconds=5)

logger = logging.getLogger(__name__)


class Counter:
    """Call it as count(what, reason, n); `flush` adds the sums up in the ledger under the hour of `now`.

    `ledger` gives the ledger when it is needed, so that counting can begin while its server is away. `also` is told of
    every count at once.
    """

    def __init__(self, part: str, ledger: Callable[[], Ledger], now: Now, also: Count = ignore) -> None:
        self.part = part
        self.ledger = ledger
        self.now = now
        self.also = also
        self.sums: Sums[tuple[datetime, str, str]] = Sums()
        self.flushed_at = now()

    def __call__(self, what: str, reason: str, n: int = 1) -> None:
        hour = self.now().replace(minute=0, second=0, microsecond=0)
        self.sums[hour, what, reason] += n
        self.also(what, reason, n)

    def flush_when_due(self) -> None:
        if abs(self.now() - self.flushed_at) >= FLUSH_EVERY:
            self.flush()

    def flush(self) -> bool:
        """Whether the ledger has it all now; what it does not take waits for the next time, and nothing is raised."""
        self.flushed_at = self.now()
        if not self.sums:
            return True
        try:
            self._keep(self.sums)
        except (Unavailable, Conflict) as error:
            logger.warning("%d counts wait for the ledger: %s", len(self.sums), tell(error))
            return False
        self.sums = Sums()
        return True

    def _keep(self, sums: Sums[tuple[datetime, str, str]]) -> None:
        with self.ledger().begin() as tx:
            for (hour, what, reason), n in sorted(sums.items()):  # one order for all: nobody waits for each other
                tx.meters.add(hour, self.part, what, reason, n)
