"""What the pages work with, and the small questions that every room of the dashboard asks of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from alerts.ledger import Ledger
from alerts.links import Links
from alerts.model import Case, RunningClock
from configs.catalog import SHANGHAI, Catalog
from configs.settings import DashboardSettings, DriftSettings
from stream.archive import Archive

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Desk:
    """The stores, the catalogue and the clock of one installation."""

    ledger: Ledger
    archive: Archive
    catalog: Catalog
    settings: DashboardSettings
    now: Callable[[], datetime]
    drift: DriftSettings = field(default_factory=DriftSettings)
    links: Links | None = None  # None: no office acts without an account
    attachments: Path | None = None  # the folder of the files that offices attach
    attachment_mb: int = 10
    mask: Callable[[str], str] = str  # takes personal numbers out of what an office writes


def today(now: datetime) -> datetime:
    """Midnight in Shanghai of the day that `now` lies in."""
    return now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)


def next_clock(case: Case) -> RunningClock | None:
    """The open clock that runs out first; None when none runs or the case is closed."""
    running = [clock for clock in case.clocks if clock.runs] if case.is_open else []
    return min(running, key=lambda clock: clock.due_at, default=None)


def is_overdue(case: Case, now: datetime) -> bool:
    clock = next_clock(case)
    return clock is not None and clock.due_at <= now


def is_due_soon(case: Case, now: datetime) -> bool:
    """Not overdue yet, but a clock has come within its own span of reminding."""
    running = [clock for clock in case.clocks if clock.runs] if case.is_open else []
    return not is_overdue(case, now) and any(clock.due_soon_at <= now for clock in running)
