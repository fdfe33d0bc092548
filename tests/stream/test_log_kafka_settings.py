"""What the Kafka log makes of its settings; no server is asked."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka.errors import UnknownBrokerIdError

from stream.errors import MinshengError, Unavailable
from stream.kafka_client import Access
from stream.kafka_topics import Topics
from stream.log import Out
from stream.log_kafka import KafkaLog


def topics(**settings: object) -> Topics:
    options = {"prefix": "minsheng.", "partitions": 6, "replicas": 1, "keep_days": 30, "compression": "lz4", **settings}
    return Topics(Access("127.0.0.1:1"), **options)  # type: ignore[arg-type]


def test_servers_are_split_by_commas() -> None:
    assert Access("a:9092, b:9093,").options()["bootstrap_servers"] == ["a:9092", "b:9093"]


def test_plaintext_hands_over_neither_login_nor_certificates(tmp_path: Path) -> None:
    options = Access("a:1", user="u", password="p", ca_file=str(tmp_path / "missing.pem")).options()
    assert options["security_protocol"] == "PLAINTEXT"
    assert not [name for name in options if name.startswith(("sasl", "ssl"))]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_login_is_handed_over(mechanism: str) -> None:
    options = Access("a:1", "sasl", mechanism, "wang", "geheim").options()
    assert options["security_protocol"] == "SASL_PLAINTEXT"
    assert options["sasl_mechanism"] == mechanism
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("wang", "geheim")


@pytest.mark.parametrize("security", ["tls", "sasl_tls"])
def test_encryption_checks_certificate_and_host(security: str) -> None:
    context = Access("a:1", security, user="u").options()["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.get_ca_certs(), "without a file, whom the system trusts"


def test_a_certificate_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("不是证书")
    with pytest.raises(MinshengError, match=r"kafka\.ca_file.*PEM"):
        Access("a:1", "tls", ca_file=str(tmp_path / "ca.pem")).options()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Access("a:1", "sasl"), r"kafka\.user"),
        (lambda: Access("a:1", "ssl"), r"kafka\.security: ssl"),
        (lambda: Access("a:1", "tls", ca_file="/nowhere/ca.pem"), r"kafka\.ca_file: 没有文件 /nowhere/ca\.pem"),
    ],
)
def test_a_setting_that_cannot_work_is_named(make: Callable[[], Access], message: str) -> None:
    with pytest.raises(MinshengError, match=message):
        make()


def test_the_password_is_not_shown() -> None:
    assert "geheim" not in repr(Access("a:1", "sasl", user="wang", password="geheim"))


def test_names_on_the_servers_begin_with_the_prefix() -> None:
    assert topics().name("posts.raw") == "minsheng.posts.raw"
    assert topics(prefix="").name("posts.raw") == "posts.raw"
    assert topics().group("posts.raw", "judge") == "minsheng.judge@posts.raw"


class Electing:
    """A server whose partitions have no leader the first time it is asked: the library then asks broker -1."""

    def __init__(self) -> None:
        self.asked = 0

    def describe_topics(self, names: list[str]) -> list[dict[str, object]]:
        self.asked += 1
        if self.asked == 1:
            raise UnknownBrokerIdError(-1)
        return [{"error_code": 3, "partitions": []}]

    def close(self) -> None:
        pass


def test_while_a_leader_is_being_chosen_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Electing()
    monkeypatch.setattr("stream.kafka_topics.open_client", lambda *_: server)
    assert topics().lag("posts.raw", "judge") == 0
    assert server.asked == 2


def test_two_topics_of_a_group_are_two_groups_on_the_servers() -> None:
    assert topics().group("dead.judge", "dead-letters") != topics().group("dead.archive", "dead-letters")


def test_dead_letters_outlive_the_posts() -> None:
    day = 24 * 3600 * 1000
    assert topics(keep_days=7).config("posts.raw")["retention.ms"] == str(7 * day)
    assert topics(keep_days=7).config("dead.judge")["retention.ms"] == str(365 * day)
    assert topics(keep_days=900).config("dead.judge")["retention.ms"] == str(900 * day)


def test_three_replicas_confirm_with_two() -> None:
    assert topics(replicas=1).config("t")["min.insync.replicas"] == "1"
    assert topics(replicas=3).config("t")["min.insync.replicas"] == "2"


def test_uncompressed_is_what_the_servers_call_none() -> None:
    assert topics(compression="none").config("t")["compression.type"] == "uncompressed"


def test_nothing_is_connected_before_the_first_use() -> None:
    KafkaLog("127.0.0.1:1").close()


def test_servers_that_are_not_there_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.kafka_client.BOOTSTRAP_MS", 300)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        servers = f"127.0.0.1:{taken.getsockname()[1]}"
        log = KafkaLog(servers)
        started = time.monotonic()
        with pytest.raises(Unavailable, match=servers):
            log.publish("t", [Out("k", b"x")])
        with pytest.raises(Unavailable, match=r"kafka\.servers"):
            log.read("t", "g", 1, 0)
        with pytest.raises(Unavailable, match="积压"):
            log.lag("t", "g")
        log.close()
        assert time.monotonic() - started < 10


def test_publishing_nothing_asks_nobody() -> None:
    KafkaLog("127.0.0.1:1").publish("t", [])
