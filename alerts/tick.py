"""What happens to cases because time passes: deadlines are told of, provisional ones counted again, closings checked.

Only cases whose `tell_at` has come are looked at, each in the transaction that writes what follows; the alerts have natural
keys. So any number of processes may tick, as often as they like.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.calendar import WorkCalendar
from alerts.cases import SYSTEM, act
from alerts.clocks import settle_clocks
from alerts.escalation import DEPUTY, OFFICE, look
from alerts.ledger import Ledger, Tx
from alerts.model import Alert, Case, RunningClock
from alerts.moments import moment
from alerts.notify.address import office_address
from alerts.routes import branch_id, superior_id, superiors
from configs.catalog import Catalog

TICK = 500  # cases looked at in one transaction
ASK_AGAIN = timedelta(days=1)  # how often the calendar is asked for a day that it did not know


def tick(ledger: Ledger, catalog: Catalog, now: datetime) -> int:
    """Look at every case that is due to be looked at; returns how many alerts are new."""
    told = 0
    calendar = WorkCalendar(catalog.calendar)
    while True:
        with ledger.begin() as tx:
            cases = tx.cases.to_tell(now, TICK)
            for case in cases:
                told += _look(tx, catalog, calendar, case, now)
        if len(cases) < TICK:
            return told


def _look(tx: Tx, catalog: Catalog, calendar: WorkCalendar, case: Case, now: datetime) -> int:
    case = _recounted(tx, calendar, case, now)
    case = _found_solved(tx, catalog, case, now)
    found = look(case, catalog.follow_up, lambda level: level_office(catalog, case, level), now, catalog.routes.lead)
    times = [found.next_at, _ask_again_at(case, now), _check_at(catalog, case)]
    tx.cases.told(case, found.told, min((at for at in times if at is not None and at > now), default=None))
    return tx.alerts.add([alert for alert in found.alerts if not _accused(tx, case, alert)])


def level_office(catalog: Catalog, case: Case, level: str) -> str:
    """The office id of a level; "" where there is none, as for a deputy of an office that has none."""
    if level == OFFICE:
        return case.office
    if level == DEPUTY:
        address = office_address(catalog, case.office)
        return case.office if address and address.deputies else ""
    superior = superior_id(catalog, case.office, case.region)
    if level == "superior":
        return superior if superior != case.office else ""
    return _government(catalog, case)


def _government(catalog: Catalog, case: Case) -> str:
    """The one that is named, else the top of the superiors."""
    chain = superiors(catalog.office, case.office.partition("@")[0])
    top = catalog.follow_up.government or (chain[-1] if chain else "")
    return branch_id(catalog, top, case.region) if top else ""


def _accused(tx: Tx, case: Case, alert: Alert) -> bool:
    """A level above the office that posts of the event accuse is told nothing (信访工作条例 art. 30)."""
    if alert.office == case.office:
        return False
    return bool(tx.events.accusing(case.event_id, alert.office.partition("@")[0]))


def _recounted(tx: Tx, calendar: WorkCalendar, case: Case, now: datetime) -> Case:
    """Provisional deadlines by the calendar as it is known now; the change is a line of history."""
    clocks = settle_clocks(case.clocks, calendar) if case.is_open else case.clocks
    if clocks == case.clocks:
        return case
    note = f"节假日安排已公布，时限按日历重算: {_changes(case.clocks, clocks)}"
    return tx.cases.save(*act(case, "recount", SYSTEM, now, note, clocks=clocks))


def _changes(before: Sequence[RunningClock], after: Sequence[RunningClock]) -> str:
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    return "；".join(
        f"“{old.name}”截止时间 {moment(old.due_at)} 不变"
        if old.due_at == new.due_at
        else f"“{old.name}”截止时间由 {moment(old.due_at)} 改为 {moment(new.due_at)}"
        for old, new in pairs
    )


def _ask_again_at(case: Case, now: datetime) -> datetime | None:
    waits = case.is_open and any(clock.runs and clock.provisional and clock.working_days for clock in case.clocks)
    return now + ASK_AGAIN if waits else None


def _check_at(catalog: Catalog, case: Case) -> datetime | None:
    """When a closed case is found to be solved, unless the problem comes back before."""
    if case.state != "closed" or case.closed_at is None or case.solved_at is not None:
        return None
    return case.closed_at + timedelta(days=catalog.follow_up.relapse_days)


def _found_solved(tx: Tx, catalog: Catalog, case: Case, now: datetime) -> Case:
    at = _check_at(catalog, case)
    if at is None or at > now:
        return case
    note = f"办结后 {catalog.follow_up.relapse_days} 天内没有再反映同一问题，确认解决"
    return tx.cases.save(*act(case, "solved", SYSTEM, now, note))
