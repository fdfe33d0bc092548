"""The ledger: events, cases, actions, alerts, users, audit, meters and corrections in one SQL database.

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
from alerts.ledger.corrections import Corrections
from alerts.ledger.engine import HEAD, be_patient, connect, parse, reading, shown, stamped, take_turns
from alerts.ledger.events import EventFilter, Events
from alerts.ledger.faults import plainly
from alerts.ledger.mails import Mails
from alerts.ledger.meters import Meter, Meters, SourceRun
from alerts.ledger.office_links import OfficeLinks
from alerts.ledger.quiet import Quieting
from alerts.ledger.regroupings import Regroupings
from alerts.ledger.replies import Replies
from alerts.ledger.routings import Routings
from alerts.ledger.silences import Silences
from alerts.ledger.tallies import Tallies
from alerts.ledger.users import Users
from stream.errors import MinshengError

__all__ = ["AlertFilter", "AuditEntry", "CaseFilter", "EventFilter", "Ledger", "Meter", "SourceRun", "Tx"]


MIGRATING = 6_011_573  # the lock of those that migrate


@dataclass(frozen=True, slots=True)
class Tx:
    """The stores of one transaction. Of no use after its `with` block has ended."""

    events: Events
    cases: Cases
    alerts: Alerts
    users: Users
    audit: Audit
    meters: Meters
    corrections: Corrections
    quiet: Quieting
    silences: Silences
    tallies: Tallies
    mails: Mails
    replies: Replies
    regroupings: Regroupings
    routings: Routings
    links: OfficeLinks


class Ledger:
    """May be shared by threads; each transaction has a connection of its own.

    Every method raises Unavailable while the database is away, restarting, full or held by others for too long (then
    the whole transaction is to be repeated), and MinshengError when the address or the file is no good.
    """

    def __init__(self, url: str, *, pool: int = 5) -> None:
        target = parse(url)
        self._place = shown(target)
        self._engine = connect(target, pool)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """One writing transaction: commits at the end, rolls back when an exception passes.

        SQLite lets in one writer at a time (others wait up to 30 s), so keep it short; to look only, use `read`.
        """
        with plainly(self._place), self._engine.begin() as conn:
            yield _stores(conn)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """One consistent view for looking; writing in it is an error."""
        with plainly(self._place), reading(self._engine) as conn:
            yield _stores(conn)

    def migrate(self) -> None:
        """Bring the tables to this version, one process at a time.

        Does nothing (and imports no Alembic) when they are there. Raises MinshengError when a newer program made them.
        """
        with plainly(self._place):
            with reading(self._engine) as conn:
                if stamped(conn) == HEAD:
                    return
            with self._engine.begin() as conn:
                be_patient(conn)
                take_turns(conn, MIGRATING)
                self._upgrade(conn, stamped(conn))

    def close(self) -> None:
        self._engine.dispose()

    def _upgrade(self, conn: Connection, found: str) -> None:
        if found == HEAD:
            return
        if found > HEAD:
            raise MinshengError(f"案件库 {self._place} 的版本是 {found}，本程序只到 {HEAD}；请升级程序")
        from alerts.ledger.migrations.upgrade import upgrade

        upgrade(conn)


def _stores(conn: Connection) -> Tx:
    return Tx(
        Events(conn),
        Cases(conn),
        Alerts(conn),
        Users(conn),
        Audit(conn),
        Meters(conn),
        Corrections(conn),
        Quieting(conn),
        Silences(conn),
        Tallies(conn),
        mails=Mails(conn),
        replies=Replies(conn),
        regroupings=Regroupings(conn),
        routings=Routings(conn),
        links=OfficeLinks(conn),
    )
