"""Looks every hour whether what was judged last week differs from the weeks before; tells the metrics and the duty room."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts.drift import Drift, drift_alerts, last_week, weekly_drift

if TYPE_CHECKING:
    from app.wire import House

EVERY = timedelta(hours=1)

logger = logging.getLogger(__name__)


class DriftWatch:
    """`told` is told of every measure's index, which is not a number where there are too few posts."""

    def __init__(self, house: House, told: Callable[[str, float], None]) -> None:
        self._house = house
        self._told = told
        self._looked: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """At first, then every hour; also when a clock was set back."""
        return self._looked is None or not timedelta() <= now - self._looked < EVERY

    def look(self, now: datetime) -> list[Drift]:
        """An alert has the week in its id, so it is told once, by whoever looks."""
        settings = self._house.settings.drift
        with self._house.ledger.read() as tx:
            found = weekly_drift(tx, last_week(now), settings.least_posts)
        for one in found:
            self._told(one.measure.removeprefix("judged_"), float("nan") if one.index is None else one.index)
        if alerts := drift_alerts(self._house.catalog, found, settings, now):
            with self._house.ledger.begin() as tx:
                if tx.alerts.add(alerts):
                    logger.warning("what was judged has changed: %s", ", ".join(alert.id for alert in alerts))
        self._looked = now
        return found
