"""How this installation runs: one frozen value, read from a profile YAML and the environment by `configs/loader.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LogSettings(Section):
    """`keep_days` is how long raw and judged records stay readable."""

    keep_days: int = Field(default=30, ge=1)


class ArchiveSettings(Section):
    keep_days: int = Field(default=180, ge=1)


class LedgerSettings(Section):
    """`url` empty: SQLite in the data folder. `pool`: connections that one process keeps to PostgreSQL."""

    url: SecretStr = SecretStr("")  # may hold the password
    pool: int = Field(default=5, ge=1, le=100)


class KafkaSettings(Section):
    """`servers`: host:port, several split by commas. `partitions` and `replicas` are used when a topic is made."""

    servers: str = "127.0.0.1:9092"
    prefix: str = Field(default="minsheng.", pattern=r"^[a-zA-Z0-9._-]*$")
    partitions: int = Field(default=6, ge=1, le=1000)
    replicas: int = Field(default=1, ge=1, le=10)
    compression: Literal["none", "gzip", "lz4", "zstd"] = "lz4"
    security: Literal["plaintext", "tls", "sasl", "sasl_tls"] = "plaintext"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    user: str = ""
    password: SecretStr = SecretStr("")
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


class ElasticSettings(Section):
    """`urls`: several split by commas. `shards` and `replicas` are used when a month's index is made."""

    urls: str = "http://127.0.0.1:9200"
    prefix: str = Field(default="minsheng-posts", pattern=r"^[a-z0-9][a-z0-9_-]*$")
    shards: int = Field(default=1, ge=1, le=100)
    replicas: int = Field(default=0, ge=0, le=10)
    user: str = ""
    password: SecretStr = SecretStr("")
    api_key: SecretStr = SecretStr("")
    ca_file: str = ""
    timeout: float = Field(default=30, gt=0)


class MonitorSettings(Section):
    """`port` 0: no /healthz and /metrics. A process whose port is taken by one of ours takes the next free one above."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    json_logs: bool = False


class JudgeSettings(Section):
    """`mode`: which model answers (see classify/cascade.py). `threads` of the encoder, 0: all processors. More than
    `busy_behind` records behind, the fast model answers alone; with `second_look` the encoder reads those posts when
    there is nothing else to do. `human_share`: of posts like the development ones so many go to people, those whose
    error may be expected to cost most."""

    batch: int = Field(default=256, ge=1, le=5000)
    model: str = ""  # a folder with a trained model; empty: the shipped one
    mode: Literal["fast", "transformer", "cascade"] = "cascade"
    threads: int = Field(default=0, ge=0)
    busy_behind: int = Field(default=256, ge=1)
    second_look: bool = True
    human_share: float = Field(default=0.1, ge=0, le=1)


class DriftSettings(Section):
    """When duty staff are told that what is judged has changed: `limit` of the population stability index, from so many
    posts a week on."""

    limit: float = Field(default=0.25, gt=0)
    least_posts: int = Field(default=300, ge=1)


class DecideSettings(Section):
    """`window_days`: how long an event can still take new posts."""

    batch: int = Field(default=256, ge=1, le=5000)
    window_days: int = Field(default=45, ge=1)


class MailSettings(Section):
    """`host` empty: mails are written to the outbox folder as .eml files. `redirect_to` sends every mail there instead.

    `link_days`: how long the link in a mail lets its office act; another `link_series` voids all links made before.
    """

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = "minsheng@localhost"
    redirect_to: str = ""
    timeout: float = Field(default=20, gt=0)
    link_days: int = Field(default=30, ge=0, le=365)
    link_series: str = ""
    attachment_mb: int = Field(default=10, ge=1, le=20)


class ImapSettings(Section):
    """The mailbox that answers come to. `host` empty: none is read. `every`: seconds between two looks."""

    host: str = ""
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str = ""
    password: SecretStr = SecretStr("")
    folder: str = "INBOX"
    timeout: float = Field(default=20, gt=0)
    every: float = Field(default=60, ge=1)


class ChatSettings(Section):
    """Group bots. `bots`: a JSON object, office key -> address (or a list of them), beside those in offices.yaml.

    While `mail.redirect_to` is set only the bot `redirect_to` is told. `through` takes the place of the services' own hosts;
    only with `private` may it lie inside one's own network.
    """

    bots: SecretStr = SecretStr("")
    redirect_to: SecretStr = SecretStr("")
    through: str = Field(default="", pattern=r"^(https?://.+)?$")
    private: bool = False
    timeout: float = Field(default=10, gt=0)


class DashboardSettings(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8501, ge=1, le=65535)
    public_url: str = "http://127.0.0.1:8501"
    refresh_seconds: float = Field(default=5, ge=1)
    demo_notice: bool = False


class CrawlSettings(Section):
    user_agent: str = "minsheng/1.0"
    obey_robots: bool = True


class Settings(Section):
    profile: Literal["embedded", "distributed"] = "embedded"
    data: Path = Path("data")
    home_region: str = Field(default="330000", pattern=r"^\d{6}$")
    log: LogSettings = LogSettings()
    archive: ArchiveSettings = ArchiveSettings()
    ledger: LedgerSettings = LedgerSettings()
    kafka: KafkaSettings = KafkaSettings()
    elastic: ElasticSettings = ElasticSettings()
    monitor: MonitorSettings = MonitorSettings()
    judge: JudgeSettings = JudgeSettings()
    drift: DriftSettings = DriftSettings()
    decide: DecideSettings = DecideSettings()
    mail: MailSettings = MailSettings()
    imap: ImapSettings = ImapSettings()
    chat: ChatSettings = ChatSettings()
    dashboard: DashboardSettings = DashboardSettings()
    crawl: CrawlSettings = CrawlSettings()
