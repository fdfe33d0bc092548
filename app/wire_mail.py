"""Settings -> what carries notices to offices and their answers back. A part of `app/wire.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from configs.catalog import Catalog
from configs.settings import Settings

if TYPE_CHECKING:
    from alerts.ledger import Ledger
    from alerts.links import Links
    from alerts.mailbox import Mailbox
    from alerts.notify.chat import Chat
    from alerts.notify.email import Email
    from alerts.notify.notice import Letterhead, Notifier


@dataclass(frozen=True)
class PostOffice:
    """Everything of one installation that goes to offices or comes from them, each thing made on first use.

    `ledger` and `secret` are asked for when they are needed. `data`: the folder of all files that are written.
    """

    settings: Settings
    catalog: Catalog
    data: Path
    ledger: Callable[[], Ledger]
    secret: Callable[[], bytes]

    @property
    def attachments(self) -> Path:
        return self.data / "attachments"

    @cached_property
    def notifier(self) -> Notifier:
        """Mail and chat, with the books of who was told what."""
        from alerts.notify.channels import Channels
        from alerts.notify.outbox import OutboxFolder

        mail = self.email or OutboxFolder(self.data / "outbox", self.letterhead)
        return Channels(self.ledger(), mail, self.letterhead, self.bots)

    @cached_property
    def email(self) -> Email | None:
        """None where no mail server is named."""
        from alerts.notify.email import Email

        mail = self.settings.mail
        if not mail.host:
            return None
        return Email(
            mail.host,
            mail.port,
            self.letterhead,
            security=mail.security,
            user=mail.user,
            password=mail.password.get_secret_value(),
            timeout=mail.timeout,
        )

    @cached_property
    def letterhead(self) -> Letterhead:
        from alerts.notify.notice import Letterhead

        mail, dashboard = self.settings.mail, self.settings.dashboard
        return Letterhead(
            mail.sender,
            dashboard.public_url,
            mail.redirect_to,
            dashboard.demo_notice,
            self.links,
            replies=bool(self.settings.imap.host),
        )

    @cached_property
    def links(self) -> Links | None:
        from alerts.links import Links

        mail = self.settings.mail
        return Links(self.secret(), days=mail.link_days, series=mail.link_series) if mail.link_days else None

    @cached_property
    def bots(self) -> Callable[[str], Sequence[str]]:
        """The group bots of an office; in a trial only our own."""
        from alerts.notify.bots import bots_of

        chat = self.settings.chat
        ours = chat.redirect_to.get_secret_value()
        trial = bool(self.settings.mail.redirect_to or ours)
        return bots_of(self.catalog, chat.bots.get_secret_value(), redirected=trial, redirect_to=ours)

    @cached_property
    def chat(self) -> Chat:
        from alerts.notify.chat import Chat

        chat = self.settings.chat
        return Chat(timeout=chat.timeout, through=chat.through, private=chat.private)

    @cached_property
    def mailbox(self) -> Mailbox:
        """Where answers come to; only where `imap.host` is set."""
        from alerts.mailbox import Mailbox

        imap = self.settings.imap
        return Mailbox(
            imap.host,
            imap.port,
            security=imap.security,
            user=imap.user,
            password=imap.password.get_secret_value(),
            folder=imap.folder,
            timeout=imap.timeout,
        )
