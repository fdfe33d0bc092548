"""Mail over a real SMTP dialogue with a server on loopback that fails on command."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from alerts.notify.email import Email
from stream.errors import NotifyError
from tests.alerts.mailing import LETTERHEAD, NOW, OFFICE, make_alert, make_notice

GRAVE, MILD = make_notice(1), make_notice(1, alert=make_alert(severity=2))


class Postman:
    """Answers what the test says: `mail`, `data` for those commands, `rcpt` per address."""

    def __init__(self) -> None:
        self.mail, self.data = "250 OK", "250 OK"
        self.rcpt: dict[str, str] = {}
        self.taken: list[Envelope] = []
        self.hello = ""

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any) -> Any:
        self.hello = session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        return self.mail

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]) -> str:
        answer = self.rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        if self.data.startswith("250"):
            self.taken.append(envelope)
        return self.data


Serve = Callable[..., int]


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def serve(postman: Postman) -> Iterator[Serve]:
    """Starts the server with the given options; returns its port."""
    started: list[Controller] = []

    def start(**options: Any) -> int:
        controller = Controller(postman, hostname="127.0.0.1", port=free_port(), **options)
        controller.start()
        started.append(controller)
        return int(controller.port)

    yield start
    for controller in started:
        controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def mailer(port: int, **options: Any) -> Email:
    return Email("127.0.0.1", port, LETTERHEAD, **{"security": "none", "timeout": 5.0, **options})


def test_a_mail_reaches_office_and_deputies(postman: Postman, serve: Serve) -> None:
    assert mailer(serve()).send(OFFICE, [GRAVE], NOW) == {}
    (envelope,) = postman.taken
    assert envelope.mail_from == "minsheng@town.example"
    assert envelope.rcpt_tos == ["renshe@town.example", "deputy@town.example"]
    assert isinstance(envelope.content, bytes)
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert message["Subject"].startswith("【舆情预警·特别严重】")
    assert postman.hello == "town.example"


def test_the_mail_id_given_is_the_message_id(postman: Postman, serve: Serve) -> None:
    mailer(serve()).send(OFFICE, [MILD], NOW, "ab" * 16)
    content = postman.taken[0].content
    assert isinstance(content, bytes)
    assert b"Message-ID: <" + b"ab" * 16 + b"@minsheng.town.example>" in content


@pytest.mark.parametrize(("answer", "retryable"), [("451 later", True), ("554 never", False)])
@pytest.mark.parametrize("step", ["mail", "data"])
def test_the_code_of_the_server_decides(
    postman: Postman, serve: Serve, step: str, answer: str, retryable: bool
) -> None:
    setattr(postman, step, answer)
    with pytest.raises(NotifyError, match=answer) as caught:
        mailer(serve()).send(OFFICE, [MILD], NOW)
    assert caught.value.retryable is retryable


@pytest.mark.parametrize(("answer", "retryable"), [("450 busy", True), ("550 unknown", False)])
def test_when_all_recipients_are_refused_nobody_was_told(
    postman: Postman, serve: Serve, answer: str, retryable: bool
) -> None:
    postman.rcpt["renshe@town.example"] = answer
    with pytest.raises(NotifyError, match=r"renshe@town\.example") as caught:
        mailer(serve()).send(OFFICE, [MILD], NOW)
    assert caught.value.retryable is retryable


def test_one_refused_recipient_is_reported_and_the_others_are_told(postman: Postman, serve: Serve) -> None:
    postman.rcpt["deputy@town.example"] = "550 moved away"
    assert mailer(serve()).send(OFFICE, [GRAVE], NOW) == {"deputy@town.example": "550 moved away"}
    assert postman.taken[0].rcpt_tos == ["renshe@town.example"]


def test_no_server_can_be_tried_again() -> None:
    with pytest.raises(NotifyError, match="无法连接") as caught:
        mailer(free_port()).send(OFFICE, [MILD], NOW)
    assert caught.value.retryable


def test_a_server_that_says_nothing_is_given_up_after_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotifyError, match="无法连接") as caught:
        mailer(silent.getsockname()[1], timeout=0.2).send(OFFICE, [MILD], NOW)
    assert caught.value.retryable


def test_never_in_clear_when_starttls_is_wanted(postman: Postman, serve: Serve) -> None:
    with pytest.raises(NotifyError, match=r"mail\.security") as caught:
        mailer(serve(), security="starttls").send(OFFICE, [MILD], NOW)
    assert caught.value.retryable
    assert postman.taken == []


def check_login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"desk", b"right")
    return AuthResult(success=good, handled=False)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate of this test and is not installed")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    wanted = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        str(cert),
        *wanted,
    ]
    subprocess.run(command, check=True, capture_output=True)
    return key, cert


def serving(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[1]))


def test_starttls_and_login(postman: Postman, serve: Serve, certificate: tuple[Path, Path]) -> None:
    port = serve(tls_context=serving(certificate), authenticator=check_login, auth_required=True)
    options: dict[str, Any] = {"security": "starttls", "user": "desk", "tls": trusting(certificate)}
    mailer(port, password="right", **options).send(OFFICE, [MILD], NOW)
    assert len(postman.taken) == 1
    with pytest.raises(NotifyError, match="登录失败") as caught:
        mailer(port, password="wrong", **options).send(OFFICE, [MILD], NOW)
    assert caught.value.retryable
    assert "wrong" not in str(caught.value)


def test_tls_from_the_start(postman: Postman, serve: Serve, certificate: tuple[Path, Path]) -> None:
    port = serve(ssl_context=serving(certificate))
    mailer(port, security="tls", tls=trusting(certificate)).send(OFFICE, [MILD], NOW)
    assert len(postman.taken) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    postman: Postman, serve: Serve, certificate: tuple[Path, Path]
) -> None:
    port = serve(tls_context=serving(certificate))
    with pytest.raises(NotifyError, match="无法连接"):
        mailer(port, security="starttls").send(OFFICE, [MILD], NOW)
    assert postman.taken == []
