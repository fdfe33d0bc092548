"""Mails that came in, what lies before duty staff because of delivery, and the files that offices attached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from alerts.ledger.columns import names_of
from alerts.ledger.rows import add_rows
from alerts.ledger.tables_delivery import attachments, duty_items, replies


@dataclass(frozen=True, slots=True)
class Reply:
    """One mail that came in. `id` is its Message-ID (without one, the hash of its bytes), `place` where in the mailbox.

    `outcome` is what became of it: answer, note, which_case, unmatched, auto, bounce, late. `answered_at`: when it was
    asked back which case it means.
    """

    id: str
    place: str
    at: datetime
    office: str = ""
    case_id: str = ""
    outcome: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DutyItem:
    """Something that a person on duty must look at. `kind`: see `DUTY_ITEM` in dashboard/office_words.py."""

    id: str
    at: datetime
    kind: str
    title: str
    text: str = ""
    office: str = ""
    case_id: str = ""
    done_at: datetime | None = None
    done_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a case. `hash` is the SHA-256 of its bytes and the name that it is kept under."""

    id: str
    case_id: str
    hash: str
    name: str
    size: int
    at: datetime
    actor: str


_ITEM = [duty_items.c[name] for name in names_of(DutyItem)]
_REPLY = [replies.c[name] for name in names_of(Reply)]
_FILE = [attachments.c[name] for name in names_of(Attachment)]


class Replies:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, reply: Reply) -> bool:
        """Whether it is new; the same Message-ID again changes nothing."""
        return bool(add_rows(self._conn, replies, [_row(reply)]))

    def get(self, reply_id: str) -> Reply | None:
        row = self._conn.execute(select(*_REPLY).where(replies.c.id == reply_id)).first()
        return Reply(*row) if row else None

    def asked_back(self, reply_id: str, at: datetime) -> None:
        self._conn.execute(update(replies).where(replies.c.id == reply_id).values(answered_at=at))

    def add_items(self, items: Sequence[DutyItem]) -> int:
        """Create those that do not exist yet, by id; returns how many that were."""
        return len(add_rows(self._conn, duty_items, [_row(item) for item in items])) if items else 0

    def open_items(self, limit: int = 200, case_id: str = "") -> list[DutyItem]:
        """Those that nobody has dealt with, the oldest first; with `case_id` of this case alone."""
        query = select(*_ITEM).where(duty_items.c.done_at.is_(None)).order_by(duty_items.c.at, duty_items.c.id)
        query = query.where(duty_items.c.case_id == case_id) if case_id else query
        return [_item(row) for row in self._conn.execute(query.limit(limit))]

    def finish_item(self, item_id: str, actor: str, at: datetime, note: str) -> bool:
        """Whether this ended it; False when somebody did before."""
        mine = update(duty_items).where(duty_items.c.id == item_id, duty_items.c.done_at.is_(None))
        done = self._conn.execute(mine.values(done_at=at, done_by=actor, note=note).returning(duty_items.c.id))
        return done.first() is not None

    def item(self, item_id: str) -> DutyItem | None:
        row = self._conn.execute(select(*_ITEM).where(duty_items.c.id == item_id)).first()
        return _item(row) if row else None

    def add_file(self, file: Attachment) -> bool:
        """Whether it is new; the same bytes in the same case again change nothing."""
        return bool(add_rows(self._conn, attachments, [_row(file)]))

    def files(self, case_id: str) -> list[Attachment]:
        """Of the case, the oldest first."""
        query = select(*_FILE).where(attachments.c.case_id == case_id).order_by(attachments.c.at, attachments.c.id)
        return [Attachment(*row) for row in self._conn.execute(query)]

    def count_files(self, case_id: str) -> int:
        query = select(func.count()).select_from(attachments).where(attachments.c.case_id == case_id)
        return int(self._conn.execute(query).scalar_one())


def _row(value: Reply | DutyItem | Attachment) -> dict[str, Any]:
    kind: type = type(value)
    return {name: getattr(value, name) for name in names_of(kind)}


def _item(row: Row[*tuple[Any, ...]]) -> DutyItem:
    return DutyItem(*row)
