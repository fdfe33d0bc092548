"""What is asked of the alerts before one is sent, and those that wait or are to be told again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from alerts.ledger.alerts import ALERT, MAIL, alert_of, change
from alerts.ledger.rows import one_of
from alerts.ledger.tables import alerts
from alerts.model import Alert

_MATTER = (alerts.c.event_id, alerts.c.case_id, alerts.c.kind)
Told = dict[tuple[str, str, str], datetime]  # (event, case, kind) -> when


class Quieting:
    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def wait(self, ids: Sequence[str], code: str, why: str, until: datetime) -> None:
        """They stay pending, and are looked at anew then."""
        change(self._conn, ids, {"next_try_at": until, "why_not": why, "quiet": code})

    def wake(self, code: str) -> None:
        """What waits for this reason is looked at anew at once."""
        waiting = (alerts.c.state == "pending", alerts.c.quiet == code, alerts.c.next_try_at.is_not(None))
        mail = alerts.c.why_not.contains(MAIL)  # of a mail that was begun
        self._conn.execute(update(alerts).where(*waiting, ~mail).values(next_try_at=None))

    def told(self, office: str, since: datetime) -> Told:
        """When the office was last told of what, of what it was told since."""
        query = select(*_MATTER, func.max(alerts.c.sent_at)).where(alerts.c.office == office, alerts.c.sent_at >= since)
        return {(row[0], row[1], row[2]): row[3] for row in self._conn.execute(query.group_by(*_MATTER)).all()}

    def begun(self, office: str, since: datetime) -> Told:
        """When the first of what is to be told came up, of what came up since."""
        waiting = (alerts.c.office == office, alerts.c.created_at >= since, alerts.c.state == "pending")
        query = select(*_MATTER, func.min(alerts.c.created_at)).where(*waiting)
        return {(row[0], row[1], row[2]): row[3] for row in self._conn.execute(query.group_by(*_MATTER)).all()}

    def mails_since(self, office: str, since: datetime) -> int:
        """Mails that the office was sent: all alerts of a mail are marked with one instant."""
        query = select(func.count(func.distinct(alerts.c.sent_at)))
        found: int = self._conn.execute(query.where(alerts.c.office == office, alerts.c.sent_at >= since)).scalar_one()
        return found

    def standing(self, cases: Sequence[str], events: Sequence[str], kinds: Sequence[str]) -> list[Alert]:
        """Alerts of these kinds that were or are to be sent, about any of the cases or events."""
        dialect = self._conn.dialect.name
        about = or_(one_of(dialect, alerts.c.case_id, "cases"), one_of(dialect, alerts.c.event_id, "events"))
        query = select(*ALERT).where(about, alerts.c.kind.in_(kinds), alerts.c.state.in_(("pending", "sent")))
        return [
            alert_of(row) for row in self._conn.execute(query, {"cases": list(cases), "events": list(events)}).all()
        ]

    def unanswered(self, now: datetime, limit: int) -> list[Alert]:
        """Those whose time to be told again has come; two senders do not get the same ones."""
        query = select(*ALERT).where(alerts.c.again_at <= now).order_by(alerts.c.again_at, alerts.c.id)
        query = query.limit(limit).with_for_update(skip_locked=True)
        return [alert_of(row) for row in self._conn.execute(query).all()]

    def tell_again(self, alert_id: str, at: datetime | None) -> None:
        """When to tell it again if nobody does anything; None: no more."""
        change(self._conn, [alert_id], {"again_at": at})
