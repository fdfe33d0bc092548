"""Settings -> objects. The only place that reads the environment and that knows which class serves which wall."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import configs
from app.counters import Counter
from configs.catalog import Catalog
from configs.loader import load_catalog, load_settings
from configs.settings import Settings

if TYPE_CHECKING:
    from alerts.deliver import Notifier
    from alerts.ledger import Ledger
    from classify.fast import FastModel
    from stream.archive import Archive
    from stream.log import Log
    from stream.messages import Judged, Post

Now = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)


def config_dirs(env: Mapping[str, str], extra: Sequence[Path] = ()) -> tuple[Path, ...]:
    """The shipped configs, then the folders of MINSHENG_CONFIGS, then `extra`: a file of a later folder replaces the earlier."""
    named = [Path(part) for part in env.get("MINSHENG_CONFIGS", "").split(os.pathsep) if part]
    return (Path(configs.__file__).parent, *named, *extra)


def home() -> Path:
    """What a relative data folder is relative to: the checkout this runs from, else the current folder."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "minsheng").is_file() else Path.cwd()


def open_house(env: Mapping[str, str], extra: Sequence[Path] = (), now: Now = wall_clock) -> House:
    """Raises ConfigError with everything that is wrong in the configuration."""
    dirs = config_dirs(env, extra)
    settings = load_settings([path for folder in dirs if (path := folder / "embedded.yaml").is_file()], env)
    return House(settings=settings, catalog=load_catalog(dirs), data=home() / settings.data, now=now)


@dataclass(frozen=True)
class House:
    """Everything a process may open, each thing opened on first use.

    `data` is the folder of all files that are written. `now` is the clock of everything in this process.
    """

    settings: Settings
    catalog: Catalog
    data: Path
    now: Now = field(default=wall_clock)

    @property
    def exports(self) -> Path:
        return self.data / "exports"

    @property
    def outbox(self) -> Path:
        return self.data / "outbox"

    @cached_property
    def log(self) -> Log:
        from stream.log_sqlite import SqliteLog

        return SqliteLog(self.data / "log.sqlite")

    @cached_property
    def archive(self) -> Archive:
        from stream.archive_sqlite import SqliteArchive

        return SqliteArchive(self.data / "archive.sqlite")

    @cached_property
    def ledger(self) -> Ledger:
        from alerts.ledger import Ledger

        self.data.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(self.settings.ledger.url or f"sqlite:///{self.data / 'ledger.sqlite'}")
        ledger.migrate()
        return ledger

    @cached_property
    def notifier(self) -> Notifier:
        from alerts.notify.email import Email
        from alerts.notify.outbox import OutboxFolder

        mail = self.settings.mail
        if not mail.host:
            return OutboxFolder(self.outbox, self.composer)
        return Email(mail, self.composer)

    @cached_property
    def secret(self) -> bytes:
        """The key of the pseudonyms, made on first use; without it no pseudonym can be traced to a name."""
        path = self.data / "secret.key"
        self.data.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
        except FileExistsError:
            pass  # noqa: S110
        return path.read_bytes()

    def counter(self, part: str) -> Counter:
        return Counter(part, self.ledger, self.now)

    def pseudonym(self, source: str, name: str) -> str:
        """The same author of the same source always gets the same pseudonym; "" stays ""."""
        if not name:
            return ""
        return hmac.new(self.secret, f"{source}\n{name}".encode(), hashlib.sha256).hexdigest()[:16]
