"""The ledger: events, cases, actions, alerts, users, audit and meters in one SQL database.

    ledger = Ledger("sqlite:///data/ledger.db")      # or postgresql://...
    ledger.migrate()
    with ledger.begin() as tx:                       # one writing transaction: all or nothing
        tx.events.save([event], {event.id: signature})
    with ledger.read() as tx:                        # only looking: never waits for a writer
        tx.cases.find(CaseFilter(open=True))

The URL picks SQLite or PostgreSQL; nothing else differs. Every write has a natural key, so writing again is harmless.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from alerts.ledger.alerts import AlertFilter, Alerts
from alerts.ledger.audit import Audit, AuditEntry
from alerts.ledger.cases import CaseFilter, Cases
from alerts.ledger.engine import HEAD, connect, reading, stamped
from alerts.ledger.events import EventFilter, Events
from alerts.ledger.meters import Meter, Meters, SourceRun
from alerts.ledger.users import Users

__all__ = ["AlertFilter", "AuditEntry", "CaseFilter", "EventFilter", "Ledger", "Meter", "SourceRun", "Tx"]


@dataclass(frozen=True, slots=True)
class Tx:
    """The stores of one transaction. Of no use after its `with` block has ended."""

    events: Events
    cases: Cases
    alerts: Alerts
    users: Users
    audit: Audit
    meters: Meters


class Ledger:
    """May be shared by threads; each transaction has a connection of its own."""

    def __init__(self, url: str, *, pool: int = 5) -> None:
        self._engine = connect(url, pool)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """One writing transaction: commits at the end, rolls back when an exception passes.

        SQLite lets in one writer at a time (others wait up to 30 s), so keep it short; to look only, use `read`.
        """
        with self._engine.begin() as conn:
            yield _stores(conn)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """One consistent view for looking; writing in it is an error."""
        with reading(self._engine) as conn:
            yield _stores(conn)

    def migrate(self) -> None:
        """Bring the tables to this version. Does nothing (and imports no Alembic) when they are there."""
        with self._engine.begin() as conn:
            if stamped(conn) != HEAD:
                from alerts.ledger.migrations.upgrade import upgrade

                upgrade(conn)

    def close(self) -> None:
        self._engine.dispose()


def _stores(conn: Connection) -> Tx:
    return Tx(Events(conn), Cases(conn), Alerts(conn), Users(conn), Audit(conn), Meters(conn))
