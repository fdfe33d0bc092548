"""The mailbox that offices answer to, over IMAP (RFC 3501). Nothing is deleted; what was handled is marked as read."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeVar

from alerts.notify.clean import clean_line, clip
from stream.errors import Unavailable

LARGEST = 25 << 20  # bytes; a larger mail is not fetched
AT_ONCE = 50  # mails of one look
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail as it lies there. `raw` is None where it is larger than what is fetched."""

    uid: int
    raw: bytes | None


class Mailbox:
    """Opens a connection for each look. Everything raises Unavailable (in Chinese) while the server does not answer."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: Literal["tls", "starttls", "none"] = "tls",
        user: str = "",
        password: str = "",
        folder: str = "INBOX",
        timeout: float = 20.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls`: whom to trust; default the system's authorities."""
        self._host, self._port, self._security = host, port, security
        self._user, self._password, self._folder = user, password, folder
        self._timeout, self._tls = timeout, tls

    @contextmanager
    def open(self) -> Iterator[Look]:
        server = self._told(self._connect)
        try:
            yield Look(server, self._told, self._told(lambda: _select(server, self._folder)))
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                server.logout()

    def _connect(self) -> imaplib.IMAP4:
        tls = self._tls or ssl.create_default_context()
        server: imaplib.IMAP4
        if self._security == "tls":
            server = imaplib.IMAP4_SSL(self._host, self._port, ssl_context=tls, timeout=self._timeout)
        else:
            server = imaplib.IMAP4(self._host, self._port, timeout=self._timeout)
        try:
            if self._security == "starttls":
                server.starttls(tls)
            server.login(self._user, self._password)
        except BaseException:
            with suppress(OSError, imaplib.IMAP4.error):
                server.shutdown()
            raise
        return server

    def _told(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            said = clip(clean_line(str(error)), 160).replace(self._password or "\0", "***")
            raise Unavailable(f"收件服务器 {self._host}:{self._port} 不可用，请检查 imap 设置: {said}") from error


class Look:
    """One connection with the folder open. `validity`: the uids mean the same mails as long as it is the same."""

    def __init__(self, server: imaplib.IMAP4, told: Callable[[Callable[[], Any]], Any], validity: int) -> None:
        self._server, self._told, self.validity = server, told, validity

    def after(self, uid: int, since: date) -> list[int]:
        """The uids above this one of mails that came on that day or later, the lowest first, at most 50."""
        day = f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"  # RFC 3501 has English names, whatever the locale
        found = self._told(lambda: _data(self._server.uid("SEARCH", f"UID {uid + 1}:* SINCE {day}")))
        numbers = sorted({int(one) for line in found if line for one in line.split()})
        return [one for one in numbers if one > uid][:AT_ONCE]  # the range n:* always holds the last mail

    def fetch(self, uid: int) -> Fetched | None:
        """None when it is there no more."""
        size = self._number(uid, "RFC822.SIZE")
        if size is None:
            return None
        if size > LARGEST:
            return Fetched(uid, None)
        parts = self._told(lambda: _data(self._server.uid("FETCH", str(uid), "(BODY.PEEK[])")))
        raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
        return None if raw is None else Fetched(uid, bytes(raw))

    def mark_read(self, uid: int) -> None:
        self._told(lambda: _data(self._server.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)")))

    def _number(self, uid: int, item: str) -> int | None:
        parts = self._told(lambda: _data(self._server.uid("FETCH", str(uid), f"({item})")))
        text = b" ".join(part if isinstance(part, bytes) else part[0] for part in parts if part)
        found = re.search(rf"{re.escape(item)} (\d+)".encode(), text)
        return int(found[1]) if found else None


def _select(server: imaplib.IMAP4, folder: str) -> int:
    quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    _data(server.select(quoted))
    said = server.response("UIDVALIDITY")[1]
    return int(said[0]) if said and said[0] else 0


def _data(answer: tuple[str, list[Any]]) -> list[Any]:
    state, data = answer
    if state != "OK":
        raise imaplib.IMAP4.error(f"{state} {data!r:.120}")
    return data or []
