"""Mail and chat of an office behind one door, with the books of who was told what.

* A mail is written down before it goes out (its cases, so that an answer finds its way back) and, address by address,
  after it was taken: sent again, it goes only to those that have not had it.
* A chat message is put into a queue of its own under the same id, so that neither channel waits for the other or makes
  it speak twice. `send_chats` empties the queue.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from alerts.backoff import pause
from alerts.ledger import Ledger
from alerts.ledger.mails import Chat, Mail
from alerts.ledger.office_links import SentLink
from alerts.ledger.replies import DutyItem
from alerts.links import OfficeLink
from alerts.links import name_of as name_of_link
from alerts.notify.chat_text import chat_text
from alerts.notify.compose import linked, recipients
from alerts.notify.notice import Letterhead, Notice, Notifier, OfficeAddress, mail_id_of
from alerts.notify.words import REFUSED
from configs.catalog import SHANGHAI
from stream.errors import NotifyError
from stream.worker import Count, ignore

HOLD = timedelta(minutes=5)  # longer than a chat message takes
PATIENCE = 6  # tries for the addresses of a mail that were refused for now while others took it: about an hour
CHAT_TRIES = 12  # about four hours

Bots = Callable[[str], Sequence[str]]  # office id -> the secret addresses of its chat groups
logger = logging.getLogger(__name__)


class ChatSender(Protocol):
    def send(self, bot: str, text: str) -> None:
        """Raises NotifyError."""
        ...


def no_bots(office: str) -> Sequence[str]:
    return ()


class Channels:
    """A notifier around another: `mail` carries, this keeps the books and queues for the `bots` of the office."""

    def __init__(self, ledger: Ledger, mail: Notifier, letterhead: Letterhead, bots: Bots = no_bots) -> None:
        self._ledger, self._mail, self._letterhead, self._bots = ledger, mail, letterhead, bots

    def send(
        self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str = ""
    ) -> Mapping[str, str]:
        mail_id = mail_id or mail_id_of(notice.alert.id for notice in notices)
        begun = self._begin(office, notices, now, mail_id)
        rest = replace(office, emails=_without(office.emails, begun), deputies=_without(office.deputies, begun))
        to, copies = recipients(self._letterhead, rest, notices)
        wanted = [one for one in (*to, *copies) if one not in begun.told]
        if not wanted and begun.told:
            return {}
        refused = self._mail.send(rest, notices, now, mail_id)
        self._note(office, mail_id, wanted, refused, now)
        passing = {one: why for one, why in refused.items() if is_passing(why)}
        if passing and min(notice.alert.attempts for notice in notices) < PATIENCE:
            why = "；".join(f"{one} {said}" for one, said in passing.items())
            raise NotifyError(f"其余收件人已收到，暂时被拒的稍后只向其重发: {why}", retryable=True)
        return refused

    def _begin(self, office: OfficeAddress, notices: Sequence[Notice], now: datetime, mail_id: str) -> Mail:
        cases = tuple(dict.fromkeys(notice.alert.case_id for notice in notices if notice.alert.case_id))
        alerts = tuple(notice.alert.id for notice in notices)
        bots = self._bots(office.id)
        text = chat_text(self._letterhead, office, notices, now) if bots else ""
        chats = [Chat(f"{mail_id}:{name_of(bot)}", office.id, name_of(bot), text, now) for bot in bots]
        links = [OfficeLink(one, office.id, now) for one in linked(self._letterhead, office, notices)]
        with self._ledger.begin() as tx:
            tx.mails.queue(chats)
            tx.links.add([SentLink(name_of_link(one), one.case_id, one.office, one.made_at, mail_id) for one in links])
            return tx.mails.begin(Mail(mail_id, office.id, now, cases, alerts))

    def _note(
        self, office: OfficeAddress, mail_id: str, wanted: Sequence[str], refused: Mapping[str, str], now: datetime
    ) -> None:
        day = f"{now.astimezone(SHANGHAI):%Y%m%d}"
        items = [
            DutyItem(f"refused:{office.id}:{address}:{day}", now, "refused", REFUSED, f"{address}: {why}", office.id)
            for address, why in refused.items()
            if not is_passing(why)
        ]
        with self._ledger.begin() as tx:
            tx.mails.told(mail_id, [one for one in wanted if one not in refused], now)
            tx.replies.add_items(items)


def is_passing(why: str) -> bool:
    """Whether a refusal may pass: every code but 5xx (RFC 5321 4.2.1)."""
    return not why.startswith("5")


def name_of(bot: str) -> str:
    """What stands for a bot in the books, in place of its secret address."""
    return hashlib.sha256(bot.encode()).hexdigest()[:12]


def send_chats(
    ledger: Ledger, sender: ChatSender, bots: Bots, now: datetime, *, count: Count = ignore, stop: Callable[[], bool]
) -> int:
    """Send every chat message that is due; returns how many were sent."""
    sent = 0
    while not stop():
        with ledger.begin() as tx:
            chat = tx.mails.take_chat(now, now + HOLD)
        if chat is None:
            return sent
        sent += _send(ledger, sender, bots, chat, now, count)
    return sent


def _send(ledger: Ledger, sender: ChatSender, bots: Bots, chat: Chat, now: datetime, count: Count) -> bool:
    try:
        bot = next((one for one in bots(chat.office) if name_of(one) == chat.bot), None)
        if bot is None:
            raise NotifyError("这个群机器人已不在配置中", retryable=False)
        sender.send(bot, chat.text)
    except NotifyError as error:
        _failed(ledger, chat, error, now)
        count("chat_failed", "retryable" if error.retryable else "permanent", 1)
        logger.warning("chat %s to %s did not go out (retryable: %s)", chat.id, chat.office, error.retryable)
        return False
    with ledger.begin() as tx:
        tx.mails.chat_sent(chat.id)
    count("chat_sent", "accepted", 1)
    return True


def _failed(ledger: Ledger, chat: Chat, error: NotifyError, now: datetime) -> None:
    again = None
    if error.retryable and chat.attempts + 1 < CHAT_TRIES:
        again = now + pause(chat.id, chat.attempts)
    with ledger.begin() as tx:
        tx.mails.chat_failed(chat.id, str(error), again)
        if again is None:
            item = f"chat:{chat.office}:{chat.bot}:{now.astimezone(SHANGHAI):%Y%m%d}"
            tx.replies.add_items([DutyItem(item, now, "chat", "群消息发不出去", str(error), chat.office)])


def _without(addresses: Sequence[str], mail: Mail) -> tuple[str, ...]:
    return tuple(one for one in addresses if one not in mail.told)
