"""Silences, and who ended one before its time. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from alerts.ledger.columns import insert_for
from alerts.ledger.tables_delivery import silence_ends, silences
from alerts.silences import Silence, matchers_data, matchers_from

_OWN = ("id", "made_at", "author", "reason", "starts_at", "ends_at", "grave", "drop")
_QUERY = select(
    *(silences.c[name] for name in (*_OWN, "matchers")),
    silence_ends.c.at.label("ended_at"),
    silence_ends.c.actor.label("ended_by"),
    silence_ends.c.note.label("ended_why"),
).outerjoin(silence_ends, silence_ends.c.silence == silences.c.id)


class Silences:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, silence: Silence) -> bool:
        """Whether it is new; the same again changes nothing."""
        row = {name: getattr(silence, name) for name in _OWN} | {"matchers": matchers_data(silence.matchers)}
        insert = insert_for(self._conn, silences).values(row).on_conflict_do_nothing(index_elements=["id"])
        return self._conn.execute(insert.returning(silences.c.id)).first() is not None

    def end(self, silence_id: str, at: datetime, actor: str, note: str) -> bool:
        """Whether this ended it; False when somebody did before."""
        row = {"silence": silence_id, "at": at, "actor": actor, "note": note}
        insert = insert_for(self._conn, silence_ends).values(row).on_conflict_do_nothing(index_elements=["silence"])
        return self._conn.execute(insert.returning(silence_ends.c.silence)).first() is not None

    def get(self, silence_id: str) -> Silence | None:
        row = self._conn.execute(_QUERY.where(silences.c.id == silence_id)).first()
        return _silence(row) if row else None

    def holding(self, now: datetime) -> list[Silence]:
        """Those in force, the first to end first."""
        return [one for one in self.coming(now) if one.holds(now)]

    def coming(self, now: datetime) -> list[Silence]:
        """Those in force and those that are still to begin, the first to end first."""
        query = _QUERY.where(silences.c.ends_at > now, silence_ends.c.at.is_(None))
        rows = self._conn.execute(query.order_by(silences.c.ends_at, silences.c.seq)).all()
        return [_silence(row) for row in rows]

    def find(self, limit: int = 100) -> list[Silence]:
        """All, also those that are over, the newest first."""
        return [_silence(row) for row in self._conn.execute(_QUERY.order_by(silences.c.seq.desc()).limit(limit)).all()]


def _silence(row: Row[*tuple[Any, ...]]) -> Silence:
    return Silence(
        **{name: getattr(row, name) for name in _OWN},
        matchers=matchers_from(row.matchers),
        ended_at=row.ended_at,
        ended_by=row.ended_by or "",
        ended_why=row.ended_why or "",
    )
