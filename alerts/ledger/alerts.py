"""Alerts: what is to be told to which office, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, or_, select, update

from alerts.ledger.columns import names_of
from alerts.ledger.engine import take_turns
from alerts.ledger.rows import add_rows, one_of
from alerts.ledger.tables import alerts
from alerts.model import Alert


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What to look for; an empty field does not filter. `since` <= created_at < `until`."""

    states: tuple[str, ...] = ()
    office: str = ""
    case_id: str = ""
    event_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100


SENDERS = 6_011_574  # the lock of those that look for due alerts
MAIL = "邮件编号"  # stands in `why_not` of the alerts of a mail that was begun, before its id
DIGEST = "daily_cap"  # the code of what waits for the one mail of the day
ROUND = "round"  # and of reminders that wait for the next time at which they come together
ALERT = [alerts.c[name] for name in names_of(Alert)]
_GET = select(*ALERT).where(alerts.c.id == bindparam("alert"))  # built once: building takes longer than running it


class Alerts:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def add(self, new: Sequence[Alert]) -> int:
        """Create those that do not exist yet, by id; returns how many that were."""
        if not new:
            return 0
        return len(add_rows(self._conn, alerts, [_alert_row(alert) for alert in new]))

    def due(self, now: datetime, limit: int = 200) -> list[Alert]:
        """Pending ones whose time has come, oldest first; rows that another sender holds are passed over.

        Locks them, so it needs a writing transaction (`ledger.begin`); on PostgreSQL one sender looks at a time. Those
        that were held or failed together (one mail, so they have the same `why_not`) come together, beyond `limit` if
        need be: sent in two halves under one Message-ID, the second half would be taken for a copy of the first. So do
        those of one digest and of one round of reminders.
        """
        take_turns(self._conn, SENDERS)
        ready = or_(alerts.c.next_try_at.is_(None), alerts.c.next_try_at <= now)
        query = select(*ALERT).where(alerts.c.state == "pending", ready).order_by(alerts.c.created_at, alerts.c.id)
        query = query.with_for_update(skip_locked=True)
        found = [alert_of(row) for row in self._conn.execute(query.limit(limit)).all()]
        return found if len(found) < limit else found + self._of_same_mails(query, found)

    def _of_same_mails(self, query: Select[*tuple[Any, ...]], found: Sequence[Alert]) -> list[Alert]:
        held = {alert.why_not for alert in found if MAIL in alert.why_not or alert.quiet in (DIGEST, ROUND)}
        if not held:
            return []
        rest = query.where(alerts.c.why_not.in_(held), alerts.c.id.not_in([alert.id for alert in found]))
        return [alert_of(row) for row in self._conn.execute(rest).all()]

    def hold(self, ids: Sequence[str], why: str, until: datetime) -> None:
        """Keep other senders off until then, so that sending needs no open transaction. Counts no attempt."""
        change(self._conn, ids, {"next_try_at": until, "why_not": why})

    def mark_sent(self, ids: Sequence[str], at: datetime) -> None:
        changes = {
            "state": "sent",
            "sent_at": at,
            "next_try_at": None,
            "why_not": "",
            "attempts": alerts.c.attempts + 1,
        }
        change(self._conn, ids, changes)

    def mark_failed(self, alert_id: str, why: str, next_try_at: datetime | None) -> None:
        """Count one attempt; it stays pending until `next_try_at`, or has failed for good when that is None."""
        state = "failed" if next_try_at is None else "pending"
        changes = {"state": state, "next_try_at": next_try_at, "why_not": why, "attempts": alerts.c.attempts + 1}
        change(self._conn, [alert_id], changes)

    def mute(self, ids: Sequence[str], why: str, code: str = "") -> None:
        change(self._conn, ids, {"state": "muted", "next_try_at": None, "why_not": why, "quiet": code})

    def get(self, alert_id: str) -> Alert | None:
        row = self._conn.execute(_GET, {"alert": alert_id}).first()
        return alert_of(row) if row else None

    def find(self, wanted: AlertFilter) -> list[Alert]:
        """Newest first."""
        query = _where(select(*ALERT), wanted).order_by(alerts.c.created_at.desc(), alerts.c.id)
        return [alert_of(row) for row in self._conn.execute(query.limit(wanted.limit))]


def change(conn: Connection, ids: Sequence[str], changes: Mapping[str, Any]) -> None:
    """Write the same to all of these alerts."""
    if ids:
        which = one_of(conn.dialect.name, alerts.c.id, "ids")
        conn.execute(update(alerts).where(which).values(changes), {"ids": list(ids)})


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in names_of(Alert)} | {"figures": dict(alert.figures)}


def alert_of(row: Row[*tuple[Any, ...]]) -> Alert:
    values = {name: getattr(row, name) for name in names_of(Alert)}
    return Alert(**{**values, "posts": tuple(values["posts"])})


def _where(query: Select[*tuple[Any, ...]], wanted: AlertFilter) -> Select[*tuple[Any, ...]]:
    if wanted.states:
        query = query.where(alerts.c.state.in_(wanted.states))
    if wanted.office:
        query = query.where(alerts.c.office == wanted.office)
    if wanted.case_id:
        query = query.where(alerts.c.case_id == wanted.case_id)
    if wanted.event_id:
        query = query.where(alerts.c.event_id == wanted.event_id)
    if wanted.since:
        query = query.where(alerts.c.created_at >= wanted.since)
    if wanted.until:
        query = query.where(alerts.c.created_at < wanted.until)
    return query
