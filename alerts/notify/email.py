"""Mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from typing import Literal

from alerts.notify.clean import clean_line, clip
from alerts.notify.compose import compose, recipients
from alerts.notify.notice import Letterhead, Notice, OfficeAddress, mail_id_of
from stream.errors import NotifyError

Security = Literal["starttls", "tls", "none"]
Reply = tuple[int, bytes]


class Email:
    """Sends over one SMTP server, a connection per mail.

    What goes wrong before the mail is offered (no connection, TLS, login) is the server's or the settings' fault, so
    trying again later can help. After that the server's code decides: 4xx can be tried again, 5xx not (RFC 5321 4.2.1).
    """

    def __init__(
        self,
        host: str,
        port: int,
        letterhead: Letterhead,
        *,
        security: Security = "starttls",
        user: str = "",
        password: str = "",
        timeout: float = 20.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`timeout`: seconds for each step of the dialogue. `tls`: whom to trust; default the system's authorities."""
        self._host, self._port, self._letterhead = host, port, letterhead
        self._security = security
        self._user, self._password = user, password
        self._timeout = timeout
        self._tls = tls

    def send(
        self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str = ""
    ) -> Mapping[str, str]:
        mail_id = mail_id or mail_id_of(notice.alert.id for notice in notices)
        message = compose(self._letterhead, office, notices, mail_id, now)
        to, copies = recipients(self._letterhead, office, notices)
        with self._session() as server:
            return self._offer(server, message, [*to, *copies])

    def post(self, message: EmailMessage, address: str) -> None:
        """Send a mail that is composed already to one address. Raises NotifyError."""
        with self._session() as server:
            self._offer(server, message, [address])

    def sign_in(self) -> None:
        """Connect and log in, without a mail. Raises NotifyError."""
        with self._session() as server:
            server.noop()

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        server = self._open()
        try:
            yield server
        except Exception:
            _part(server)
            raise
        except BaseException:  # the process is to end now, without another word
            server.close()
            raise
        _part(server)

    def _open(self) -> smtplib.SMTP:
        where = f"邮件服务器 {self._host}:{self._port}"
        try:
            return self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise NotifyError(f"{where} 登录失败({_said(error)})，请检查 mail.user 与密码", retryable=True) from error
        except smtplib.SMTPNotSupportedError as error:
            why = f"{where} 不支持所设的加密或登录方式({clean_line(str(error))})，请检查 mail.security 与 mail.user"
            raise NotifyError(why, retryable=True) from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotifyError(f"{where} 无法连接: {_reason(error)}", retryable=True) from error

    def _connect(self) -> smtplib.SMTP:
        """Connected, encrypted, logged in. The name given to the server is the sender's domain: no look-up."""
        name = self._letterhead.sender.rpartition("@")[2] or "localhost"
        tls = self._tls or ssl.create_default_context()
        server: smtplib.SMTP
        if self._security == "tls":
            server = smtplib.SMTP_SSL(self._host, self._port, name, timeout=self._timeout, context=tls)
        else:
            server = smtplib.SMTP(self._host, self._port, name, timeout=self._timeout)
        try:
            if self._security == "starttls":
                server.starttls(context=tls)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _offer(self, server: smtplib.SMTP, message: EmailMessage, addresses: list[str]) -> Mapping[str, str]:
        try:
            refused = server.send_message(message, self._letterhead.sender, addresses)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            why = "；".join(f"{address} {_reply(reply)}" for address, reply in error.recipients.items())
            raise NotifyError(f"收件人全部被拒: {why}", retryable=any(code < 500 for code in codes)) from error
        except smtplib.SMTPResponseException as error:
            raise NotifyError(f"邮件被拒: {_said(error)}", retryable=error.smtp_code < 500) from error
        except (smtplib.SMTPNotSupportedError, UnicodeError) as error:
            why = f"邮件服务器不支持地址中的非英文字符: {_reason(error)}"
            raise NotifyError(why, retryable=False) from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotifyError(f"发送中断: {_reason(error)}", retryable=True) from error
        return {address: _reply(reply) for address, reply in refused.items()}


def _part(server: smtplib.SMTP) -> None:
    """Say good-bye; that the server has hung up first changes nothing about what it accepted."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _reply(reply: Reply) -> str:
    code, text = reply
    return clip(clean_line(f"{code} {text.decode('utf-8', 'replace')}"), 200)


def _said(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return _reply((error.smtp_code, text if isinstance(text, bytes) else str(text).encode()))


def _reason(error: Exception) -> str:
    return clip(clean_line(str(error)) or type(error).__name__, 200)
