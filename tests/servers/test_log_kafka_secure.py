"""Login and encryption against a real Kafka broker with every kind of listener."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from app.servers.jars import kafka_jars
from app.servers.java import find_java
from app.servers.kafka import Kafka
from app.servers.server import HOST, free_port
from stream.errors import Unavailable
from stream.log_kafka import KafkaLog
from tests.contract.log import drain, names, outs
from tests.servers.fixtures import running, say

USER, PASSWORD = "wang", "invented-secret"
NOW = datetime.now(UTC)
JAAS = "org.apache.kafka.common.security"
MORE = """
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller},SASL://{host}:{sasl},TLS://{host}:{tls},BOTH://{host}:{both}
advertised.listeners=PLAINTEXT://{host}:{port},SASL://{host}:{sasl},TLS://{host}:{tls},BOTH://{host}:{both}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL,BOTH:SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.tls.ssl.client.auth=required
"""
LOGINS = f"""
listener.name.{{name}}.plain.sasl.jaas.config={JAAS}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";
listener.name.{{name}}.scram-sha-256.sasl.jaas.config={JAAS}.scram.ScramLoginModule required;
listener.name.{{name}}.scram-sha-512.sasl.jaas.config={JAAS}.scram.ScramLoginModule required;
"""


class Authority:
    """Signs certificates for 127.0.0.1 that are good for a day."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        basic = (x509.BasicConstraints(ca=True, path_length=None), True)
        self.certificate = self._sign(self.name, self.key.public_key(), *basic)

    def _sign(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, extension: Any, critical: bool
    ) -> x509.Certificate:
        draft = x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key)
        draft = draft.serial_number(x509.random_serial_number())
        draft = draft.not_valid_before(NOW - timedelta(hours=1)).not_valid_after(NOW + timedelta(days=1))
        return draft.add_extension(extension, critical).sign(self.key, SHA256())

    def write(self, file: Path) -> None:
        file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def issue(self, name: str, key_file: Path, cert_file: Path) -> None:
        """Both may be the same file, as the broker wants it."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        where = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        key_file.write_bytes(pem)
        certificate = self._sign(subject, key.public_key(), where, False).public_bytes(Encoding.PEM)
        cert_file.write_bytes(pem + certificate if cert_file == key_file else certificate)


class SecureKafka(Kafka):
    def prepare(self) -> None:
        super().prepare()
        self.sasl, self.tls, self.both = free_port(), free_port(), free_port()
        authority = Authority("broker authority")
        authority.write(self.folder / "ca.pem")
        authority.issue("broker", self.folder / "broker.pem", self.folder / "broker.pem")
        authority.issue("client", self.folder / "client.key", self.folder / "client.pem")
        Authority("somebody else").write(self.folder / "other.pem")
        ports = {
            "port": self.port,
            "controller": self.controller,
            "sasl": self.sasl,
            "tls": self.tls,
            "both": self.both,
        }
        more = MORE.format(host=HOST, folder=self.folder, **ports)
        more += "".join(LOGINS.format(name=name) for name in ("sasl", "both"))
        with (self.folder / "server.properties").open("a", encoding="utf-8") as file:
            file.write(more)


@pytest.fixture(scope="module")
def secure() -> Iterator[SecureKafka]:
    with running(lambda place: SecureKafka(place, find_java(os.environ), kafka_jars(os.environ, say))) as server:
        with KafkaAdminClient(bootstrap_servers=server.url) as admin:
            for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
                admin.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, mechanism, PASSWORD)])
        yield server


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream.kafka_client.BOOTSTRAP_MS", 3000)


def go_round(log: KafkaLog) -> None:
    """Publishing, reading, committing and asking for the lag all go through."""
    with closing(log):
        log.publish("t", outs("甲"))
        assert "甲" in names(drain(log, "t", "g"))


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_login_opens_the_log(secure: SecureKafka, mechanism: str) -> None:
    servers = f"{HOST}:{secure.sasl}"
    go_round(KafkaLog(servers, security="sasl", mechanism=mechanism, user=USER, password=PASSWORD))


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_is_named(secure: SecureKafka, mechanism: str) -> None:
    servers = f"{HOST}:{secure.sasl}"
    with closing(KafkaLog(servers, security="sasl", mechanism=mechanism, user=USER, password="no")) as log:
        with pytest.raises(Unavailable, match=rf"不接受账号 {USER}（{mechanism}）.*kafka\.password"):
            log.publish("t", outs("甲"))
        with pytest.raises(Unavailable, match="不接受账号"):
            log.read("t", "g", 10, 0)


def test_a_login_that_is_mended_on_the_server_works_without_a_restart(secure: SecureKafka) -> None:
    servers = f"{HOST}:{secure.sasl}"
    with closing(KafkaLog(servers, security="sasl", mechanism="SCRAM-SHA-512", user="li", password="later")) as log:
        with pytest.raises(Unavailable, match="不接受账号 li"):
            log.publish("t", outs("甲"))
        with KafkaAdminClient(bootstrap_servers=secure.url) as admin:
            later = UserScramCredentialUpsertion("li", ScramMechanism.SCRAM_SHA_512, "later")
            admin.alter_user_scram_credentials([later])
        go_round(log)


def test_encryption_with_a_certificate_of_our_own(secure: SecureKafka) -> None:
    ca_file, cert_file, key_file = (str(secure.folder / name) for name in ("ca.pem", "client.pem", "client.key"))
    servers = f"{HOST}:{secure.tls}"
    go_round(KafkaLog(servers, security="tls", ca_file=ca_file, cert_file=cert_file, key_file=key_file))


def test_encryption_and_login_together(secure: SecureKafka) -> None:
    ca_file = str(secure.folder / "ca.pem")
    servers = f"{HOST}:{secure.both}"
    go_round(KafkaLog(servers, security="sasl_tls", user=USER, password=PASSWORD, ca_file=ca_file))


@pytest.mark.parametrize("ca_file", ["other.pem", ""])
def test_a_server_that_nobody_vouches_for_is_not_trusted(secure: SecureKafka, ca_file: str) -> None:
    path = str(secure.folder / ca_file) if ca_file else ""
    servers = f"{HOST}:{secure.both}"
    log = KafkaLog(servers, security="sasl_tls", user=USER, password=PASSWORD, ca_file=path)
    with closing(log), pytest.raises(Unavailable, match=rf"{servers}.*certificate verify failed"):
        log.publish("t", outs("甲"))
