"""Settings -> objects. The only place that reads the environment and that knows which class serves which wall."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import configs
from configs.catalog import Catalog
from configs.loader import load_catalog, load_settings
from configs.settings import Settings

if TYPE_CHECKING:
    from alerts.decide import Decider
    from alerts.ledger import Ledger
    from alerts.notify.email import Email
    from alerts.notify.outbox import OutboxFolder
    from app.counters import Counter
    from classify.judge import Judge
    from crawlers.run import Deps as CrawlDeps
    from dashboard.data import Desk
    from stream.archive import Archive
    from stream.log import Log
    from stream.worker import Stage

Now = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)


def config_dirs(env: Mapping[str, str], extra: Sequence[Path] = ()) -> list[Path]:
    """The shipped configs, then the folders of MINSHENG_CONFIGS, then `extra`: a file of a later folder replaces the earlier."""
    named = [Path(part) for part in env.get("MINSHENG_CONFIGS", "").split(os.pathsep) if part]
    return [Path(configs.__file__).parent, *named, *extra]


@dataclass(frozen=True)
class House:
    """Everything this process may open, opened on first use."""

    settings: Settings
    catalog: Catalog
    dirs: tuple[Path, ...]
    now: Now = field(default=wall_clock)
    
    @property
    def data(self) -> Path:
        return self.settings.data

    @property
    def outbox(self) -> Path:
        return self.data / "outbox"

    @property
    def exports(self) -> Path:
        return self.data / "exports"

    @cached_property
    def log(self) -> Log:
        from stream.log_sqlite import SqliteLog

        return SqliteLog(self._folder() / "log.sqlite")

    @cached_property
    def archive(self) -> Archive:
        from stream.archive_sqlite import SqliteArchive

        return SqliteArchive(self._folder() / "archive.sqlite")

    @cached_property
    def ledger(self) -> Ledger:
        from alerts.ledger import Ledger

        ledger = Ledger(self.settings.ledger.url or f"sqlite:///{self._folder() / 'ledger.sqlite'}")
        ledger.migrate()
        return ledger
