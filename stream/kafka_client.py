"""How a Kafka client reaches the servers: address, encryption, login; and what its failures mean."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from kafka.errors import AuthorizationError, KafkaTimeoutError, RequestTimedOutError, SaslAuthenticationFailedError
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket

from stream.errors import MinshengError, Unavailable

PROTOCOLS = {"plaintext": "PLAINTEXT", "tls": "SSL", "sasl": "SASL_PLAINTEXT", "sasl_tls": "SASL_SSL"}
BOOTSTRAP_MS = 8_000  # to learn of the brokers
REQUEST_MS = 10_000
RECONNECT_MS = 2_000  # the longest pause between two attempts at a broker that is away
# A host that vanished without a word must not hold a join or a fetch for minutes.
SOCKET_OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in {
            "TCP_KEEPIDLE": 15,
            "TCP_KEEPINTVL": 5,
            "TCP_KEEPCNT": 3,
            "TCP_USER_TIMEOUT": 30_000,
        }.items()
        if hasattr(socket, name)
    ),
]

TIMEOUTS = (KafkaTimeoutError, RequestTimedOutError)

Client = TypeVar("Client")


@dataclass(frozen=True)
class Access:
    """Where Kafka is and how we are let in; the fields are those of the settings (`kafka.*`).

    Raises MinshengError when a file that is named does not exist or the name for the login is missing.
    """

    servers: str
    security: str = "plaintext"
    mechanism: str = "SCRAM-SHA-512"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    def __post_init__(self) -> None:
        if self.security not in PROTOCOLS:
            raise MinshengError(f"kafka.security: {self.security} 不认识，可用: {'、'.join(PROTOCOLS)}")
        if self.security.startswith("sasl") and not self.user:
            raise MinshengError(f"kafka.user: 连接方式是 {self.security}，但没有填账号；请填写，或改用 plaintext / tls")
        for name in ("ca_file", "cert_file", "key_file") if self.encrypted else ():
            path = getattr(self, name)
            if path and not Path(path).is_file():
                raise MinshengError(f"kafka.{name}: 没有文件 {path}；请改正路径，或留空")

    @property
    def encrypted(self) -> bool:
        return self.security.endswith("tls")

    def options(self) -> dict[str, Any]:
        """What every kind of client is given."""
        options: dict[str, Any] = {
            "bootstrap_servers": [part.strip() for part in self.servers.split(",") if part.strip()],
            "client_id": "minsheng",
            "security_protocol": PROTOCOLS[self.security],
            "bootstrap_timeout_ms": BOOTSTRAP_MS,
            "request_timeout_ms": REQUEST_MS,
            "reconnect_backoff_max_ms": RECONNECT_MS,
            "socket_options": SOCKET_OPTIONS,
            "proxy_url": f"{Dialing.SCHEMES[0]}://",  # no proxy: the name under which the library finds it
        }
        if self.encrypted:
            options["ssl_context"] = self._context()
        if self.security.startswith("sasl"):
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options

    def _context(self) -> ssl.SSLContext:
        """Trusts `ca_file`, or whom the system trusts, and shows our certificate if there is one."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file or None)
        except (OSError, ValueError) as error:
            raise MinshengError(
                f"kafka.ca_file、cert_file 或 key_file 不能用: {error}；三者须是 PEM 文件，私钥不带口令且与证书相配"
            ) from error
        context.sslsocket_class = Encrypted
        return context

    @contextlib.contextmanager
    def reaching(self, doing: str) -> Iterator[None]:
        """Whatever a client raises inside means that Kafka does not serve us now: raises Unavailable."""
        try:
            yield
        except MinshengError:
            raise
        except Exception as error:
            raise self.away(doing, error) from error

    def away(self, doing: str, error: BaseException) -> Unavailable:
        if isinstance(error, SaslAuthenticationFailedError):
            return Unavailable(
                f"Kafka（{self.servers}）不接受账号 {self.user}（{self.mechanism}）: {error}；"
                "请检查 kafka.user、kafka.password 和 kafka.mechanism"
            )
        if isinstance(error, AuthorizationError):
            return Unavailable(f"Kafka（{self.servers}）不许账号 {self.user or '(无)'} {doing}: {error}；请管理员授权")
        return Unavailable(
            f"Kafka（{self.servers}）现在不能{doing}: {type(error).__name__} {error}；"
            f"会自动重试。若一直如此，请检查服务器、kafka.servers 和 kafka.security（现为 {self.security}）"
        )


class LastWords:
    """A socket that gives what came before it tells that the other side hung up.

    The library forgets what it has received when the end comes with it: the reason why a login was refused.
    """

    _received = False

    def recv(self, *arguments: Any) -> bytes:
        data: bytes = super().recv(*arguments)  # type: ignore[misc]
        if not data and self._received:
            self._received = False
            raise BlockingIOError
        self._received = bool(data)
        return data


class Plain(LastWords, socket.socket):
    pass


class Encrypted(LastWords, ssl.SSLSocket):
    """Closed at once when the other side cannot be trusted."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError:
            self.close()
            raise


class Dialing(KafkaNetSocket):  # type: ignore[misc]
    """How a connection is made: as the library does, but one that failed is closed at once, not when memory is tidied."""

    SCHEMES = ("direct",)

    def socket(self, *arguments: Any) -> Plain:
        return Plain(*arguments)

    async def sock_connect(self, net: Any, sock: Plain, *arguments: Any, **options: Any) -> Plain:
        try:
            return await super().sock_connect(net, sock, *arguments, **options)  # type: ignore[no-any-return]
        except BaseException:
            sock.close()
            raise


class Causes(logging.Handler):
    """Keeps why a connection failed: the library tells its log, and its caller only that time ran out.

    What it logs of connections goes no further: an outage would fill our log with it, and Unavailable tells the cause.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last: BaseException | None = None
        logger = logging.getLogger("kafka.net")
        logger.addHandler(self)
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        for argument in record.args if isinstance(record.args, tuple) else ():
            if isinstance(argument, Exception) and not isinstance(argument, TIMEOUTS):
                self.last = argument


CAUSES = Causes()


class Connections(KafkaNetClient):  # type: ignore[misc]
    """The library's own, but a connection whose last request was not sent yet is closed like the others."""

    def close(self, node_id: int | None = None) -> None:
        conns = list(self._manager._conns.values()) if node_id is None else []  # noqa: SLF001
        transports = [conn.transport for conn in conns if conn.transport is not None]
        super().close(node_id)
        for transport in transports:
            if (left := transport._sock) is not None:  # noqa: SLF001
                left.close()


def open_client(kind: Callable[..., Client], access: Access, **options: Any) -> Client:
    """A client of this kind. An attempt that fails leaves no thread or socket behind."""
    parts: list[Connections] = []
    CAUSES.last = None

    def make(**configs: Any) -> Connections:
        parts.append(Connections(**configs))
        return parts[-1]

    try:
        return kind(**access.options(), kafka_client=make, **options)
    except BaseException as error:
        for part in parts:
            part.close()
        if isinstance(error, KafkaTimeoutError) and CAUSES.last is not None:
            raise CAUSES.last from error
        raise
