"""Settings -> objects. The only place that reads the environment and that knows which class serves which wall."""

from __future__ import annotations

import getpass
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import configs
from app.counters import Counter
from app.wire_mail import PostOffice
from configs.catalog import Catalog, Source
from configs.lexicon import Lexicon, load_lexicon
from configs.loader import load_catalog, load_settings
from configs.settings import Settings
from configs.severity import SeverityRules, load_severity
from stream.archive import Query
from stream.errors import MinshengError
from stream.worker import Count, ignore

if TYPE_CHECKING:
    from alerts.decide import Decider
    from alerts.ledger import Ledger
    from alerts.notify.notice import Notifier
    from app.model_registry import Registry
    from classify.judge import Classifier
    from crawlers.deps import Deps as CrawlDeps
    from stream.archive import Archive
    from stream.log import Log
    from stream.messages import Judged, Post

Now = Callable[[], datetime]
Busy = Callable[[], bool]
T = TypeVar("T")
JudgeMode = Literal["fast", "transformer", "cascade"]

ENCODER = "encoder"  # within a model's folder


def never() -> bool:
    return False


def wall_clock() -> datetime:
    return datetime.now(UTC)


def author() -> str:
    """Under whose name a version of the dispatch tree is first used: the account this process runs as."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's account without a name
        return ""


def config_dirs(env: Mapping[str, str], extra: Sequence[Path] = ()) -> tuple[Path, ...]:
    """The shipped configs, the folders of MINSHENG_CONFIGS, `extra`: a file of a later folder replaces the earlier."""
    named = [Path(part) for part in env.get("MINSHENG_CONFIGS", "").split(os.pathsep) if part]
    return (Path(configs.__file__).parent, *named, *extra)


def last_file(dirs: Sequence[Path], name: str) -> Path:
    """The file of the last folder that has it; the first folder is the shipped one and has all."""
    return next((folder / name for folder in reversed(dirs) if (folder / name).is_file()), dirs[0] / name)


def home() -> Path:
    """What a relative data folder is relative to: the checkout this runs from, else the current folder."""
    root = Path(__file__).resolve().parent.parent
    return root if (root / "minsheng").is_file() else Path.cwd()


def open_house(env: Mapping[str, str], extra: Sequence[Path] = (), now: Now = wall_clock) -> House:
    """Raises ConfigError with everything that is wrong in the configuration."""
    dirs = config_dirs(env, extra)
    settings = load_settings(settings_files(dirs, env), env)
    return House(settings, load_catalog(dirs), dirs, home() / settings.data, now)


def settings_files(dirs: Sequence[Path], env: Mapping[str, str]) -> list[Path]:
    """The settings of the profile in turn; what the distributed profile leaves out keeps its shipped value."""
    distributed = env.get("MINSHENG_PROFILE") == "distributed"
    names = [dirs[0] / "embedded.yaml"] if distributed else []
    name = "distributed.yaml" if distributed else "embedded.yaml"
    return names + [path for folder in dirs if (path := folder / name).is_file()]


@dataclass(frozen=True)
class House:
    """Everything a process may open, each thing opened on first use.

    `data` is the folder of all files that are written. `now` is the clock of everything in this process.
    """

    settings: Settings
    catalog: Catalog
    dirs: tuple[Path, ...]
    data: Path
    now: Now = field(default=wall_clock)
    _loaded: dict[Path, tuple[int, Any]] = field(default_factory=dict, init=False, repr=False)

    @property
    def exports(self) -> Path:
        return self.data / "exports"

    @property
    def outbox(self) -> Path:
        return self.data / "outbox"

    @property
    def log_file(self) -> Path:
        return self.data / "log.sqlite"

    @property
    def archive_file(self) -> Path:
        return self.data / "archive.sqlite"

    @property
    def secret_file(self) -> Path:
        return self.data / "secret.key"

    @property
    def ledger_url(self) -> str:
        """May hold a password."""
        return self.settings.ledger.url.get_secret_value() or f"sqlite:///{self.data / 'ledger.sqlite'}"

    @cached_property
    def log(self) -> Log:
        if self.distributed:
            return self._kafka_log()
        from stream.log_sqlite import SqliteLog

        return SqliteLog(self.log_file)

    @cached_property
    def archive(self) -> Archive:
        if self.distributed:
            return self._elastic_archive()
        from stream.archive_sqlite import SqliteArchive

        return SqliteArchive(self.archive_file)

    @cached_property
    def ledger(self) -> Ledger:
        from alerts.ledger import Ledger

        self.data.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(self.ledger_url, pool=self.settings.ledger.pool)
        try:
            ledger.migrate()
        except BaseException:
            ledger.close()  # its server is away; the next try makes a new one
            raise
        return ledger

    def close(self) -> None:
        """Close what was opened: the group's other members take over at once."""
        for name in ("log", "archive", "ledger"):
            opened = self.__dict__.get(name)
            if opened is not None and hasattr(opened, "close"):
                opened.close()

    def watch_group(self, group: str, moved: Callable[[], None], count: Count) -> None:
        """Have `moved` called, before the next records, when the group's partitions are others than before; and `count`
        told of records that were handled here after their partition had moved on."""
        if not self.distributed:
            return
        from stream.log_kafka import KafkaLog

        if isinstance(self.log, KafkaLog):
            self.log.on_assigned = lambda topic, its: moved() if its == group else None
            self.log.count = count

    @property
    def distributed(self) -> bool:
        return self.settings.profile == "distributed"

    def _kafka_log(self) -> Log:
        from stream.log_kafka import KafkaLog

        kafka = self.settings.kafka
        return KafkaLog(
            kafka.servers,
            prefix=kafka.prefix,
            partitions=kafka.partitions,
            replicas=kafka.replicas,
            keep_days=self.settings.log.keep_days,
            compression=kafka.compression,
            security=kafka.security,
            mechanism=kafka.mechanism,
            user=kafka.user,
            password=kafka.password.get_secret_value(),
            ca_file=kafka.ca_file,
            cert_file=kafka.cert_file,
            key_file=kafka.key_file,
        )

    def _elastic_archive(self) -> Archive:
        from stream.archive_elastic import ElasticArchive

        elastic = self.settings.elastic
        return ElasticArchive(
            elastic.urls,
            templates=self.dirs[0] / "elastic",
            prefix=elastic.prefix,
            shards=elastic.shards,
            replicas=elastic.replicas,
            user=elastic.user,
            password=elastic.password.get_secret_value(),
            api_key=elastic.api_key.get_secret_value(),
            ca_file=elastic.ca_file,
            timeout=elastic.timeout,
        )

    @property
    def notifier(self) -> Notifier:
        return self.post_office.notifier

    @cached_property
    def post_office(self) -> PostOffice:
        return PostOffice(self.settings, self.catalog, self.data, lambda: self.ledger, lambda: self.secret)

    @cached_property
    def secret(self) -> bytes:
        """The key of the pseudonyms, made on first use; without it no pseudonym can be traced to a name."""
        path = self.secret_file
        self.data.mkdir(parents=True, exist_ok=True)
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
        except FileExistsError:
            return path.read_bytes()
        return path.read_bytes()

    def counter(self, part: str, also: Count = ignore) -> Counter:
        return Counter(part, lambda: self.ledger, self.now, also)

    def pseudonym(self, source: str, name: str) -> str:
        """The same author of the same source always gets the same pseudonym; "" stays ""."""
        if not name:
            return ""
        return hmac.new(self.secret, f"{source}\n{name}".encode(), hashlib.sha256).hexdigest()[:16]

    @cached_property
    def lexicon(self) -> Lexicon:
        return load_lexicon(last_file(self.dirs, "lexicon.yaml"))

    @cached_property
    def severity_rules(self) -> SeverityRules:
        return load_severity(last_file(self.dirs, "severity.yaml"))

    def trim_log(self, before: datetime) -> int:
        from stream.log_sqlite import SqliteLog

        return self.log.trim(before) if isinstance(self.log, SqliteLog) else 0

    @cached_property
    def models(self) -> Registry:
        from app.model_registry import Registry

        return Registry(self.data / "models")

    @property
    def shipped_model(self) -> Path:
        import classify

        return Path(classify.__file__).parent / "model"

    def model_folder(self, folder: Path | None = None) -> Path:
        """The folder that is given, else that of the setting, else that of the model in use."""
        chosen = folder or (Path(self.settings.judge.model) if self.settings.judge.model else self.models.current())
        return chosen or self.shipped_model

    def classifier(self, folder: Path | None = None, mode: JudgeMode | None = None, busy: Busy = never) -> Classifier:
        """The models of a folder as `mode` (else the setting) joins them; the fast one alone where there is no encoder.

        Raises FileNotFoundError when the mode is "transformer" and there is none.
        """
        from classify.fast import FastModel

        place, chosen = self.model_folder(folder), mode or self.settings.judge.mode
        share = self.settings.judge.human_share
        fast = self._held(place / "meta.json", lambda: FastModel.load(place, self.severity_rules, share))
        encoder = place / ENCODER
        if chosen == "fast" or (chosen == "cascade" and not encoder.is_dir()):
            return fast
        from classify.cascade import Cascade, Gate
        from classify.encoder.serve import META, Encoder

        read = self._held(encoder / META, lambda: Encoder.load(encoder, self.settings.judge.threads))
        return Cascade(fast, read, Gate.load(encoder), chosen, busy, share)

    def _held(self, file: Path, load: Callable[[], T]) -> T:
        """What was loaded for this file, as long as nobody has written it anew: who judges twice holds one model."""
        written = file.stat().st_mtime_ns if file.is_file() else 0
        held = self._loaded.get(file)
        if held is None or held[0] != written:
            held = self._loaded[file] = (written, load())
        return cast("T", held[1])

    def _classifier_in_use(self, folder: Path | None, mode: JudgeMode | None, busy: Busy) -> Classifier:
        """The one of the folder or of the setting; else whichever `minsheng model use` chooses, now and later."""
        if folder or self.settings.judge.model:
            return self.classifier(folder, mode, busy)
        from app.model_registry import Following

        return Following(lambda: self.classifier(None, mode, busy), self.models.stamp)

    def judge(
        self, folder: Path | None = None, remember: int = 0, *, mode: JudgeMode | None = None, busy: Busy = never
    ) -> Callable[[Sequence[Post]], list[Judged]]:
        """Posts in, judged posts out, masked.

        Near copies are known of what it has seen itself, and of the `remember` newest posts of the archive. `busy`: asked
        before each batch whether the fast model is to answer alone. Raises MinshengError when the model cannot be read.
        """
        from classify.adverts import AdvertReader
        from classify.dedupe import NearCopies
        from classify.judge import judge_posts
        from classify.places import Places

        try:
            classifier = self._classifier_in_use(folder, mode, busy)
        except (OSError, ValueError) as error:
            raise MinshengError(f"模型不能用: {error}") from error
        near = NearCopies()
        places = Places(self.catalog.provinces, self.lexicon.places, self.catalog.country)
        adverts, stop_words = AdvertReader(self.lexicon.adverts), frozenset(self.lexicon.stop_words)
        if remember:
            newest = self.archive.search(Query(sort="newest", limit=remember, set_aside=None)).hits
            near.link([hit.judged.post for hit in reversed(newest)])
        return lambda posts: judge_posts(posts, classifier, places, near, adverts, stop_words)

    def grouping(self, window_days: int = 0) -> Callable[[Sequence[Post]], Iterable[tuple[str, str]]]:
        """Posts in, (post id, event id) out, in the same order."""
        from alerts.events import EventIndex

        judging = self.judge()
        index = EventIndex(timedelta(days=window_days or self.settings.decide.window_days))
        return lambda posts: [(one.post.post_id, one.event.id) for one in index.assign(judging(posts))]

    def decider(self, count: Count) -> Decider:
        from alerts.decide import Decider
        from alerts.events import EventIndex

        window = timedelta(days=self.settings.decide.window_days)
        return Decider(
            self.ledger, self.catalog, lambda: EventIndex(window), window, clock=self.now, count=count, author=author()
        )

    def crawl_sources(self, names: Sequence[str]) -> list[Source]:
        """The named sources, else all enabled ones. Raises MinshengError for a name that is not configured."""
        unknown = [name for name in names if name not in self.catalog.source]
        if unknown:
            raise MinshengError(f"没有来源 {'、'.join(unknown)}，可用: {'、'.join(self.catalog.source)}")
        return [self.catalog.source[name] for name in names] or [one for one in self.catalog.sources if one.enabled]

    def crawl_deps(self, count: Count) -> CrawlDeps:
        from classify.pii import mask_post
        from crawlers.deps import Deps, to_log

        return Deps(
            publish=to_log(self.log),
            cursors=LedgerCursors(self.ledger),
            prepare=mask_post,
            pseudonym=self.pseudonym,
            count=count,
            sheet=self.catalog.sheet,
            user_agent=self.settings.crawl.user_agent,
            obey_robots=self.settings.crawl.obey_robots,
        )


@dataclass(frozen=True)
class LedgerCursors:
    """Crawl cursors kept in the ledger."""

    ledger: Ledger

    def load(self, source: str) -> Mapping[str, Any]:
        with self.ledger.read() as tx:
            return tx.meters.cursor(source)

    def save(self, source: str, cursor: Mapping[str, Any]) -> None:
        with self.ledger.begin() as tx:
            tx.meters.save_cursor(source, dict(cursor))
