"""What a channel is given: to whom, about what, with which evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alerts.links import Links
from alerts.model import Alert, Case, Event


@dataclass(frozen=True, slots=True)
class OfficeAddress:
    """Where an office is written to. `deputies` get a copy of grave and overdue alerts."""

    id: str
    name: str
    emails: tuple[str, ...]
    deputies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """An exact, already masked piece of a stored post. `url` is "" unless it is a http(s) address."""

    post_id: str
    text: str
    source: str
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert with all that a message shows. `topic`, `lead`, `helps` are names; `case` None: none was opened.

    Nothing in it accuses the office that it goes to; `withheld`: there is no quote because all the posts do. `unread`:
    there is none because the posts could not be read.
    """

    alert: Alert
    case: Case | None = None
    event: Event | None = None
    topic: str = ""
    lead: str = ""
    helps: tuple[str, ...] = ()
    basis_source: str = ""
    quotes: tuple[Quote, ...] = ()
    withheld: bool = False
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all mails of an installation share.

    `public_url` is the dashboard's address. `redirect_to` sends every mail there instead, the true recipients
    named in the text. `demo` says on every mail that all is invented. `links` makes the link by which an office acts without
    an account (None: no such links). `replies`: an answer to the mail is read.
    """

    sender: str
    public_url: str
    redirect_to: str = ""
    demo: bool = False
    links: Links | None = None
    replies: bool = False

    def message_id(self, mail_id: str) -> str:
        """By this, answers and copies of the mail are known (see alerts/mail_reading.py)."""
        return f"<{mail_id}@minsheng.{self.sender.rpartition('@')[2] or 'localhost'}>"


class Notifier(Protocol):
    """A channel. Sending the same `mail_id` again must not make a second message where the channel can prevent it."""

    def send(
        self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str = ""
    ) -> Mapping[str, str]:
        """Deliver one message; returns the recipients that were refused (address -> why) although others took it.

        `mail_id` "": the one that `mail_id_of` gives. Raises NotifyError when nobody took it.
        """
        ...


def mail_id_of(alert_ids: Iterable[str]) -> str:
    """32 hex digits, the same for the same alerts in any order."""
    return hashlib.sha256("\n".join(sorted(alert_ids)).encode()).hexdigest()[:32]
