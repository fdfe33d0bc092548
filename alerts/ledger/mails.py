"""Where each mail went, and the chat messages that are still to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, or_, select, update

from alerts.ledger.columns import names_of
from alerts.ledger.engine import take_turns
from alerts.ledger.rows import add_rows
from alerts.ledger.tables_delivery import chats, mails

CHATTERS = 6_011_575  # the lock of those that look for due chat messages


@dataclass(frozen=True, slots=True)
class Mail:
    """What one mail told (`cases` and `alerts` by id), and whom: `told` address -> when its server took it (ISO),
    `bounced` address -> why it came back."""

    id: str
    office: str
    at: datetime
    cases: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    bounced: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chat:
    """One message to one bot of an office. `bot` is the fingerprint of its address, which is a secret."""

    id: str
    office: str
    bot: str
    text: str
    at: datetime
    state: Literal["pending", "sent", "failed"] = "pending"
    attempts: int = 0
    next_try_at: datetime | None = None
    why_not: str = ""


_MAIL = [mails.c[name] for name in names_of(Mail)]
_CHAT = [chats.c[name] for name in names_of(Chat)]


class Mails:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def begin(self, mail: Mail) -> Mail:
        """Note that the mail is about to be sent; returns it as it stands, with whom it reached before."""
        add_rows(self._conn, mails, [{name: _plain(getattr(mail, name)) for name in names_of(Mail)}])
        return self._locked(mail.id) or mail

    def get(self, mail_id: str) -> Mail | None:
        row = self._conn.execute(select(*_MAIL).where(mails.c.id == mail_id)).first()
        return _mail(row) if row else None

    def told(self, mail_id: str, addresses: Iterable[str], at: datetime) -> None:
        """These addresses' servers took it."""
        if mail := self._locked(mail_id):
            new = {address: at.isoformat() for address in addresses}
            self._write(mail_id, {"told": {**new, **mail.told}})

    def bounced(self, mail_id: str, address: str, why: str) -> Mail | None:
        """It came back from this address; returns the mail as it stands then, None if there is no such mail."""
        if mail := self._locked(mail_id):
            self._write(mail_id, {"bounced": {**mail.bounced, address: why}})
        return self.get(mail_id)

    def queue(self, new: Sequence[Chat]) -> int:
        """Create those that do not exist yet, by id; returns how many that were."""
        rows = [{name: getattr(chat, name) for name in names_of(Chat)} for chat in new]
        return len(add_rows(self._conn, chats, rows)) if rows else 0

    def take_chat(self, now: datetime, until: datetime) -> Chat | None:
        """The oldest one that is due, kept from other senders until then."""
        take_turns(self._conn, CHATTERS)
        due = or_(chats.c.next_try_at.is_(None), chats.c.next_try_at <= now)
        query = select(*_CHAT).where(chats.c.state == "pending", due).order_by(chats.c.at, chats.c.id).limit(1)
        row = self._conn.execute(query.with_for_update(skip_locked=True)).first()
        if row:
            self._change(row.id, {"next_try_at": until})
        return _chat(row) if row else None

    def chat_sent(self, chat_id: str) -> None:
        self._change(chat_id, {"state": "sent", "next_try_at": None, "why_not": "", "attempts": chats.c.attempts + 1})

    def chat_failed(self, chat_id: str, why: str, next_try_at: datetime | None) -> None:
        """It stays pending until `next_try_at`, or has failed for good when that is None."""
        state = "failed" if next_try_at is None else "pending"
        changes = {"state": state, "next_try_at": next_try_at, "why_not": why, "attempts": chats.c.attempts + 1}
        self._change(chat_id, changes)

    def chats(self, state: str = "", limit: int = 100) -> list[Chat]:
        """Newest first."""
        query = select(*_CHAT).order_by(chats.c.at.desc(), chats.c.id).limit(limit)
        rows = self._conn.execute(query.where(chats.c.state == state) if state else query)
        return [_chat(row) for row in rows]

    def _locked(self, mail_id: str) -> Mail | None:
        row = self._conn.execute(select(*_MAIL).where(mails.c.id == mail_id).with_for_update()).first()
        return _mail(row) if row else None

    def _write(self, mail_id: str, changes: Mapping[str, Any]) -> None:
        self._conn.execute(update(mails).where(mails.c.id == mail_id).values(changes))

    def _change(self, chat_id: str, changes: Mapping[str, Any]) -> None:
        self._conn.execute(update(chats).where(chats.c.id == chat_id).values(changes))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value


def _mail(row: Row[*tuple[Any, ...]]) -> Mail:
    values = {name: getattr(row, name) for name in names_of(Mail)}
    return Mail(**{**values, "cases": tuple(values["cases"]), "alerts": tuple(values["alerts"])})


def _chat(row: Row[*tuple[Any, ...]]) -> Chat:
    return Chat(**{name: getattr(row, name) for name in names_of(Chat)})
