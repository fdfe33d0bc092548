"""Who looked at or changed what. Rows are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from alerts.ledger.tables import audit


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: datetime
    actor: str
    what: str
    target: str
    detail: str = ""


class Audit:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, at: datetime, actor: str, what: str, target: str, detail: str = "") -> None:
        row = {"at": at, "actor": actor, "what": what, "target": target, "detail": detail}
        self._conn.execute(audit.insert(), row)

    def find(self, limit: int = 100, actor: str = "", target: str = "") -> list[AuditEntry]:
        """Newest first; an empty field does not filter."""
        query = select(audit.c.at, audit.c.actor, audit.c.what, audit.c.target, audit.c.detail)
        if actor:
            query = query.where(audit.c.actor == actor)
        if target:
            query = query.where(audit.c.target == target)
        rows = self._conn.execute(query.order_by(audit.c.seq.desc()).limit(limit))
        return [AuditEntry(*row) for row in rows]
